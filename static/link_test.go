package static

import (
	"io/fs"
	"strings"
	"testing"
)

// Every module that a page begins with can be linked, so that none becomes
// impossible to export unnoticed; each module comes once, after what it imports.
func TestLink(t *testing.T) {
	for _, entry := range []string{"talk/exported.js", "talk/audience.js", "talk/present.js", "scope/main.js"} {
		script, err := Link(entry)
		if err != nil {
			t.Errorf("%s: %v", entry, err)
			continue
		}
		seen := map[string]bool{}
		for _, line := range strings.Split(script, "\n") {
			name, ok := strings.CutPrefix(line, "// ")
			if _, err := fs.Stat(files, name); !ok || err != nil || !strings.HasSuffix(name, ".js") {
				continue
			}
			if seen[name] {
				t.Errorf("%s: %s comes twice", entry, name)
			}
			seen[name] = true
		}
		if !seen[entry] || !seen["page.js"] || len(seen) < 8 {
			t.Errorf("%s: %d modules", entry, len(seen))
		}
	}
	if _, err := Link("talk/none.js"); err == nil {
		t.Error("a module that there is not is linked")
	}
}
