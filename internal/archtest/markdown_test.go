package archtest

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestBrokenLinksAreFound has one link of each kind that leads somewhere, and of each
// that leads nowhere.
func TestBrokenLinksAreFound(t *testing.T) {
	tree := fstest.MapFS{
		"docs/to.md":    {Data: []byte("# A head, with `code`\n\n## Twice\n\n## Twice\n\n## 零拷贝 zero copy\n\n<a id=\"here\"></a>\n")},
		"docs/x/pic.go": {Data: []byte("package x\n")},
	}
	for link, want := range map[string]string{
		"to.md": "", "../docs/to.md": "", "x": "", "x/pic.go#L1": "", "https://example.org/none.md#x": "", "mailto:a@b.example": "",
		"to.md#a-head-with-code": "", "to.md#twice-1": "", "to.md#零拷贝-zero-copy": "", "to.md#here": "", "#from": "",
		"none.md": "there is no docs/none.md", "../to.md": "there is no to.md", "to.md#twice-2": `no heading "twice-2"`,
		"#to": `docs/from.md has no heading "to"`, "../../../etc/passwd": "there is no",
	} {
		tree["docs/from.md"] = &fstest.MapFile{Data: []byte("# From\n\n[a](" + link + ") and `[b](gone.md)`\n")}
		found, err := Linked(tree)
		if err != nil {
			t.Fatal(err)
		}
		if said := strings.Join(found, "\n"); want == "" && said != "" || !strings.Contains(said, want) {
			t.Errorf("%s: said %q, want %q", link, said, want)
		}
	}
}
