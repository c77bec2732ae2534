// Package codeblocks reads the blocks of code of a Markdown page, for what runs the
// commands of documentation and compares what they print.
package codeblocks

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// Block is a fenced block of code, of a list's item as well.
type Block struct {
	Language string // the first word after the fence, such as sh
	Text     string // without the item's indentation
	Line     int    // of its first line of text, from 1
	Above    string // the paragraph or the HTML comment right above it, as it is written
}

// Comment is what an HTML comment of a name right above the block says: of
// `<!-- step: one -->` the comment "step" is "one". ok is false if there is none.
func (b Block) Comment(name string) (value string, ok bool) {
	inside, ok := strings.CutPrefix(b.Above, "<!-- "+name+": ")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(inside, " -->")
}

// File is the name of the file that the block is the text of, which a paragraph of
// nothing else says right above it: `name`, and a colon. It is empty if none does.
func (b Block) File() string {
	name, ok := strings.CutSuffix(b.Above, "`:")
	if !ok || !strings.HasPrefix(name, "`") || strings.Count(name, "`") != 1 {
		return ""
	}
	return name[1:]
}

// Read gives the blocks of a page in their order. A block without an end is an error
// that says where it begins.
func Read(source []byte) (all []Block, err error) {
	root := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	err = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		code, ok := n.(*ast.FencedCodeBlock)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		b := Block{Language: string(code.Language(source)), Text: string(code.Lines().Value(source)), Above: above(code, source)}
		if lines := code.Lines(); lines.Len() > 0 {
			b.Line = 1 + bytes.Count(source[:lines.At(0).Start], []byte("\n"))
			end, _, _ := bytes.Cut(source[lines.At(lines.Len()-1).Stop:], []byte("\n"))
			if end = bytes.TrimSpace(end); !bytes.HasPrefix(end, []byte("```")) && !bytes.HasPrefix(end, []byte("~~~")) {
				return ast.WalkStop, fmt.Errorf("the block of code from line %d on does not end", b.Line)
			}
		}
		all = append(all, b)
		return ast.WalkContinue, nil
	})
	return all, err
}

// above is the source of what stands right above a block.
func above(code ast.Node, source []byte) string {
	switch n := code.PreviousSibling().(type) {
	case *ast.Paragraph, *ast.TextBlock, *ast.HTMLBlock:
		return strings.TrimSpace(string(n.Lines().Value(source)))
	}
	return ""
}
