package reference_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"golang.org/x/net/html"

	"copyscope/broker"
	"copyscope/internal/docsite"
	"copyscope/internal/reference"
)

// What the code says is read as it stands, in a cell of a table too, whatever Markdown
// makes of such marks.
func TestTextIsReadAsItIs(t *testing.T) {
	texts := []string{"a|b", "a `b` c", "`b`", "``", `a\b`, `\|`, "*not* _emphasised_ __init__", "<b> & <script>alert(1)</script>", "[a](b) ![c](d)", "# no heading", "-1", "^[a-z|]+$", "&lt;", "<https://example.org>", "~~a~~"}
	table := reference.NewTable("plain", "code")
	for _, text := range texts {
		table.Row(reference.Plain(text), reference.Code(text))
	}
	var out bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough)).Convert(table.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	var cells []string
	cell, inside := "", false
	for z := html.NewTokenizer(strings.NewReader(out.String())); z.Next() != html.ErrorToken; {
		switch tag := z.Token(); {
		case tag.Type == html.StartTagToken && tag.Data == "td":
			cell, inside = "", true
		case tag.Type == html.EndTagToken && tag.Data == "td":
			cells, inside = append(cells, cell), false
		case inside && tag.Type == html.TextToken:
			cell += tag.Data
		case inside && tag.Data != "code":
			t.Errorf("a cell has %s", tag)
		}
	}
	if len(cells) != 2*len(texts) {
		t.Fatalf("%d cells came of %d texts:\n%s", len(cells), len(texts), out.String())
	}
	for i, text := range texts {
		for _, got := range cells[2*i : 2*i+2] {
			if got != text {
				t.Errorf("%q is read as %q", text, got)
			}
		}
	}
}

// Who comes from Kafka finds in the settings' page what is not here, and why.
func TestSettingsPageHasWhatOfKafkasIsNotHere(t *testing.T) {
	documents, err := reference.Documents(os.DirFS("../../docs"))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(documents, func(d docsite.Document) bool { return d.Name == "reference/broker-settings" })
	if i < 0 {
		t.Fatal("there is no page of the broker's settings")
	}
	page := string(documents[i].Text)
	for _, all := range [][]broker.AbsentSettings{broker.AbsentProperties(), broker.AbsentConfigs()} {
		for _, a := range all {
			if row := "| `" + strings.Join(a.Names, "`, `") + "` | " + reference.Plain(a.Why) + " |\n"; !strings.Contains(page, row) {
				t.Errorf("the page lacks %s", row)
			}
		}
	}
}
