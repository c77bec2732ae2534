package web_test

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// guarded is a tab whose pages tell whether anything of an attacker's ran: before, a
// script of the test's own is.
func guarded(t *testing.T, script string) *tab {
	t.Helper()
	b := browse(t)
	watch := `window.ran = []; window.pwned = () => window.ran.push('a script of the address ran');
		window.alert = window.confirm = window.prompt = () => { window.ran.push('a dialog'); };
		document.addEventListener('securitypolicyviolation', (e) => window.ran.push(e.violatedDirective + ' ' + e.blockedURI));` + script
	if _, err := chromedp.Call(b.Ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watch}); err != nil {
		t.Fatal(err)
	}
	return b
}

// mustBeCalm fails if something ran, was complained about, or left the host.
func (b *tab) mustBeCalm(site, what string) {
	b.t.Helper()
	if ran := eval[[]string](b, `window.ran`); len(ran) > 0 {
		b.t.Errorf("%s: %q", what, ran)
	}
	for _, p := range b.complaints() {
		if !strings.Contains(p, "status of 4") { // the page itself is an answer of 400
			b.t.Errorf("%s: console: %s", what, p)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = nil
	for host := range b.hosts {
		if host != strings.TrimPrefix(site, "http://") && host != "" {
			b.t.Errorf("%s: asked %s", what, host)
			delete(b.hosts, host)
		}
	}
}

// serveHostile serves every page that there is.
func serveHostile(t *testing.T) (base string, s *hostileSite) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s = openHostileSite(t, hostileConfig(t, listener.Addr().String()))
	server := &http.Server{Handler: s.pages.Handler()}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return "http://" + listener.Addr().String(), s
}

// pagesOf are the addresses of the routes that answer with a page, other than the
// talk to keep, which is a file.
func (s *hostileSite) pagesOf() (all []string) {
	for _, pattern := range routes(s.t) {
		path := s.path(pattern, -1, "")
		if strings.HasPrefix(pattern, "GET ") && !strings.HasSuffix(path, "talk.html") && strings.HasPrefix(s.ask("GET", path, "", "Accept", "text/html").Header.Get("Content-Type"), "text/html") {
			all = append(all, path)
		}
	}
	return all
}

// A real browser is led to hostile addresses of every page: nothing runs.
func TestHostileAddressesRunNothing(t *testing.T) {
	base, s := serveHostile(t)
	b := guarded(t, "")
	scope, others := parameters()
	everything := hostile["script"] + hostile["attribute"] + hostile["quote"] + hostile["element"] + hostile["template"] + hostile["bidi"] + "\x1b"
	tried := 0
	visit := func(address string) {
		tried++
		b.do(chromedp.Navigate(base + address))
		b.mustBeCalm(base, fmt.Sprintf("%.200s", address))
	}
	for _, path := range s.pagesOf() {
		for _, value := range []string{everything, hostile["address"]} {
			query := "?x=1"
			for _, name := range append(others, "v", "a", "b", "step", "ref") {
				if name != "lang" || value == everything {
					query += "&" + name + "=" + url.QueryEscape(value)
				}
			}
			visit(path + query + "#" + url.PathEscape(value))
		}
	}
	for _, embed := range []string{"", "&embed=1"} {
		for _, name := range scope {
			visit("/scope?" + name + "=" + url.QueryEscape(everything) + embed)
		}
		visit("/scope?a=import=" + url.QueryEscape(`<img src=x onerror="pwned()">${pwned()}{{.}}`) + embed) // a name that may be
	}
	for _, path := range []string{"/t/", "/lessons/", "/claims/", "/broker/topics/", "/broker/groups/", "/"} {
		visit(path + url.PathEscape(everything))
	}
	if tried < 60 {
		t.Errorf("only %d addresses were tried", tried)
	}
}

// noStorage is a browser whose user forbids pages to keep anything.
const noStorage = `for (const name of ['localStorage', 'sessionStorage', 'indexedDB']) {
	Object.defineProperty(window, name, { get() { throw new DOMException('The operation is insecure.', 'SecurityError'); } });
}`

// badStorage is one that keeps what somebody else wrote.
const badStorage = `const bad = ['<img src=x onerror=pwned()>', '{"v":1,"lessons":{"read-write":"x","sendfile":null,"mmap":{"replies":"<b>","at":{},"seed":-1}}}', '[]', '0', '"', '{"slide":"x"}'];
	const get = Storage.prototype.getItem; let n = 0;
	Storage.prototype.getItem = function (key) { return key.startsWith('talk-desk') || key.startsWith('talk-token') ? get.call(this, key) : bad[n++ % bad.length]; };`

// Without storage, and with damaged storage, every page works and complains of
// nothing; it forgets.
func TestPagesWithoutStorage(t *testing.T) {
	base, s := serveHostile(t)
	for name, script := range map[string]string{"none": noStorage, "damaged": badStorage} {
		t.Run(name, func(t *testing.T) {
			b := guarded(t, script)
			for _, path := range s.pagesOf() {
				b.do(chromedp.Navigate(base + path))
				b.mustBeCalm(base, path)
			}
			b.open(base + "/scope")
			b.press(kb.ArrowRight)
			b.await(`document.querySelector('.stage, .scope')?.dataset.step === '1' || new URLSearchParams(location.search).get('step') === '1'`)
			b.do(chromedp.Navigate(base + "/lessons/read-write"))
			b.await(`document.querySelector('input[type="radio"]')`)
			b.do(chromedp.Navigate(base + s.room.PresentPath()))
			b.await(`document.querySelector('[data-talk]').dataset.seat === 'yours'`)
			b.mustBeCalm(base, "the speaker's page")
		})
	}
}
