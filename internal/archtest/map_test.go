package archtest

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestMapsThatAreStaleAreFound changes the map, or the tree.
func TestMapsThatAreStaleAreFound(t *testing.T) {
	const good = "# A\n\n## File map\n\n```\nbroker/       b\n  log/        l\nsim/          s\ninternal/a/   a\ndocs/         d\n  bench/x/ y/ two\n```\n"
	for name, r := range map[string]struct{ from, to, want string }{
		"as it is":     {"", "", ""},
		"twice":        {"sim/          s\n", "sim/          s\nsim/          t\n", "names sim twice"},
		"gone":         {"  log/        l\n", "  log/        l\n  gone/       g\n", "names broker/gone, which there is not"},
		"a line less":  {"internal/a/   a\n", "", "lacks internal/a"},
		"none":         {"```", "", "no block"},
		"a level less": {"  log/        l\n", "", "lacks broker/log"},
	} {
		tree := fstest.MapFS{mapFile: {Data: []byte(strings.ReplaceAll(good, r.from, r.to))}, "docs/y/z.md": {}, "docs/bench/x/x.go": {}}
		if r.from == "" {
			tree[mapFile].Data = []byte(good)
		}
		for _, file := range []string{"sim/s.go", "broker/b.go", "broker/log/l.go", "internal/a/a.go", "docs/deep/er/d.go"} {
			tree[file] = &fstest.MapFile{}
		}
		found, err := Mapped(tree)
		if err != nil {
			t.Fatal(err)
		}
		if said := strings.Join(found, "\n"); r.want == "" && said != "" || !strings.Contains(said, r.want) {
			t.Errorf("%s: said %q, want %q", name, said, r.want)
		}
	}
}

// TestTargetsThatAreNotThereAreFound has a document and a Makefile of two targets.
func TestTargetsThatAreNotThereAreFound(t *testing.T) {
	for document, want := range map[string]string{
		"`make lint test`, then `sudo make lint`": "",
		"`make lint gone`":                        "README.md: there is no make gone",
		"`make test PEERS='-runs 3'`":             "",
	} {
		found, err := Made(fstest.MapFS{"Makefile": {Data: []byte("X ?= 1\nlint: ## l\n\tgo vet\ntest: lint ## t\n")}, "README.md": {Data: []byte(document)}})
		if err != nil {
			t.Fatal(err)
		}
		if said := strings.Join(found, "\n"); said != want {
			t.Errorf("%s: said %q, want %q", document, said, want)
		}
	}
	found, err := Made(fstest.MapFS{"Makefile": {Data: []byte("lint:\n\tgo vet\n")}})
	if err != nil || len(found) != 1 || !strings.Contains(found[0], "after ##") {
		t.Errorf("a target without a word: %q, %v", found, err)
	}
}
