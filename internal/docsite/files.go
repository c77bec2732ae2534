package docsite

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"

	"copyscope/internal/locale"
	"copyscope/static"
	"copyscope/templates"
)

// The files that every page uses, below the site's root.
const (
	icon   = "static/favicon.svg"
	script = "static/theme.js"
)

// styles are the style sheets, by their names among those of the server's pages.
var styles = []string{"base.css", "docs/docs.css"}

// Files are the site as files, by their paths below its root. They need no server: all
// addresses in them are relative. Nothing in them is inline script or style, so a
// server that does serve them can forbid that.
func (s *Site) Files(ctx context.Context, version string) (map[string][]byte, error) {
	out := map[string][]byte{}
	var sheets []string
	for name, at := range map[string]string{"favicon.svg": icon, styles[0]: "static/base.css", styles[1]: "static/docs.css"} {
		text, err := fs.ReadFile(static.Files(), name)
		if err != nil {
			return nil, err
		}
		out[at] = text
	}
	sheets = []string{"static/base.css", "static/docs.css"}
	joined, err := static.Link("theme.js")
	if err != nil {
		return nil, err
	}
	out[script] = []byte(joined)
	for at, content := range s.pictures {
		out[at] = content
	}
	for _, lang := range locale.Languages() {
		frame := templates.DocsFrame{Translator: locale.New(lang), Version: version, Icon: icon, Styles: sheets, Script: script}
		for name, p := range s.pages {
			var b bytes.Buffer
			if err := templates.DocsWritten(frame, p.shown[lang]).Render(ctx, &b); err != nil {
				return nil, fmt.Errorf("page %s: %w", Address(name, lang), err)
			}
			b.WriteByte('\n')
			out[Address(name, lang)] = b.Bytes()
		}
	}
	return out, nil
}
