package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/transfer"
	"copyscope/static"
)

func newServer(t *testing.T, config Config) *Server {
	t.Helper()
	if config.Addr == "" {
		config.Addr = "127.0.0.1:8080"
	}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// ask sends a request; change may alter it first.
func ask(s *Server, method, target string, change func(*http.Request)) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "127.0.0.1:8080"
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestNewSaysWhatIsMissing(t *testing.T) {
	for _, addr := range []string{"", "8080"} {
		if _, err := New(Config{Addr: addr}); err == nil || !strings.Contains(err.Error(), "host:port") {
			t.Errorf("Addr %q: %v", addr, err)
		}
	}
}

func TestHostAndOrigin(t *testing.T) {
	for _, c := range []struct {
		addr, host, origin string
		want               int
	}{
		{"127.0.0.1:8080", "127.0.0.1:8080", "", 200},
		{"127.0.0.1:8080", "localhost:8080", "", 200},
		{"127.0.0.1:8080", "LOCALHOST:8080", "", 200},
		{"127.0.0.1:8080", "localhost:9000", "http://localhost:9000", 200}, // a forwarded port
		{"127.0.0.1:8080", "[::1]:8080", "", 200},
		{"127.0.0.1:8080", "evil.example:8080", "", 421},
		{"127.0.0.1:8080", "localhost.evil.example", "", 421},
		{"127.0.0.1:8080", "127.0.0.1.evil.example", "", 421},
		{"127.0.0.1:8080", "", "", 421},
		{"127.0.0.1:8080", "127.0.0.1:8080", "http://127.0.0.1:8080", 200},
		{"127.0.0.1:8080", "127.0.0.1:8080", "http://127.0.0.1:9999", 403},
		{"127.0.0.1:8080", "127.0.0.1:8080", "http://localhost:8080", 403},
		{"127.0.0.1:8080", "127.0.0.1:8080", "https://evil.example", 403},
		{"127.0.0.1:8080", "127.0.0.1:8080", "null", 403},
		{"lab.example:8080", "lab.example:8080", "", 200},
		{"lab.example:8080", "other.example:8080", "", 421},
		{"0.0.0.0:8080", "192.0.2.7:8080", "", 200},
		{"0.0.0.0:8080", "evil.example:8080", "", 421},
	} {
		s := newServer(t, Config{Addr: c.addr})
		for _, target := range []string{"/healthz", "/ws"} {
			got := ask(s, "GET", target, func(r *http.Request) {
				r.Host = c.host
				if c.origin != "" {
					r.Header.Set("Origin", c.origin)
				}
			})
			want := c.want
			if target == "/ws" && want == 200 {
				want = http.StatusUpgradeRequired // it passed the guard
			}
			if got.StatusCode != want {
				t.Errorf("listening on %s, %s with Host %q, Origin %q: %d, want %d", c.addr, target, c.host, c.origin, got.StatusCode, want)
			}
		}
	}
}

// A browser on another site cannot open the websocket.
func TestCrossSiteWebsocketIsRefused(t *testing.T) {
	_, url := serveHub(t)
	_, resp, err := websocket.DefaultDialer.Dial(url, http.Header{"Origin": {"https://evil.example"}})
	if err == nil || resp == nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("a foreign origin: %v, %+v; want 403", err, resp)
	}
	own := strings.TrimSuffix(strings.Replace(url, "ws://", "http://", 1), "/ws")
	conn, _, err := websocket.DefaultDialer.Dial(url, http.Header{"Origin": {own}})
	if err != nil {
		t.Fatalf("the own origin: %v", err)
	}
	conn.Close()
}

func TestSecurityHeaders(t *testing.T) {
	s := newServer(t, Config{})
	for _, target := range []string{"/live", "/healthz", "/nowhere", static.Path("base.css")} {
		h := ask(s, "GET", target, nil).Header
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: policy %q lacks %s", target, policy, part)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
			t.Errorf("%s: policy %q is too wide", target, policy)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" ||
			h.Get("Cross-Origin-Opener-Policy") != "same-origin" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", target, h)
		}
	}
}

var (
	inlineScript = regexp.MustCompile(`<script(\s[^>]*)?>`)
	inlineStyle  = regexp.MustCompile(`<style|\sstyle="|\son[a-z]+="`)
	foreign      = regexp.MustCompile(`(?:src|href|action)="(?:[a-z]+:)?//`)
)

