package archtest

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestTranslationsThatDifferAreFound changes one of two texts.
func TestTranslationsThatDifferAreFound(t *testing.T) {
	const english = "# a\n\n[中文](README.zh.md) [b](docs/b.md) [t](docs/tutorial.md#one) [o](https://example.org)\n\n```\ngo test\n```\n\n## c\n"
	chinese := strings.NewReplacer("# a", "# 甲", "[中文](README.zh.md)", "[English](README.md)", "tutorial.md#one", "tutorial.zh.md#一", "## c", "## 丙").Replace(english)
	for name, r := range map[string]struct{ text, want string }{
		"the same":            {chinese, ""},
		"another level":       {strings.Replace(chinese, "## 丙", "### 丙", 1), "headings"},
		"another command":     {strings.Replace(chinese, "go test", "go run", 1), "blocks of code"},
		"a command less":      {strings.Replace(chinese, "```\ngo test\n```\n", "", 1), "1 blocks of code, README.zh.md 0"},
		"a link less":         {strings.Replace(chinese, "[b](docs/b.md)", "b", 1), "links"},
		"a link to elsewhere": {strings.Replace(chinese, "example.org", "example.com", 1), "links"},
		"the English twin":    {strings.Replace(chinese, "tutorial.zh.md#一", "tutorial.md#one", 1), ""},
		"no way back":         {strings.Replace(chinese, "README.md", "docs/b.md", 1), "does not lead to README.md"},
		"no text at all":      {"", "headings"},
		"a heading besides":   {chinese + "\n## 丁\n", "headings"},
	} {
		if said := saidOf(t, fstest.MapFS{"README.md": {Data: []byte(english)}, "README.zh.md": {Data: []byte(r.text)}}); r.want == "" && said != "" || !strings.Contains(said, r.want) {
			t.Errorf("%s: said %q, want %q", name, said, r.want)
		}
	}
}

// TestTwinsThatAreMissingAreFound leaves out one of two texts.
func TestTwinsThatAreMissingAreFound(t *testing.T) {
	readmes := fstest.MapFS{"README.md": {Data: []byte("[中文](README.zh.md)")}, "README.zh.md": {Data: []byte("[English](README.md)")}}
	for file, want := range map[string]string{
		"docs/howto/x.md":      "docs/howto/x.zh.md is missing",
		"docs/howto/x.zh.md":   "docs/howto/x.md is missing",
		"docs/models.md":       "",
		"docs/scope.zh.md":     "docs/scope.md is missing",
		"docs/bench/README.md": "",
	} {
		readmes[file] = &fstest.MapFile{Data: []byte("# x\n")}
		if said := saidOf(t, readmes); want == "" && said != "" || !strings.Contains(said, want) {
			t.Errorf("with %s: said %q, want %q", file, said, want)
		}
		delete(readmes, file)
	}
	if found, err := Translated(fstest.MapFS{}); err != nil || len(found) != 2 {
		t.Errorf("of an empty tree: said %q, %v; want that a README and a tutorial are missing", found, err)
	}
}

// saidOf is what the rule says of a tree that has a tutorial in both languages besides.
func saidOf(t *testing.T, tree fstest.MapFS) string {
	t.Helper()
	tree["docs/tutorial.md"] = &fstest.MapFile{Data: []byte("[中文](tutorial.zh.md)")}
	tree["docs/tutorial.zh.md"] = &fstest.MapFile{Data: []byte("[English](tutorial.md)")}
	found, err := Translated(tree)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(found, "\n")
}
