package archtest

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"

	"copyscope/internal/anchor"
)

// document is what is looked at of a Markdown file.
type document struct {
	levels  []int        // of its headings, in order
	anchors anchor.Names // what a # may name
	links   []string     // where links and pictures lead
	blocks  []string     // of code
}

// anchorTag is an anchor that is written as HTML.
var anchorTag = regexp.MustCompile(`<a (?:id|name)="([^"]+)"`)

func readDocument(source []byte) document {
	d := document{anchors: anchor.Names{}}
	for _, m := range anchorTag.FindAllSubmatch(source, -1) {
		d.anchors[string(m[1])] = true
	}
	root := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			d.levels = append(d.levels, n.Level)
			d.anchors.Add(anchor.Words(n, source))
		case *ast.Link:
			d.links = append(d.links, string(n.Destination))
		case *ast.Image:
			d.links = append(d.links, string(n.Destination))
		case *ast.FencedCodeBlock:
			d.blocks = append(d.blocks, string(n.Lines().Value(source)))
		}
		return ast.WalkContinue, nil
	})
	return d
}

// readDocuments are all of a tree, by their names.
func readDocuments(tree fs.FS) (map[string]document, error) {
	all := map[string]document{}
	return all, each(tree, []string{".md"}, func(name string, text []byte) error {
		all[name] = readDocument(text)
		return nil
	})
}

// Linked is the rule that the links of Markdown files lead somewhere: to a file or a
// folder of this tree, and to a heading of it. What is elsewhere is not asked for.
func Linked(tree fs.FS) (found []string, err error) {
	documents, err := readDocuments(tree)
	if err != nil {
		return nil, err
	}
	for name, d := range documents {
		for _, link := range d.links {
			if why := broken(tree, documents, name, link); why != "" {
				found = append(found, fmt.Sprintf("%s: the link to %s leads nowhere: %s", name, link, why))
			}
		}
	}
	slices.Sort(found)
	return found, nil
}

// elsewhere are links that begin with a scheme.
var elsewhere = regexp.MustCompile(`^[a-z]+:`)

// broken says why a link of a document leads nowhere, or nothing.
func broken(tree fs.FS, documents map[string]document, from, link string) string {
	if elsewhere.MatchString(link) {
		return ""
	}
	file, anchor, _ := strings.Cut(link, "#")
	to := from
	if file != "" {
		to = path.Join(path.Dir(from), file)
		if _, err := fs.Stat(tree, to); err != nil {
			return fmt.Sprintf("there is no %s", to)
		}
	}
	if d, ok := documents[to]; ok && anchor != "" && !d.anchors[anchor] {
		return fmt.Sprintf("%s has no heading %q", to, anchor)
	}
	return ""
}
