package web_test

import (
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/web"
)

// quietBroker is a broker without topics.
type quietBroker struct{}

func (quietBroker) Addr() string        { return "127.0.0.1:19092" }
func (quietBroker) Topics() []web.Topic { return nil }

// fetch is one that the broker might have served.
func fetch(path string, bytes int64) trace.Served {
	return trace.Served{
		Began: time.Now(), Dur: 1_234_567, Topic: "orders", Partition: 3, Client: "rdkafka",
		Path: path, Bytes: bytes, Chunk: 64 << 10, SyscallsByName: map[string]int64{"sendfile": 16, "poll": 2},
	}
}

// flushed is longer than a fetch waits for its message.
const flushed = 250 * time.Millisecond

// liveSite serves a live page whose first figure counts the samples.
func liveSite(t *testing.T) (*web.Server, string) {
	t.Helper()
	s, site, _ := liveSiteAt(t, "127.0.0.1:0")
	return s, site
}

// liveSiteAt is liveSite on an address, with what ends it.
func liveSiteAt(t *testing.T, addr string) (s *web.Server, site string, stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	n := 1000.0
	s, err = web.New(web.Config{
		Addr: listener.Addr().String(), Version: "test", Broker: quietBroker{}, SampleEvery: 50 * time.Millisecond,
		Sample: func() (host.Sample, error) {
			n++
			v := n
			return host.Sample{At: time.Now(), Figures: []host.Figure{
				{Name: "cpu_context_switches", Value: &v, Unit: host.PerSecond, Provenance: trace.Measured},
			}}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s.Handler()}
	go server.Serve(listener)
	stop = func() { s.Close(); server.Close() }
	t.Cleanup(stop)
	return s, "http://" + listener.Addr().String(), stop
}

// sampledSite serves a page that has a sample.
func sampledSite(t *testing.T, config web.Config) string {
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
	time.Sleep(2 * flushed) // the page is made after a sample
	return "http://" + listener.Addr().String()
}

// text is an expression's value as the page would write it.
func text(b *tab, expression string) string {
	b.t.Helper()
	return eval[string](b, "String("+expression+")")
}

// is compares an expression's value as text.
func is(expression, want string) string { return "String(" + expression + ") === " + quote(want) }

// arrive waits until the browser has gone to an address by itself. While it
// goes there is no document to ask.
func (b *tab) arrive(address string) {
	b.t.Helper()
	there := "document.readyState === 'complete' && location.pathname + location.search === " + quote(address)
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if done, err := chromedp.Run(b.Ctx, chromedp.Evaluate[bool](there)); err == nil && done {
			return
		}
		if time.Now().After(end) {
			b.t.Fatalf("after %v the browser has not come to %s", patience, address)
		}
	}
}

// forget makes the browser forget language and theme: cookies are shared by
// the servers of all tests, whatever their ports.
func forget(t *testing.T, b *tab) {
	t.Helper()
	if _, err := chromedp.Call(b.Ctx, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
		t.Error(err)
	}
}

// quiet fails the test for whatever the page complained about.
func quiet(t *testing.T, b *tab) {
	t.Helper()
	for _, m := range b.complaints() {
		t.Errorf("the browser says: %s", m)
	}
}

const (
	rowCount  = `document.querySelectorAll('#fetches tbody tr').length`
	newest    = `document.querySelector('#fetches tbody [data-field="path"]').textContent`
	figure    = `document.querySelector('[data-figure="cpu_context_switches"] [data-value]').textContent`
	connected = `document.getElementById('connection').dataset.state`
)

func TestBrowserShowsFetchesAsTheyHappen(t *testing.T) {
	s, site := liveSite(t)
	b := browse(t)
	s.Served(fetch("read-write", 1000))
	time.Sleep(flushed)
	b.do(chromedp.Navigate(site + "/live?lang=en"))
	b.await(is(connected, "open"))
	b.await(is(rowCount, "1"))

	s.Served(fetch("sendfile", 1<<20))
	b.await(is(rowCount, "2"))
	b.await(is(newest, "sendfile"))
	row := `document.querySelector('#fetches tbody tr')`
	if got := text(b, row+`.innerText.replace(/\s+/g, ' ')`); !strings.Contains(got, "orders-3 rdkafka") || !strings.Contains(got, "1 MiB") || !strings.Contains(got, "sendfile × 16, poll × 2") {
		t.Errorf("the new row reads %q", got)
	}
	if got := text(b, row+`.querySelector('a').getAttribute('href')`); !strings.HasPrefix(got, "/scope?a=sendfile,side=sim,model=linux,size=1MiB,chunk=64KiB") {
		t.Errorf("its twin is %q", got)
	}
	if got := text(b, `document.getElementById('totals').innerText.replace(/\s+/g, ' ')`); !strings.Contains(got, "sendfile 1 1 MiB") {
		t.Errorf("totals read %q", got)
	}
	before := text(b, figure)
	deadline := time.Now().Add(patience)
	for text(b, figure) == before {
		if time.Now().After(deadline) {
			t.Fatalf("the figure stays %q", before)
		}
	}
	if points := text(b, `document.querySelector('[data-figure] polyline').getAttribute('points').split(' ').length`); points == "1" {
		t.Error("the trend has one point only")
	}
	quiet(t, b)
}

// A fetch that comes after a calm is marked as new. Under load nothing is, for a table
// that never stops fading is drawn anew with every frame.
func TestBrowserMarksNewFetchesInACalmOnly(t *testing.T) {
	s, site := liveSite(t)
	b := browse(t)
	b.do(chromedp.Navigate(site + "/live?lang=en"))
	b.await(is(connected, "open"))
	s.Served(fetch("sendfile", 1000))
	b.await(is(rowCount, "1"))
	if class := text(b, `document.querySelector('#fetches tbody tr').className`); class != "new" {
		t.Errorf("the first fetch has the class %q", class)
	}
	over := make(chan struct{})
	served := make(chan struct{})
	go func() {
		defer close(served)
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-over:
				tick.Stop()
				return
			case <-tick.C:
				s.Served(fetch("sendfile", 1000))
			}
		}
	}()
	defer func() { close(over); <-served }()
	b.await(rowCount + ` > 10 && document.querySelector('#fetches tbody tr').className === '' && document.getAnimations().length === 0`)
}

