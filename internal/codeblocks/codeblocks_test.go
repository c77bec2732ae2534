package codeblocks_test

import (
	"slices"
	"strings"
	"testing"

	"copyscope/internal/codeblocks"
)

const page = "# A page\n\nRun `this`:\n\n```sh\nls\n```\n\n<!-- step: two -->\n```sh\npwd\n```\n\n" +
	"1. An item:\n\n   <!-- step: three -->\n   ```sh\n   if true; then\n     ls\n   fi\n   ```\n\n" +
	"`a/b.yaml`:\n\n```yaml\na: 1\n```\n\n```\n```\n\n    no fence\n"

func TestRead(t *testing.T) {
	got, err := codeblocks.Read([]byte(page))
	if err != nil {
		t.Fatal(err)
	}
	want := []codeblocks.Block{
		{Language: "sh", Text: "ls\n", Line: 6, Above: "Run `this`:"},
		{Language: "sh", Text: "pwd\n", Line: 11, Above: "<!-- step: two -->"},
		{Language: "sh", Text: "if true; then\n  ls\nfi\n", Line: 18, Above: "<!-- step: three -->"},
		{Language: "yaml", Text: "a: 1\n", Line: 26, Above: "`a/b.yaml`:"},
		{},
	}
	if !slices.Equal(got, want) {
		t.Fatalf("read\n%+v\nwant\n%+v", got, want)
	}
	for i, name := range []string{"", "two", "three", "", ""} {
		if step, ok := got[i].Comment("step"); step != name || ok != (name != "") {
			t.Errorf("block %d: the comment is %q, %v, want %q", i, step, ok, name)
		}
	}
	for i, name := range []string{"", "", "", "a/b.yaml", ""} {
		if file := got[i].File(); file != name {
			t.Errorf("block %d: the file is %q, want %q", i, file, name)
		}
	}
}

func TestBlocksWithoutAnEnd(t *testing.T) {
	for name, text := range map[string]string{
		"at the end":      "```sh\nls\n",
		"no line's end":   "```sh\nls",
		"in a list":       "1. a\n\n   ```sh\n   ls\n\ntext\n",
		"another's fence": "```sh\nls\n~~ ~\n",
	} {
		if _, err := codeblocks.Read([]byte(text)); err == nil || !strings.Contains(err.Error(), "does not end") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
