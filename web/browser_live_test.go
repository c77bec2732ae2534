package web

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"copyscope/internal/host"
	"copyscope/internal/trace"
)

// tab is a browser's tab that notes what went wrong in it.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	trouble  []string
	requests []string
}

// openTab starts Chromium. Where there is none the test is skipped, except
// under CI=true, where it fails.
func openTab(t *testing.T) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no chromium in PATH: install it (Debian: apt-get install chromium)")
		}
		t.Skip("no chromium in PATH: the page is not driven; install it (Debian: apt-get install chromium)")
	}
	flags := slices.Clone(chromedp.DefaultExecAllocatorOptions[:])
	flags = append(flags, chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, flags...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx}
	b.do(chromedp.EmulateViewport(1280, 800))
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	err = chromedp.Listen(ctx, func(ev any) {
		if sent, ok := ev.(*network.EventRequestWillBeSent); ok {
			b.mu.Lock()
			b.requests = append(b.requests, sent.Request.URL)
			b.mu.Unlock()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.IsException() || m.Type == "error" || m.Type == "warning" {
				b.mu.Lock()
				b.trouble = append(b.trouble, m.String())
				b.mu.Unlock()
			}
		}
	}()
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// eval is the text of an expression's value.
func (b *tab) eval(expression string) string {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return fmt.Sprint(v)
}

// until waits for an expression to have a value. It asks from outside, for the
// page's policy forbids code made from text.
func (b *tab) until(expression, want string) {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		v, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](expression))
		if err == nil && fmt.Sprint(v) == want {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%s is %v (%v), want %s", expression, v, err, want)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (b *tab) press(key string) { b.t.Helper(); b.do(chromedp.KeyEvent(key)) }

// clean fails the test for whatever the page complained about.
func (b *tab) clean() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.trouble {
		b.t.Errorf("the browser says: %s", m)
	}
}

// liveSite serves a live page whose first figure counts the samples.
func liveSite(t *testing.T) (*Server, string) {
	t.Helper()
	n := 0.0
	s := newServer(t, Config{
		Version: "test", Broker: fakeBroker{}, SampleEvery: 50 * time.Millisecond,
		Sample: func() (host.Sample, error) {
			n++
			return host.Sample{At: time.Now(), Figures: []host.Figure{
				{Name: "cpu_context_switches", Value: value(1000 + n), Unit: host.PerSecond, Provenance: trace.Measured},
			}}, nil
		},
	})
	return s, strings.Replace(listen(t, s), "ws", "http", 1)
}

const (
	rowCount  = `document.querySelectorAll('#fetches tbody tr').length`
	newest    = `document.querySelector('#fetches tbody [data-field="path"]').textContent`
	figure    = `document.querySelector('[data-figure="cpu_context_switches"] [data-value]').textContent`
	connected = `document.getElementById('connection').dataset.state`
)

func TestBrowserShowsFetchesAsTheyHappen(t *testing.T) {
	s, site := liveSite(t)
	b := openTab(t)
	s.Served(servedOnce("read-write", 1000))
	time.Sleep(2 * flushEvery)
	b.do(chromedp.Navigate(site + "/live?lang=en"))
	b.until(connected, "open")
	b.until(rowCount, "1")

	s.Served(servedOnce("sendfile", 1<<20))
	b.until(rowCount, "2")
	b.until(newest, "sendfile")
	row := `document.querySelector('#fetches tbody tr')`
	if got := b.eval(row + `.innerText.replace(/\s+/g, ' ')`); !strings.Contains(got, "orders-3 rdkafka") || !strings.Contains(got, "1 MiB") || !strings.Contains(got, "sendfile × 16, poll × 2") {
		t.Errorf("the new row reads %q", got)
	}
	if got := b.eval(row + `.querySelector('a').getAttribute('href')`); !strings.HasPrefix(got, "/scope?a=sendfile,side=sim,model=linux,size=1MiB,chunk=64KiB") {
		t.Errorf("its twin is %q", got)
	}
	if got := b.eval(`document.getElementById('totals').innerText.replace(/\s+/g, ' ')`); !strings.Contains(got, "sendfile 1 1 MiB") {
		t.Errorf("totals read %q", got)
	}
	before := b.eval(figure)
	deadline := time.Now().Add(patience)
	for b.eval(figure) == before {
		if time.Now().After(deadline) {
			t.Fatalf("the figure stays %q", before)
		}
	}
	if points := b.eval(`document.querySelector('[data-figure] polyline').getAttribute('points').split(' ').length`); points == "1" {
		t.Error("the trend has one point only")
	}
	b.clean()
}

