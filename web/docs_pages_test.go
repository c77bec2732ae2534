package web

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"copyscope/internal/docsite"
)

// docsServer has a documentation of three pages and a picture.
func docsServer(t *testing.T) *Server {
	t.Helper()
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"tutorial.md": "# First steps\n\n![curve](bench/curve.svg)\n", "tutorial.zh.md": "# 第一步\n", "websocket.md": "# The websocket\n", "bench/curve.svg": "<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "secret.properties": "password=x\n",
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return newServer(t, Config{Docs: func() (*docsite.Site, error) { return docsite.New(files) }})
}

func TestDocsInTheReadersLanguage(t *testing.T) {
	s := docsServer(t)
	for _, c := range []struct {
		target, accept, cookie string
		status                 int
		to, says               string
	}{
		{"/docs/", "en", "", 302, "/docs/index.html", ""},
		{"/docs/", "zh-CN", "", 302, "/docs/zh/index.html", ""},
		{"/docs/", "en", "lang=zh", 302, "/docs/zh/index.html", ""},
		{"/docs/?lang=zh&theme=dark", "en", "", 302, "/docs/zh/index.html?theme=dark", ""},
		{"/docs/tutorial.html", "zh", "lang=zh", 200, "", `<html lang="en"`}, // whoever leads here means this page
		{"/docs/zh/tutorial.html", "en", "", 200, "", "第一步"},
		{"/docs/tutorial.html?lang=zh", "en", "", 302, "/docs/zh/tutorial.html", ""},
		{"/docs/zh/tutorial.html?lang=en", "zh", "", 302, "/docs/tutorial.html", ""},
		{"/docs/zh/websocket.html", "en", "", 200, "", "本页只有英文"},
		{"/docs/tutorial.html?theme=dark", "en", "", 200, "", `data-theme="dark"`},
		{"/docs/websocket.md", "en", "", 302, "/docs/websocket.html", ""},
		{"/docs/websocket", "en", "", 302, "/docs/websocket.html", ""},
		{"/docs/tutorial.zh.md", "en", "", 302, "/docs/zh/tutorial.html", ""},
		{"/models", "en", "", 200, "", `href="/docs/"`},
		{"/palette.json", "en", "", 200, "", `"text":"The websocket","to":"/docs/websocket.html"`},
		{"/palette.json", "en", "lang=zh", 200, "", `"text":"第一步","to":"/docs/zh/tutorial.html"`},
		{"/palette.json?lang=zh", "en", "", 200, "", `"kind":"文档"`},
	} {
		r := ask(s, "GET", c.target, func(r *http.Request) {
			r.Header.Set("Accept-Language", c.accept)
			if c.cookie != "" {
				r.Header.Set("Cookie", c.cookie)
			}
		})
		if got := body(t, r); r.StatusCode != c.status || r.Header.Get("Location") != c.to || !strings.Contains(got, c.says) {
			t.Errorf("%s (%s, %s): %s to %q, want %d to %q with %s", c.target, c.accept, c.cookie, r.Status, r.Header.Get("Location"), c.status, c.to, c.says)
		}
		if asked := strings.Contains(c.target, "lang="); asked != strings.Contains(strings.Join(r.Header.Values("Set-Cookie"), " "), "lang=") && strings.HasPrefix(c.target, "/docs/") {
			t.Errorf("%s sets %q", c.target, r.Header.Values("Set-Cookie"))
		}
	}
}

// Links to the server's own pages lead to this server, wherever it listens; the site
// that is written as files keeps the address, and so does what a shell is told.
func TestDocsLinkToTheServerTheyAreOn(t *testing.T) {
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"tutorial.md":    "# A\n\nOpen [this run](http://127.0.0.1:8080/scope?a=read-write,size=64KiB&b=sendfile) and <http://127.0.0.1:8080/live>; `curl http://127.0.0.1:8080/metrics`.\n",
		"tutorial.zh.md": "# 甲\n\n打开[这次运行](http://127.0.0.1:8080/scope?a=read-write)和 <http://127.0.0.1:8080/live>。\n",
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	site, err := docsite.New(files)
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, Config{Docs: func() (*docsite.Site, error) { return site, nil }})
	for name, want := range map[string][]string{
		"/docs/tutorial.html":    {`<a href="/scope?a=read-write,size=64KiB&amp;b=sendfile">this run</a>`, `<a href="/live">/live</a>`, `<code>curl http://127.0.0.1:8080/metrics</code>`},
		"/docs/zh/tutorial.html": {`<a href="/scope?a=read-write">这次运行</a>`, `<a href="/live">/live</a>`},
	} {
		got := body(t, ask(s, "GET", name, nil))
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s lacks %s", name, w)
			}
		}
		if strings.Contains(got, `href="http://127.0.0.1:8080`) {
			t.Errorf("%s leads to port 8080, wherever it is served", name)
		}
	}
	written, err := site.Files(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(written["tutorial.html"]); !strings.Contains(got, `href="http://127.0.0.1:8080/live"`) {
		t.Errorf("as a file tutorial.html does not lead to http://127.0.0.1:8080/live")
	}
}

// Only pages and the pictures in them are given, whatever is asked for.
func TestDocsGiveNothingElse(t *testing.T) {
	s := docsServer(t)
	for _, target := range []string{"/docs/secret.properties", "/docs/none.html", "/docs/zh/none.html", "/docs/bench/", "/docs/bench/other.svg", "/docs/zh/bench/curve.svg",
		"/docs/%2e%2e/go.mod", "/docs/..%2fgo.mod", "/docs/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/docs/bench%5c..%5csecret.properties", "/docs/tutorial.html%00", "/docs/zh/%2fetc/passwd", "/docs/.copyscope-docs"} {
		r := ask(s, "GET", target, nil)
		if text := body(t, r); r.StatusCode != http.StatusNotFound || strings.Contains(text, "password=x") || strings.Contains(text, "root:") {
			t.Errorf("%s: %s", target, r.Status)
		}
	}
	r := ask(s, "GET", "/docs/bench/curve.svg", nil)
	if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "image/svg+xml" || r.Header.Get("ETag") == "" {
		t.Errorf("the picture: %s, %v", r.Status, r.Header)
	}
	again := ask(s, "GET", "/docs/bench/curve.svg", func(q *http.Request) { q.Header.Set("If-None-Match", r.Header.Get("ETag")) })
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("the picture again: %s", again.Status)
	}
	if r := ask(s, "POST", "/docs/tutorial.html", nil); r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %s", r.Status)
	}
}

func TestDocsThatCannotBe(t *testing.T) {
	if r := ask(newServer(t, Config{}), "GET", "/docs/", nil); r.StatusCode != http.StatusNotFound {
		t.Errorf("without a documentation: %s", r.Status)
	}
	broken := newServer(t, Config{Docs: func() (*docsite.Site, error) { return nil, errors.New("a.md: there is no heading") }})
	if r := ask(broken, "GET", "/docs/", nil); r.StatusCode != http.StatusInternalServerError || !strings.Contains(body(t, r), "a.md: there is no heading") {
		t.Errorf("with a broken one: %s", r.Status)
	}
	if r := ask(broken, "GET", "/palette.json", nil); r.StatusCode != http.StatusOK || !strings.Contains(body(t, r), "/lessons/sendfile") {
		t.Errorf("what the palette finds without it: %s", r.Status)
	}
}
