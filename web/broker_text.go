package web

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"copyscope/templates"
)

// How many bytes of clients' words a page shows.
const (
	nameShown   = 256
	reasonShown = 2048
)

// visible is what a client wrote, at most so many bytes of it, in characters that
// change nothing around them: what is not printable (controls, overrides of the
// writing direction, invalid UTF-8) is spelled out as \x1b or \u{202E}. Line
// breaks and tabs stay.
func visible(s string, most int) string {
	var out strings.Builder
	for i, r := range s {
		if i >= most {
			out.WriteRune('…')
			break
		}
		switch {
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				fmt.Fprintf(&out, `\x%02x`, s[i])
				continue
			}
			out.WriteRune(r)
		case r == '\n', r == '\t', unicode.IsPrint(r):
			out.WriteRune(r)
		case r < utf8.RuneSelf:
			fmt.Fprintf(&out, `\x%02x`, r)
		default:
			fmt.Fprintf(&out, `\u{%04X}`, r)
		}
	}
	return out.String()
}

// oneLine is visible for what must not break a line.
func oneLine(s string, most int) string {
	return strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(visible(s, most))
}

// valueFormats are the ways to show a value; auto takes what fits.
var valueFormats = []string{"auto", "text", "json", "hex"}

// formatOf is what fits the bytes: JSON that is an object or an array, text that
// is printable but for a few characters, else hex.
func formatOf(b []byte) string {
	if first := bytes.TrimLeft(b, " \t\r\n"); len(first) > 0 && (first[0] == '{' || first[0] == '[') && indentable(b) {
		return "json"
	}
	head, odd, all := b[:min(len(b), 4096)], 0, 0
	for i := 0; i < len(head); {
		r, size := utf8.DecodeRune(head[i:])
		if r == utf8.RuneError && size == 1 && i+utf8.UTFMax > len(head) && len(head) < len(b) {
			break // a character that the look cut
		}
		if r == utf8.RuneError && size == 1 || !unicode.IsPrint(r) && r != '\n' && r != '\t' && r != '\r' {
			odd++
		}
		all++
		i += size
	}
	if odd*10 > all {
		return "hex"
	}
	return "text"
}

// What is indented is bounded in size and depth: indented, a value may take as many
// times its bytes as it is deep.
const (
	jsonParsed = 64 << 10
	jsonDepth  = 32
)

// indentable says whether the bytes are JSON within the bounds.
func indentable(b []byte) bool {
	if len(b) > jsonParsed {
		return false
	}
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			if depth++; depth > jsonDepth {
				return false
			}
		case c == '}', c == ']':
			depth--
		}
	}
	return json.Valid(b)
}

// shownBytes makes a key's, value's or header's bytes fit for a page: at most so
// many of them, and loud about it. A value that is no JSON cannot be shown as JSON.
func shownBytes(p templates.PageData, b []byte, as string, most int, download string) templates.ShownBytes {
	switch {
	case b == nil:
		return templates.ShownBytes{Null: true}
	case len(b) == 0:
		return templates.ShownBytes{Empty: true}
	}
	kind := as
	if fits := formatOf(b); as == "auto" || as == "json" && fits != "json" && !indentable(b) {
		kind = fits
	}
	out := templates.ShownBytes{Kind: kind, Size: templates.Size(int64(len(b)))}
	// What is all on the page as it is needs no download.
	if kind == "hex" || len(b) > most {
		out.Download = download
	}
	text := b
	switch kind {
	case "hex":
		// A line of 78 characters for 16 bytes: fewer bytes fill as much of a page.
		head := b[:min(len(b), max(16, most/4))]
		out.Text = strings.TrimSuffix(hex.Dump(head), "\n")
		if len(head) < len(b) {
			out.Cut = cutText(p, int64(len(head)), int64(len(b)))
		}
		return out
	case "json":
		var pretty bytes.Buffer
		if json.Indent(&pretty, b, "", "  ") == nil {
			text = pretty.Bytes()
		}
	}
	if len(text) > most {
		head := text[:most]
		for len(head) > 0 && !utf8.RuneStart(text[len(head)]) && most-len(head) < utf8.UTFMax {
			head = head[:len(head)-1]
		}
		out.Cut, out.Download = cutText(p, int64(len(head)), int64(len(text))), download
		if kind == "json" {
			out.Cut = p.T("broker.cut.json", "Shown", templates.Size(int64(len(head))), "All", templates.Size(int64(len(text))))
		}
		text = head
	}
	out.Text = visible(string(text), len(text))
	return out
}

func cutText(p templates.PageData, shown, all int64) string {
	return p.T("broker.cut", "Shown", humanize.Comma(shown), "All", humanize.Comma(all))
}