// Nothing in a page breaks the policy or asks another host.
func TestPagesKeepThePolicy(t *testing.T) {
	s := newServer(t, Config{Broker: fakeBroker{}, Sample: steadySample})
	for _, page := range pages {
		html := body(t, ask(s, "GET", page, nil))
		for _, tag := range inlineScript.FindAllString(html, -1) {
			if !strings.Contains(tag, ` src="/static/`) && !strings.Contains(tag, `type="application/json"`) {
				t.Errorf("%s has an inline script: %s", page, tag)
			}
		}
		if m := inlineStyle.FindString(html); m != "" {
			t.Errorf("%s has an inline style or handler: %s", page, m)
		}
		if m := foreign.FindString(html); m != "" {
			t.Errorf("%s refers to another host: %s", page, m)
		}
	}
}

// pages are the addresses that every test of all pages reads.
var pages = []string{"/", "/lessons", "/glossary", "/live", "/doctor", "/models", "/nowhere"}

func TestEveryPageInBothLanguages(t *testing.T) {
	s := newServer(t, Config{Version: "1.2.3", Broker: fakeBroker{}, Sample: steadySample})
	for _, page := range pages {
		for lang, words := range map[string][]string{
			"en": {`lang="en"`, "Lessons", "Scope", "Live", "Doctor", "Models", "Skip to the content", "copyscope 1.2.3"},
			"zh": {`lang="zh-Hans"`, "课程", "示波", "实况", "诊断", "模型", "跳到正文", "copyscope 1.2.3"},
		} {
			html := body(t, ask(s, "GET", page+"?lang="+lang, nil))
			for _, w := range words {
				if !strings.Contains(html, w) {
					t.Errorf("%s in %s lacks %q", page, lang, w)
				}
			}
			if strings.Contains(html, "⟦") {
				t.Errorf("%s in %s shows a missing message: %s", page, lang, regexp.MustCompile(`⟦[^⟧]*⟧`).FindString(html))
			}
		}
	}
}

func TestLanguageIsRemembered(t *testing.T) {
	s := newServer(t, Config{})
	r := ask(s, "GET", "/live?lang=zh", nil)
	var kept *http.Cookie
	for _, c := range r.Cookies() {
		if c.Name == "lang" {
			kept = c
		}
	}
	if kept == nil || kept.Value != "zh" || kept.MaxAge < 86400 || kept.SameSite != http.SameSiteLaxMode {
		t.Fatalf("cookie %+v", kept)
	}
	later := body(t, ask(s, "GET", "/models", func(r *http.Request) { r.AddCookie(kept) }))
	if !strings.Contains(later, `lang="zh-Hans"`) {
		t.Error("the next page is not in Chinese")
	}
	for _, bad := range []string{"xx", `"><script>`} {
		r := ask(s, "GET", "/live?lang="+strings.ReplaceAll(bad, `"><`, "%22%3E%3C"), nil)
		if len(r.Cookies()) != 0 || strings.Contains(body(t, r), bad+">") {
			t.Errorf("lang=%s was kept or echoed", bad)
		}
	}
	// The links of the switch keep the rest of the address.
	html := body(t, ask(s, "GET", "/live?a=sendfile&lang=en", nil))
	if !strings.Contains(html, `href="/live?a=sendfile&amp;lang=zh"`) {
		t.Error("the language link loses the page's state")
	}
}

func TestThemeIsRendered(t *testing.T) {
	s := newServer(t, Config{})
	asked := ask(s, "GET", "/live?theme=projector", nil)
	if c := asked.Cookies(); len(c) != 1 || c[0].Name != "theme" || c[0].Value != "projector" {
		t.Errorf("?theme=projector is remembered as %v", c)
	}
	if html := body(t, asked); !strings.Contains(html, `data-theme="projector"`) {
		t.Error("?theme=projector is not rendered")
	}
	if html := body(t, ask(s, "GET", "/live?theme=neon", nil)); !strings.Contains(html, `data-theme="auto"`) {
		t.Error("?theme=neon is not the theme that follows the system")
	}
	for value, want := range map[string]string{"dark": "dark", "light": "light", "projector": "projector", "contrast": "contrast", "auto": "auto", "": "auto", "neon": "auto"} {
		html := body(t, ask(s, "GET", "/live", func(r *http.Request) {
			if value != "" {
				r.AddCookie(&http.Cookie{Name: "theme", Value: value})
			}
		}))
		if !strings.Contains(html, `data-theme="`+want+`"`) {
			t.Errorf("theme cookie %q: want data-theme=%q", value, want)
		}
	}
}

