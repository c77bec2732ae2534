package web_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"copyscope/internal/chromium"
	"copyscope/internal/lab"
	"copyscope/web"
)

// patience bounds every wait of the browser tests.
const patience = 20 * time.Second

// serve runs the web server on a loopback port and gives its address.
func serve(t *testing.T, l web.Lab) string { return serveWith(t, web.Config{Lab: l}) }

// serveWith runs it with a configuration.
func serveWith(t *testing.T, config web.Config) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config.Addr, config.Version = listener.Addr().String(), "test"
	s, err := web.New(config)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s.Handler()}
	go server.Serve(listener)
	t.Cleanup(func() { s.Close(); server.Close() })
	return "http://" + listener.Addr().String()
}

// keptLab is the real lab; it keeps the results that it gave, so that a test
// can hold a page against the very run that it shows.
type keptLab struct {
	*lab.Lab
	mu      sync.Mutex
	results map[string]*lab.Result
}

func newKeptLab(t *testing.T) *keptLab {
	return &keptLab{Lab: lab.New(t.TempDir()), results: map[string]*lab.Result{}}
}

func (l *keptLab) Run(ctx context.Context, s lab.Scenario, o lab.Options) (*lab.Result, error) {
	r, err := l.Lab.Run(ctx, s, o)
	if err == nil {
		l.mu.Lock()
		l.results[r.Scenario.String()] = r
		l.mu.Unlock()
	}
	return r, err
}

func (l *keptLab) last(scenario string) *lab.Result {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.results[scenario]
}

// tab is one page of a real browser.
type tab struct {
	chromium.Tab
	t *testing.T

	mu       sync.Mutex
	hosts    map[string]bool // hosts that were asked for anything
	received int64           // bytes, websocket messages included
	problems []string        // what the console complained about
}

// browser is the one browser of these tests; each test has a tab of its own.
var browser struct {
	once    sync.Once
	ctx     context.Context
	missing string
	test    string // the newest that has a tab
	stop    func()
}

// TestMain ends the browser, if a test started it.
func TestMain(m *testing.M) {
	code := m.Run()
	if browser.stop != nil {
		browser.stop()
	}
	os.Exit(code)
}

// startBrowser starts Chromium with a fresh profile.
func startBrowser() {
	ctx, stop, err := chromium.Start()
	if err != nil {
		browser.missing = err.Error()
		return
	}
	browser.ctx, browser.stop = ctx, stop
}

// browse opens a tab. Without Chromium the test is skipped, except where CI
// says that it must be there.
func browse(t *testing.T) *tab {
	t.Helper()
	browser.once.Do(startBrowser)
	if browser.missing != "" {
		chromium.Absent(t, browser.missing)
	}
	ctx, stop := context.WithTimeout(browser.ctx, 3*time.Minute)
	t.Cleanup(stop)
	own, closeTab, err := chromium.NewTab(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeTab)
	b := &tab{Tab: own, t: t, hosts: map[string]bool{}}
	if err := chromedp.Listen(b.Ctx, b.note); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(b.Ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	// Cookies are of a host, whatever its port: another test's language and theme are.
	if test, _, _ := strings.Cut(t.Name(), "/"); test != browser.test {
		browser.test = test
		if _, err := chromedp.Call(b.Ctx, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
			t.Fatal(err)
		}
	}
	// An earlier tab may have fetched the same files; this one is to count them.
	if _, err := chromedp.Call(b.Ctx, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true}); err != nil {
		t.Fatal(err)
	}
	go func() {
		for m, err := range chromedp.Console(b.Ctx) {
			if err != nil {
				return
			}
			if m.Type == "error" || m.Type == "exception" {
				b.mu.Lock()
				b.problems = append(b.problems, m.Text)
				b.mu.Unlock()
			}
		}
	}()
	return b
}

// note keeps the account of the traffic.
func (b *tab) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if _, rest, ok := strings.Cut(e.Request.URL, "://"); ok {
			host, _, _ := strings.Cut(rest, "/")
			b.hosts[host] = true
		}
	case *network.EventWebSocketCreated:
		_, rest, _ := strings.Cut(e.URL, "://")
		host, _, _ := strings.Cut(rest, "/")
		b.hosts[host] = true
	case *network.EventLoadingFinished:
		b.received += int64(e.EncodedDataLength)
	case *network.EventWebSocketFrameReceived:
		b.received += int64(len(e.Response.PayloadData))
	}
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.Ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// eval gives the value of an expression.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.Ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// await waits until an expression is true.
func (b *tab) await(expression string) {
	b.t.Helper()
	if err := b.Await(expression, patience); err != nil {
		shown, _ := chromedp.Run(b.Ctx, chromedp.Evaluate[string]("document.body.innerText"))
		b.t.Fatalf("%v\nconsole: %v\npage: %.600s", err, b.complaints(), shown)
	}
}

func (b *tab) click(selector string) {
	b.t.Helper()
	if err := b.Click(selector, patience); err != nil {
		b.t.Fatalf("%v\nconsole: %v", err, b.complaints())
	}
}

func (b *tab) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.problems...)
}

// open loads a page and waits until its lanes can be stepped.
func (b *tab) open(url string) {
	b.t.Helper()
	b.do(chromedp.Navigate(url))
	b.await(`document.querySelector('.scope')?.dataset.ready === 'true'`)
}

func (b *tab) press(keys string, options ...chromedp.KeyOption) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys, options...))
}

// quote makes a JavaScript string.
func quote(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// reduceMotion makes the browser tell pages that its user wants no motion.
func (b *tab) reduceMotion() {
	b.t.Helper()
	if err := b.Still(); err != nil {
		b.t.Fatal(err)
	}
}
