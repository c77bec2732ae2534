package attach

import (
	"path/filepath"
	"strings"
)

// The runtimes that advice is known for.
const (
	nginx     = "nginx"
	haproxy   = "haproxy"
	apache    = "apache"
	jvm       = "jvm"
	python    = "python"
	node      = "node"
	goLang    = "go"
	ourselves = "copyscope"
)

// runtimeOf says what a process runs on, by its program and what it has mapped.
func runtimeOf(name, exe string, files []string, goProgram bool) string {
	base := filepath.Base(exe)
	has := func(prefix string) bool {
		for _, f := range files {
			if strings.HasPrefix(f, prefix) {
				return true
			}
		}
		return false
	}
	switch {
	case strings.HasPrefix(base, "copyscope"):
		return ourselves
	case strings.HasPrefix(base, "nginx"), name == "nginx":
		return nginx
	case strings.HasPrefix(base, "haproxy"):
		return haproxy
	case base == "apache2", base == "httpd":
		return apache
	case has("libjvm"):
		return jvm
	case strings.HasPrefix(base, "python"), has("libpython"):
		return python
	case base == "node", base == "nodejs":
		return node
	case goProgram:
		return goLang
	}
	return ""
}