func TestAddresses(t *testing.T) {
	s := newServer(t, Config{})
	for _, c := range []struct {
		method, target string
		status         int
		words          string
	}{
		{"GET", "/healthz", 200, "ok"},
		{"HEAD", "/live", 200, ""},
		{"GET", "/nowhere", 404, "There is no page at /nowhere."},
		{"GET", "/live/", 404, "There is no page"},
		{"POST", "/live", 405, "GET"},
		{"DELETE", "/nowhere", 405, "GET"},
		{"GET", "/static/", 404, ""},
		{"GET", "/static/scope/", 404, ""},
		{"GET", "/static/nothing.css", 404, ""},
		{"GET", "/static/../web/server.go", 404, ""},
		{"GET", "/ws", 426, "websocket"},
	} {
		r := ask(s, c.method, c.target, nil)
		if r.StatusCode == http.StatusTemporaryRedirect || r.StatusCode == http.StatusMovedPermanently {
			continue // a cleaned path
		}
		if text := body(t, r); r.StatusCode != c.status || !strings.Contains(text, c.words) {
			t.Errorf("%s %s: %d, want %d and %q in: %.200s", c.method, c.target, r.StatusCode, c.status, c.words, text)
		}
	}
	r := ask(s, "GET", "/?a=sendfile&lang=zh", nil)
	if r.StatusCode != http.StatusFound || r.Header.Get("Location") != "/scope?a=sendfile&lang=zh" {
		t.Errorf("an address of the scope at / goes with %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
	// An address is shown as text, whatever it holds.
	if html := body(t, ask(s, "GET", "/%3Cscript%3Ealert(1)%3C/script%3E", nil)); strings.Contains(html, "<script>alert") {
		t.Error("the address is echoed as HTML")
	}
}

func TestStaticFilesAreKeptForEver(t *testing.T) {
	s := newServer(t, Config{})
	fixed := ask(s, "GET", static.Path("base.css"), nil)
	if fixed.StatusCode != 200 || !strings.Contains(fixed.Header.Get("Cache-Control"), "immutable") || !strings.HasPrefix(fixed.Header.Get("Content-Type"), "text/css") {
		t.Errorf("versioned: %d %v", fixed.StatusCode, fixed.Header)
	}
	if module := ask(s, "GET", static.Path("live/live.js"), nil); !strings.Contains(module.Header.Get("Content-Type"), "javascript") {
		t.Errorf("a module must have a JavaScript type: %v", module.Header)
	}
	plain := ask(s, "GET", "/static/base.css", nil)
	if plain.StatusCode != 200 || plain.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("without version: %d %v", plain.StatusCode, plain.Header)
	}
	tag := plain.Header.Get("ETag")
	again := ask(s, "GET", "/static/base.css", func(r *http.Request) { r.Header.Set("If-None-Match", tag) })
	if tag == "" || again.StatusCode != http.StatusNotModified {
		t.Errorf("asked again with %s: %d, want 304", tag, again.StatusCode)
	}
}

var (
	asset    = regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`)
	imported = regexp.MustCompile(`from '(\.{1,2}/[^']+)'`)
)