func TestBrowserPauseHoldsAndResumeCatchesUp(t *testing.T) {
	s, site := liveSite(t)
	b := browse(t)
	b.do(chromedp.Navigate(site + "/live?lang=en"))
	b.await(is(connected, "open"))
	b.press("p")
	b.await(`document.querySelector('[data-action="pause"]').getAttribute('aria-pressed')`)
	held := text(b, figure)
	s.Served(fetch("splice", 4096))
	b.await(`/paused: \d+ s and \d+ messages? behind/.test(document.getElementById('live-state').textContent)`)
	b.await(`Number(document.getElementById('live-state').textContent.match(/and (\d+)/)[1]) > 5`)
	if got := text(b, figure); got != held {
		t.Errorf("a paused figure went from %s to %s", held, got)
	}
	if got := text(b, rowCount); got != "0" {
		t.Errorf("%s rows while paused", got)
	}
	b.press("p")
	b.await(is(rowCount, "1"))
	b.await(is(newest, "splice"))
	b.await(is(`document.getElementById('live-state').textContent`, "up to date"))
	quiet(t, b)
}

// After a lost connection the page goes on where it was: nothing is missing,
// nothing is shown twice.
func TestBrowserReconnectGoesOnBySequence(t *testing.T) {
	s, site := liveSite(t)
	b := browse(t)
	b.do(chromedp.Navigate(site + "/live?lang=en"))
	b.await(is(connected, "open"))
	s.Served(fetch("sendfile", 1000))
	b.await(is(rowCount, "1"))

	s.DropClients()
	b.await(is(connected, "waiting"))
	if got := text(b, `document.getElementById('connection').innerText`); !strings.Contains(got, "connection lost") {
		t.Errorf("the page says %q", got)
	}
	for range 3 {
		s.Served(fetch("splice", 1000))
		time.Sleep(flushed)
	}
	b.await(is(connected, "open"))
	b.await(is(rowCount, "4"))
	s.Served(fetch("mmap-write", 1000))
	b.await(is(newest, "mmap-write"))
	if got := text(b, rowCount); got != "5" {
		t.Errorf("%s rows, want 5", got)
	}
	if got := text(b, `document.getElementById('live-loss').hidden`); got != "true" {
		t.Error("the page says that messages were lost")
	}
	quiet(t, b)
}

// Another run of the server counts anew; a page that stayed open follows it.
func TestBrowserFollowsARestartedServer(t *testing.T) {
	s, site, stop := liveSiteAt(t, "127.0.0.1:0")
	b := browse(t)
	b.do(chromedp.Navigate(site + "/live?lang=en"))
	b.await(is(connected, "open"))
	for range 3 {
		s.Served(fetch("sendfile", 1000))
	}
	b.await(is(rowCount, "3"))
	stop()
	b.await(is(connected, "waiting"))
	again, _, _ := liveSiteAt(t, strings.TrimPrefix(site, "http://"))
	again.Served(fetch("splice", 1000))
	b.await(is(connected, "open"))
	b.await(is(newest, "splice"))
	b.await(is(rowCount, "1"))
	now := text(b, figure)
	b.await("String(" + figure + ") !== " + quote(now))
}

