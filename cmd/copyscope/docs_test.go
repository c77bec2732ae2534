package main

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"copyscope/broker"
	"copyscope/docs"
	"copyscope/docs/schema"
	"copyscope/internal/docsite"
	"copyscope/internal/metrics"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// writtenDocs is the documentation of this program as files.
func writtenDocs(t *testing.T) map[string][]byte {
	t.Helper()
	root := rootCommand()
	addCompletion(root)
	site, err := documentation(root)
	if err != nil {
		t.Fatal(err)
	}
	files, err := site.Files(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// htmlPage is what is looked at of a page.
type htmlPage struct {
	ids       map[string]bool
	leads     []string // href and src
	malformed []string
}

var voidElements = strings.Fields("area base br col embed hr img input link meta source track wbr")

// readPage looks at every tag: each is closed, in order; no id comes twice; nothing
// is script, style or a handler within the page, so the policy of the server's pages
// fits.
func readPage(text []byte) htmlPage {
	p := htmlPage{ids: map[string]bool{}}
	wrong := func(format string, args ...any) { p.malformed = append(p.malformed, fmt.Sprintf(format, args...)) }
	var open []string
	inSVG := 0
	for z := html.NewTokenizer(strings.NewReader(string(text))); ; {
		switch z.Next() {
		case html.ErrorToken:
			if z.Err() != io.EOF || len(open) > 0 {
				wrong("at its end %v, and %q are open", z.Err(), open)
			}
			return p
		case html.StartTagToken:
			tag := z.Token()
			if tag.Data == "svg" {
				inSVG++
			}
			if !slices.Contains(voidElements, tag.Data) {
				open = append(open, tag.Data)
			}
			p.attributes(tag, wrong)
		case html.SelfClosingTagToken:
			tag := z.Token()
			if inSVG == 0 && !slices.Contains(voidElements, tag.Data) {
				wrong("<%s/> is not closed by its slash", tag.Data)
			}
			p.attributes(tag, wrong)
		case html.EndTagToken:
			tag := z.Token()
			if tag.Data == "svg" {
				inSVG--
			}
			if len(open) == 0 || open[len(open)-1] != tag.Data {
				wrong("</%s> while %q are open", tag.Data, open)
				return p
			}
			open = open[:len(open)-1]
		}
	}
}

func (p *htmlPage) attributes(tag html.Token, wrong func(string, ...any)) {
	attributes := map[string]string{}
	for _, a := range tag.Attr {
		attributes[a.Key] = a.Val
		switch {
		case a.Key == "id":
			if p.ids[a.Val] {
				wrong("the id %s is there twice", a.Val)
			}
			p.ids[a.Val] = true
		case a.Key == "href", a.Key == "src":
			p.leads = append(p.leads, a.Val)
		case a.Key == "style", strings.HasPrefix(a.Key, "on"):
			wrong("<%s %s>", tag.Data, a.Key)
		}
	}
	if tag.Data == "style" || tag.Data == "script" && attributes["src"] == "" && attributes["type"] != "application/json" {
		wrong("<%s> within the page", tag.Data)
	}
}

// Every link, anchor and picture of the written site leads to something that is
// written with it, in both languages; every page is well formed.
func TestDocsLeadSomewhere(t *testing.T) {
	files := writtenDocs(t)
	pages := map[string]htmlPage{}
	for name, text := range files {
		if strings.HasSuffix(name, ".html") {
			pages[name] = readPage(text)
		}
	}
	followed := 0
	for name, p := range pages {
		for _, wrong := range p.malformed {
			t.Errorf("%s: %s", name, wrong)
		}
		for _, to := range p.leads {
			u, err := url.Parse(to)
			if err != nil {
				t.Errorf("%s leads to %q: %v", name, to, err)
				continue
			}
			if u.IsAbs() {
				// A server of the reader's own is the one that is spoken of without TLS.
				if u.Scheme != "https" && !(u.Scheme == "http" && u.Hostname() == "127.0.0.1") {
					t.Errorf("%s leads to %s: link to https pages, or to the reader's own server", name, to)
				}
				continue
			}
			at := name
			if u.Path != "" {
				at = path.Join(path.Dir(name), u.Path)
			}
			followed++
			switch target, page := pages[at]; {
			case strings.HasPrefix(u.Path, "/") || to == "":
				t.Errorf("%s leads to %q, which depends on where the site stands", name, to)
			case files[at] == nil:
				t.Errorf("%s leads to %s, which is not written", name, to)
			case u.Fragment != "" && !(page && target.ids[u.Fragment]):
				t.Errorf("%s leads to %s, which has no such heading", name, to)
			}
		}
	}
	if len(pages) < 100 || followed < 10*len(pages) {
		t.Errorf("%d pages with %d links were looked at", len(pages), followed)
	}
	for name := range pages {
		if other := strings.TrimPrefix(name, "zh/"); pages["zh/"+other].ids == nil || pages[other].ids == nil {
			t.Errorf("%s is in one language only", name)
		}
	}
}

// Tutorial and how-tos are whole in both languages.
func TestDocsAreInBothLanguages(t *testing.T) {
	guides, err := fs.Glob(docs.Files(), "howto/*.md")
	if err != nil {
		t.Fatal(err)
	}
	tutorials, err := fs.Glob(docs.Files(), "tutorial*.md")
	if err != nil {
		t.Fatal(err)
	}
	all := append(guides, tutorials...)
	if len(all) == 0 {
		t.Fatal("docs has neither a tutorial nor how-tos")
	}
	for _, file := range all {
		twin := strings.TrimSuffix(file, ".md") + ".zh.md"
		if english, chinese := strings.CutSuffix(file, ".zh.md"); chinese {
			twin = english + ".md"
		}
		if !slices.Contains(all, twin) {
			t.Errorf("%s has no twin %s", file, twin)
		}
	}
}

// What the code has is on the generated pages.
func TestReferenceHasAll(t *testing.T) {
	files := writtenDocs(t)
	names := map[string][]string{"metrics": nil, "commands": {"--kafka-tls-client-auth", "copyscope dump-log"}, "broker-settings": settingNames(), "events": nil, "paths": transfer.Paths(), "schemas": schema.Names()}
	for _, m := range metrics.Described() {
		names["metrics"] = append(names["metrics"], m.Name)
	}
	for _, k := range trace.Kinds() {
		names["events"] = append(names["events"], string(k))
	}
	for _, c := range trace.CountNames() {
		names["events"] = append(names["events"], string(c))
	}
	for _, topic := range broker.TopicConfigs() {
		names["broker-settings"] = append(names["broker-settings"], topic.Name)
	}
	for page, all := range names {
		text := string(files["reference/"+page+".html"])
		for _, name := range all {
			if !strings.Contains(text, name) {
				t.Errorf("reference/%s.html does not name %s", page, name)
			}
		}
	}
	for name, text := range files {
		if strings.HasPrefix(name, "reference/") && !strings.Contains(string(text), "<em>Generated from ") {
			t.Errorf("%s does not say what it was generated from", name)
		}
	}
}

// mainOf is the part of a page that is the documentation's.
func mainOf(t *testing.T, page string) string {
	t.Helper()
	_, after, began := strings.Cut(page, `<main id="main" tabindex="-1">`)
	text, _, ended := strings.Cut(after, "</main>")
	if !began || !ended {
		t.Fatalf("the page has no main part: %.400s", page)
	}
	return text
}

// A page of the server is the page that is written, but for links to the program's own
// pages, which lead to that very server; and docs prints where it is.
func TestDocsServedAreDocsWritten(t *testing.T) {
	files := writtenDocs(t)
	here := strings.NewReplacer(`href="`+docsite.Opening, `href="`, `">`+docsite.Opening+"/", `">/`)
	s := startCommand(t, "docs", "--http", "127.0.0.1:0")
	if s.ready["docs"] != s.ready["web"]+"/docs/" || !strings.Contains(s.stdout.String(), "docs "+s.ready["docs"]+"\n") {
		t.Errorf("ready is %v, printed was %s", s.ready, s.stdout)
	}
	for name, written := range files {
		if strings.HasPrefix(name, "static/") {
			continue
		}
		r, err := http.Get(s.ready["docs"] + name)
		if err != nil {
			t.Fatal(err)
		}
		served, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || r.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v", name, r.Status, err)
		}
		if !strings.HasSuffix(name, ".html") {
			if string(served) != string(written) {
				t.Errorf("%s is another file when it is served", name)
			}
			continue
		}
		for _, wrong := range readPage(served).malformed {
			t.Errorf("%s, served: %s", name, wrong)
		}
		if mainOf(t, string(served)) != here.Replace(mainOf(t, string(written))) {
			t.Errorf("%s is another page when it is served", name)
		}
	}
	if code := s.end(t); code != exitDone {
		t.Errorf("exit code %d; it said %s", code, s.stderr)
	}
}