func TestBrowserPauseHoldsAndResumeCatchesUp(t *testing.T) {
	s, site := liveSite(t)
	b := openTab(t)
	b.do(chromedp.Navigate(site + "/live?lang=en"))
	b.until(connected, "open")
	b.press("p")
	b.until(`document.querySelector('[data-action="pause"]').getAttribute('aria-pressed')`, "true")
	held := b.eval(figure)
	s.Served(servedOnce("splice", 4096))
	b.until(`/paused: \d+ s and \d+ messages? behind/.test(document.getElementById('live-state').textContent)`, "true")
	b.until(`Number(document.getElementById('live-state').textContent.match(/and (\d+)/)[1]) > 5`, "true")
	if got := b.eval(figure); got != held {
		t.Errorf("a paused figure went from %s to %s", held, got)
	}
	if got := b.eval(rowCount); got != "0" {
		t.Errorf("%s rows while paused", got)
	}
	b.press("p")
	b.until(rowCount, "1")
	b.until(newest, "splice")
	b.until(`document.getElementById('live-state').textContent`, "up to date")
	b.clean()
}

// After a lost connection the page goes on where it was: nothing is missing,
// nothing is shown twice.
func TestBrowserReconnectGoesOnBySequence(t *testing.T) {
	s, site := liveSite(t)
	b := openTab(t)
	b.do(chromedp.Navigate(site + "/live?lang=en"))
	b.until(connected, "open")
	s.Served(servedOnce("sendfile", 1000))
	b.until(rowCount, "1")

	s.hub.mu.Lock()
	for c := range s.hub.clients {
		c.cancel()
	}
	s.hub.mu.Unlock()
	b.until(connected, "waiting")
	if got := b.eval(`document.getElementById('connection').innerText`); !strings.Contains(got, "connection lost") {
		t.Errorf("the page says %q", got)
	}
	for range 3 {
		s.Served(servedOnce("splice", 1000))
		time.Sleep(flushEvery)
	}
	b.until(connected, "open")
	b.until(rowCount, "4")
	s.Served(servedOnce("mmap-write", 1000))
	b.until(newest, "mmap-write")
	if got := b.eval(rowCount); got != "5" {
		t.Errorf("%s rows, want 5", got)
	}
	if got := b.eval(`document.getElementById('live-loss').hidden`); got != "true" {
		t.Error("the page says that messages were lost")
	}
	b.clean()
}

func TestBrowserLanguageThemeAndHelp(t *testing.T) {
	_, site := liveSite(t)
	b := openTab(t)
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "light"}}})
	if err != nil {
		t.Fatal(err)
	}
	const (
		lang       = `document.documentElement.lang`
		theme      = `document.documentElement.dataset.theme`
		background = `getComputedStyle(document.body).backgroundColor`
		help       = `document.getElementById('help').open`
	)
	b.do(chromedp.Navigate(site + "/live?lang=en&x=1"))
	b.until(connected, "open")
	bright := b.eval(background)

	b.press("l")
	b.until(lang, "zh-Hans")
	b.until(`location.search`, "?lang=zh&x=1")
	b.do(chromedp.Navigate(site + "/models"))
	b.until(lang, "zh-Hans")

	for _, want := range []string{"light", "dark"} {
		b.press("t")
		b.until(theme, want)
	}
	if got := b.eval(background); got == bright {
		t.Errorf("the dark theme has the ground %s of the light one", got)
	}
	b.do(chromedp.Navigate(site + "/live"))
	b.until(theme, "dark")
	b.eval(`document.cookie = 'theme=; path=/; max-age=0'`)
	b.do(chromedp.Navigate(site + "/models"))
	b.until(theme, "dark") // from the storage

	b.press("?")
	b.until(help, "true")
	b.press("\x1b")
	b.until(help, "false")

	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.requests {
		if u, err := url.Parse(r); err != nil || "http://"+u.Host != site && u.Scheme != "data" {
			t.Errorf("the pages asked another host: %s", r)
		}
	}
	for _, m := range b.trouble {
		t.Errorf("the browser says: %s", m)
	}
}