func TestBrowserLanguageThemeAndHelp(t *testing.T) {
	_, site := liveSite(t)
	b := browse(t)
	forget(t, b)
	t.Cleanup(func() { forget(t, b) })
	_, err := chromedp.Call(b.Ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
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
	b.await(is(connected, "open"))
	bright := text(b, background)

	b.press("l")
	b.arrive("/live?lang=zh&x=1")
	b.await(is(lang, "zh-Hans"))
	b.do(chromedp.Navigate(site + "/models"))
	b.await(is(lang, "zh-Hans"))

	for _, want := range []string{"light", "dark"} {
		b.press("t")
		b.await(is(theme, want))
	}
	if got := text(b, background); got == bright {
		t.Errorf("the dark theme has the ground %s of the light one", got)
	}
	b.do(chromedp.Navigate(site + "/live"))
	b.await(is(theme, "dark"))
	text(b, `document.cookie = 'theme=; path=/; max-age=0'`)
	b.do(chromedp.Navigate(site + "/models"))
	b.await(is(theme, "dark")) // from the storage

	b.press("?")
	b.await(help)
	b.press("\x1b")
	b.await(is(help, "false"))

	quiet(t, b)
	b.mu.Lock()
	defer b.mu.Unlock()
	for asked := range b.hosts {
		if "http://"+asked != site {
			t.Errorf("the pages asked another host: %s", asked)
		}
	}
}

// A disk that is plugged in gets a row in its group, and loses it when it goes;
// connections are listed; the rate that is chosen is told to every page.
func TestBrowserFollowsDevicesConnectionsAndTheRate(t *testing.T) {
	var plugged atomic.Bool
	half := 0.5
	of := func(name, of string, unit host.Unit) host.Figure {
		return host.Figure{Name: name, Of: of, Value: &half, Unit: unit, Provenance: trace.Measured}
	}
	site := sampledSite(t, web.Config{
		Broker: quietBroker{}, SampleEvery: 50 * time.Millisecond,
		Sample: func() (host.Sample, error) {
			sample := host.Sample{At: time.Now(), Interval: 50 * time.Millisecond, Figures: []host.Figure{of("cpu_user", "", host.Ratio), of("disk_busy", "sda", host.Ratio)}}
			if plugged.Load() {
				sample.Figures = append(sample.Figures, of("disk_busy", "sdb", host.Ratio))
				sample.Connections = []host.Connection{{ID: 1, Peer: "192.0.2.7:4711", Congestion: "cubic", Figures: []host.Figure{
					of("sent", "", host.BytesPerSecond), {Name: "rtt", Unit: host.Seconds, Provenance: trace.Unavailable, Reason: "TCP_INFO has no rtt on this kernel"},
				}}}
				sample.Unfollowed = 3
			}
			return sample, nil
		},
	})
	b := browse(t)
	b.do(chromedp.Navigate(site + "/live?lang=zh"))
	b.await(is(connected, "open"))
	const disks = `[...document.querySelectorAll('[data-group="disk"] th')].map((th) => th.textContent).join()`
	b.await(is(disks, "sda 繁忙"))
	plugged.Store(true)
	b.await(is(disks, "sda 繁忙,sdb 繁忙"))
	const cell = `document.querySelector('#connections [data-field="%s"]')`
	b.await(is(strings.Replace(cell, "%s", "peer", 1)+`?.textContent`, "192.0.2.7:4711"))
	b.await(is(strings.Replace(cell, "%s", "rtt", 1)+`?.textContent`, "–"))
	if title := text(b, strings.Replace(cell, "%s", "rtt", 1)+".title"); title != "此内核的 TCP_INFO 没有 rtt" {
		t.Errorf("a figure that lacks is explained by %q", title)
	}
	if more := text(b, `document.getElementById('connections-more').textContent`); !strings.Contains(more, "3") {
		t.Errorf("of more connections the page says %q", more)
	}
	plugged.Store(false)
	b.await(is(disks, "sda 繁忙"))
	b.await(is(`document.getElementById('connections').children.length`, "0"))

	other := browse(t)
	other.do(chromedp.Navigate(site + "/live?lang=en"))
	other.await(is(connected, "open"))
	eval[bool](b, `((rate) => { rate.value = '5'; return rate.dispatchEvent(new Event('change')); })(document.getElementById('live-rate'))`)
	other.await(is(`document.getElementById('live-rate').value`, "5"))
	quiet(t, b)
	quiet(t, other)
}
