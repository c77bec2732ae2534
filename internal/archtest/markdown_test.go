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

// TestTranslationsThatDifferAreFound changes one of two texts.
func TestTranslationsThatDifferAreFound(t *testing.T) {
	const english = "# a\n\n[中文](README.zh.md) [b](docs/b.md)\n\n```\ngo test\n```\n\n## c\n"
	chinese := strings.NewReplacer("# a", "# 甲", "[中文](README.zh.md)", "[English](README.md)", "## c", "## 丙").Replace(english)
	for name, r := range map[string]struct{ text, want string }{
		"the same":          {chinese, ""},
		"another level":     {strings.Replace(chinese, "## 丙", "### 丙", 1), "headings"},
		"another command":   {strings.Replace(chinese, "go test", "go run", 1), "blocks of code"},
		"a link less":       {strings.Replace(chinese, "[b](docs/b.md)", "b", 1), "links"},
		"no way back":       {strings.Replace(chinese, "README.md", "docs/b.md", 1), "does not lead to README.md"},
		"no text at all":    {"", "headings"},
		"a heading besides": {chinese + "\n## 丁\n", "headings"},
	} {
		found, err := Translated(fstest.MapFS{"README.md": {Data: []byte(english)}, "README.zh.md": {Data: []byte(r.text)}})
		if err != nil {
			t.Fatal(err)
		}
		if said := strings.Join(found, "\n"); r.want == "" && said != "" || !strings.Contains(said, r.want) {
			t.Errorf("%s: said %q, want %q", name, said, r.want)
		}
	}
	if found, err := Translated(fstest.MapFS{"README.md": {Data: []byte(english)}}); err != nil || len(found) == 0 {
		t.Errorf("without the other text: %v, %v", found, err)
	}
}