// firstView is everything that a browser fetches for a page, compressed.
func firstView(t *testing.T, s *Server, page string) (bytes int, files []string) {
	t.Helper()
	get := func(target string) string {
		r := ask(s, "GET", target, func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") })
		if r.StatusCode != 200 {
			t.Fatalf("%s refers to %s: %d", page, target, r.StatusCode)
		}
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		bytes += len(b)
		return unzip(t, r, b)
	}
	html := get(page)
	for _, m := range asset.FindAllStringSubmatch(html, -1) {
		if !slices.Contains(files, m[1]) {
			files = append(files, m[1])
		}
	}
	for i := 0; i < len(files); i++ {
		text := get(files[i])
		if !strings.HasSuffix(files[i], ".js") {
			continue
		}
		for _, m := range imported.FindAllStringSubmatch(text, -1) {
			if to := resolve(files[i], m[1]); !slices.Contains(files, to) {
				files = append(files, to)
			}
		}
	}
	return bytes, files
}

func unzip(t *testing.T, r *http.Response, b []byte) string {
	t.Helper()
	if r.Header.Get("Content-Encoding") != "gzip" {
		return string(b)
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func resolve(from, relative string) string {
	parts := strings.Split(from, "/")
	parts = parts[:len(parts)-1]
	for _, p := range strings.Split(relative, "/") {
		switch p {
		case ".":
		case "..":
			parts = parts[:len(parts)-1]
		default:
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, "/")
}

// The first view of a page is small, and every file that it refers to exists.
func TestFirstViewIsSmall(t *testing.T) {
	const most = 100 << 10 // bytes
	s := newServer(t, Config{Broker: fakeBroker{}, Sample: steadySample})
	for _, page := range []string{"/live", "/doctor", "/models"} {
		n, files := firstView(t, s, page)
		t.Logf("%s: %d bytes in %d files", page, n, len(files)+1)
		if n > most {
			t.Errorf("%s transfers %d bytes, more than %d: %v", page, n, most, files)
		}
	}
}

// The map of keys has words for every action, and no key does two things in
// one place.
func TestKeyMap(t *testing.T) {
	ids := locale.IDs(locale.English)
	for _, g := range static.Keys() {
		if !slices.Contains(ids, "keys.group."+g.Name) {
			t.Errorf("group %s has no name", g.Name)
		}
		taken := map[string]string{}
		for _, k := range g.Keys {
			if !slices.Contains(ids, "keys."+k.Action) {
				t.Errorf("action %s has no words", k.Action)
			}
			for _, key := range k.Keys {
				if other := taken[key]; other != "" {
					t.Errorf("%s: %q is %s and %s", g.Name, key, other, k.Action)
				}
				taken[key] = k.Action
			}
		}
	}
	html := body(t, ask(newServer(t, Config{}), "GET", "/live", nil))
	if !strings.Contains(html, "<kbd>p</kbd>") || strings.Contains(html, "one event forward") {
		t.Error("the live page's help must list its own keys and no others")
	}
	var block []static.KeyGroup
	m := regexp.MustCompile(`(?s)<script id="keys" type="application/json">(.*?)</script>`).FindStringSubmatch(html)
	if m == nil || json.Unmarshal([]byte(m[1]), &block) != nil || len(block) != len(static.Keys()) {
		t.Error("the scripts do not get the map of keys")
	}
}

// Another site may link to a page, but not make a visitor's browser ask for it
// in passing: a page computes.
func TestOtherSitesMayOnlyLink(t *testing.T) {
	s := newServer(t, Config{})
	for _, row := range []struct {
		site, mode string
		want       int
	}{{"", "", 200}, {"same-origin", "cors", 200}, {"none", "navigate", 200}, {"cross-site", "navigate", 200}, {"cross-site", "no-cors", 403}, {"cross-site", "cors", 403},
		{"same-site", "navigate", 200}, {"same-site", "no-cors", 403}} {
		r := ask(s, "GET", "/models", func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", row.site)
			r.Header.Set("Sec-Fetch-Mode", row.mode)
		})
		if r.StatusCode != row.want {
			t.Errorf("from %q by %q: %d, want %d", row.site, row.mode, r.StatusCode, row.want)
		}
	}
}

// A permalink cannot make the server simulate for long before it answers.
func TestLargeRunsAreNotComputedForThePage(t *testing.T) {
	s := newServer(t, Config{Lab: lab.New(t.TempDir())})
	for _, path := range transfer.Paths() {
		lane := path + ",model=linux,size=4GiB,chunk=4GiB,cache=cold,net=nic"
		began := time.Now()
		r := ask(s, "GET", "/scope?lang=en&a="+lane+"&b="+lane, nil)
		if r.StatusCode != 200 || !strings.Contains(body(t, r), "too large to be shown without JavaScript") {
			t.Errorf("%s: %s", path, r.Status)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s: the page took %v", path, took)
		}
	}
}
