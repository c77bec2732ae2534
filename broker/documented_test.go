package broker_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The tests that SECURITY.md and docs/storage.md name for an attack or a fault are
// there, and each row names one.
func TestDocumentedTestsExist(t *testing.T) {
	tests := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	for _, root := range []string{".", "../cmd"} {
		if err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
				tests[m[1]] = true
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	for file, heading := range map[string]string{"../SECURITY.md": "## The Kafka listener\n", "../docs/storage.md": "## How it is tested\n"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, section, _ := strings.Cut(string(text), heading)
		section, _, _ = strings.Cut(section, "\n## ")
		rows := 0
		for line := range strings.Lines(section) {
			all := named.FindAllStringSubmatch(line, -1)
			if row := strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| ---") && !strings.HasPrefix(line, "| attack") && !strings.HasPrefix(line, "| fault"); row {
				if rows++; len(all) == 0 {
					t.Errorf("%s names no test in %q", file, line)
				}
			}
			for _, m := range all {
				if !tests[m[1]] {
					t.Errorf("%s names %s, which is nowhere", file, m[1])
				}
			}
		}
		if rows < 10 {
			t.Errorf("%s has %d rows below %q", file, rows, heading)
		}
	}
}
