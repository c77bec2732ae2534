package docsite

import (
	"errors"
	"fmt"
	"html"
	"path"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"

	"copyscope/internal/anchor"
	"copyscope/internal/locale"
)

// linker leads the links of one text, which are written for its file in the
// repository, to pages of the site.
type linker struct {
	site *Site
	from *page
	text *written
	lang locale.Lang // of the page that is made
	// pictures are those that some page shows.
	pictures map[string]bool
}

// Opening is where the texts say that the server's pages are: the default address.
const Opening = "http://127.0.0.1:8080"

// toServer finds a link to a page of the server, and the same spelled out as its words.
var toServer = regexp.MustCompile(`(<a href=")` + regexp.QuoteMeta(Opening) + `(/[^"]*"[^>]*>)(?:` + regexp.QuoteMeta(Opening) + `(/[^<]*</a>))?`)

// Served is a page's HTML as a server of the program gives it: links to the server's
// own pages lead to that server, wherever it listens.
func Served(body string) string { return toServer.ReplaceAllString(body, "$1$2$3") }

// elsewhere are links that begin with a scheme.
var elsewhere = regexp.MustCompile(`^[a-z]+:`)

// linked is the text's tree with its links changed. The text is read anew: a page in
// the other language has other links.
func (l *linker) linked() (ast.Node, error) {
	fresh := read(l.text.file, l.text.lang, l.text.source)
	var links []*ast.Link
	var wrong []error
	ast.Walk(fresh.root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			links = append(links, n)
		case *ast.Image:
			to, err := l.picture(string(n.Destination))
			if err != nil {
				wrong = append(wrong, err)
			}
			n.Destination = []byte(to)
		}
		return ast.WalkContinue, nil
	})
	for _, n := range links {
		to, found, err := l.destination(string(n.Destination))
		switch {
		case err != nil:
			wrong = append(wrong, err)
		case found:
			n.Destination = []byte(to)
		default:
			l.spell(n)
		}
	}
	return fresh.root, errors.Join(wrong...)
}

// picture is the address of one.
func (l *linker) picture(link string) (string, error) {
	file := path.Join(path.Dir(l.text.file), link)
	if _, there := l.site.pictures[file]; !there {
		return link, fmt.Errorf("%s: there is no picture %s; the documentation has the .svg, .webp and .png files that docs/docs.go embeds", l.text.file, file)
	}
	l.pictures[file] = true
	return relative(Address(l.from.name, l.lang), file), nil
}

// destination is where a link leads on the site, if it does: not if it leads to a file
// of the repository that is no page.
func (l *linker) destination(link string) (to string, found bool, err error) {
	if elsewhere.MatchString(link) {
		return link, true, nil
	}
	file, heading, anchored := strings.Cut(link, "#")
	if file == "" {
		id, err := l.heading(l.text, heading)
		return "#" + id, true, err
	}
	at := path.Join(path.Dir(l.text.file), file)
	name := l.site.named(at)
	if name == "" {
		return "", false, nil
	}
	lang := l.lang
	p := l.site.pages[name]
	// What names a file of the other language means that one: its own twin, or a
	// heading in it, which has another name in this one.
	named := languageOf(at)
	if p.texts[named] != nil && p.in(lang).lang != named && (anchored || named != locale.English || p == l.from) {
		lang = named
	}
	to = relative(Address(l.from.name, l.lang), Address(name, lang))
	if anchored {
		id, err := l.heading(p.in(lang), heading)
		return to + "#" + id, true, err
	}
	return to, true, nil
}

// heading is the id of the one that a link names.
func (l *linker) heading(w *written, name string) (id string, err error) {
	id, there := w.anchors[name]
	if !there && name != "" {
		return name, fmt.Errorf("%s: the link to #%s leads nowhere: %s has no such heading", l.text.file, name, w.file)
	}
	return id, nil
}

// named is the page that stands for a path below docs, or nothing.
func (s *Site) named(at string) string {
	if name, there := s.standIns[at]; there {
		return name
	}
	for _, name := range []string{pageOf(at), path.Join(at, index)} {
		if strings.HasSuffix(at, ".md") == (name == pageOf(at)) && name != index && s.pages[name] != nil {
			return name
		}
	}
	return ""
}

// spell puts words in a link's place that leads to a file of the repository: there is
// nowhere to go, so its path stands there as it is.
func (l *linker) spell(n *ast.Link) {
	file, _, _ := strings.Cut(string(n.Destination), "#")
	at := path.Join("docs", path.Dir(l.text.file), file)
	if strings.HasPrefix(file, "/") { // of the pages of a server
		at = string(n.Destination)
	}
	parent := n.Parent()
	code := ast.NewString([]byte("<code>" + html.EscapeString(at) + "</code>"))
	code.SetCode(true) // written as it is
	words := strings.Trim(anchor.Words(n, l.text.source), "/")
	if words == at || strings.HasSuffix(at, "/"+words) {
		parent.ReplaceChild(parent, n, code)
		return
	}
	for child := n.FirstChild(); child != nil; child = n.FirstChild() {
		parent.InsertBefore(parent, n, child)
	}
	parent.InsertBefore(parent, n, ast.NewString([]byte(" (")))
	parent.InsertBefore(parent, n, code)
	parent.ReplaceChild(parent, n, ast.NewString([]byte(")")))
}
