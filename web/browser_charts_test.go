package web_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/web"
)

// labBroker has the topic for the load, and a load that moves 1 GB/s by the path
// that is set, as far as the counters tell.
type labBroker struct {
	mu    sync.Mutex
	path  string
	runs  bool
	moved map[string]web.PathTraffic
	at    time.Time
}

const labTopic = "copyscope-lab"

func (*labBroker) Addr() string { return "127.0.0.1:19092" }

func (b *labBroker) Topics() []web.Topic {
	b.mu.Lock()
	defer b.mu.Unlock()
	return []web.Topic{{Name: labTopic, Partitions: 4, Records: 64, Bytes: 64 << 20, FetchPath: b.path}}
}

func (*labBroker) Paths() []string { return []string{"read-write", "mmap-write", "sendfile", "splice"} }

func (b *labBroker) SetFetchPath(_ context.Context, topic, path string) (string, error) {
	if topic != labTopic {
		return "", errors.New("there is no topic " + topic)
	}
	b.traffic()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.path = path; path == "" {
		b.path = "sendfile"
	}
	return "", nil
}

func (*labBroker) Fill(context.Context, string, int64) error { return nil }

func (b *labBroker) Fetch(ctx context.Context, _ string, _ int64, d time.Duration) (string, error) {
	b.mu.Lock()
	b.runs, b.at = true, time.Now()
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		b.runs = false
		b.mu.Unlock()
	}()
	select {
	case <-ctx.Done():
		return "cubic", context.Cause(ctx)
	case <-time.After(d):
		return "cubic", nil
	}
}

func (b *labBroker) traffic() web.Traffic {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.runs {
		p := b.moved[b.path]
		grown := time.Since(b.at) &^ (1<<20 - 1) // whole MiB, of four calls each
		p.Bytes += int64(grown)
		p.Syscalls = p.Bytes >> 18
		b.moved[b.path], b.at = p, b.at.Add(grown)
	}
	t := web.Traffic{Paths: map[string]web.PathTraffic{}}
	for name, p := range b.moved {
		t.Paths[name] = p
		t.CPU += time.Duration(p.Bytes / 5)
	}
	return t
}

// chartSite serves a live page with a broker, a load and a figure that swings.
func chartSite(t *testing.T) string {
	t.Helper()
	b := &labBroker{path: "sendfile", moved: map[string]web.PathTraffic{}}
	n := 0
	return sampledSite(t, web.Config{
		Broker: b, Load: b, Traffic: b.traffic, SampleEvery: 50 * time.Millisecond,
		Sample: func() (host.Sample, error) {
			n++
			v := 1000 + 900*math.Sin(float64(n)/5)
			return host.Sample{At: time.Now(), Figures: []host.Figure{
				{Name: "cpu_context_switches", Value: &v, Unit: host.PerSecond, Provenance: trace.Measured},
			}}, nil
		},
	})
}

const (
	chartsReady = `document.querySelector('.live-charts')?.dataset.ready === 'true'`
	// inked scrolls to a chart, as charts that nobody sees are not drawn, and counts the
	// pixels of its first line.
	inked = `((name) => {
		const canvas = document.querySelector('[data-chart="' + name + '"] canvas');
		canvas.scrollIntoView({ block: 'nearest' });
		const colour = getComputedStyle(document.documentElement).getPropertyValue('--dma').trim();
		const want = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
		const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
		let n = 0;
		for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255 && want.every((v, k) => Math.abs(data[i + k] - v) < 3)) n += 1;
		return n;
	})`
	twinFirst = `document.querySelector('#twin-rows th')?.textContent`
)

// The charts are drawn by the library that is served from here, in the theme's
// colours, under a policy that allows no inline script or style.
func TestBrowserChartsAreDrawnInTheThemesColours(t *testing.T) {
	site := chartSite(t)
	b := browse(t)
	forget(t, b)
	t.Cleanup(func() { forget(t, b) })
	b.do(chromedp.Navigate(site + "/live?lang=en&theme=light"))
	b.await(chartsReady)
	if got := text(b, `document.querySelectorAll('.plot canvas').length`); got != "5" { // of the nine, those that there are figures for
		t.Errorf("%s charts", got)
	}
	b.await(inked + `('switches') > 50`)
	b.press("t") // dark
	b.await(inked + `('switches') > 50`)
	if got := text(b, `document.querySelector('[data-series="cpu_context_switches"] .prov').textContent.trim()`); got != "measured" {
		t.Errorf("the legend says %q", got)
	}
	quiet(t, b)
	b.mu.Lock()
	defer b.mu.Unlock()
	for asked := range b.hosts {
		if "http://"+asked != site {
			t.Errorf("the page asked another host: %s", asked)
		}
	}
}

// Pausing holds the charts, the table twin and CSV, which agree; resuming catches
// up. The cursor goes by keys and says what it is on.
func TestBrowserChartsPauseTwinAndCSV(t *testing.T) {
	site := chartSite(t)
	b := browse(t)
	t.Cleanup(func() { forget(t, b) })
	b.do(chromedp.Navigate(site + "/live?lang=en"))
	b.await(chartsReady)
	eval[bool](b, `(() => {
		URL.createObjectURL = (blob) => { blob.text().then((text) => { window.csv = text; }); return '#'; };
		document.getElementById('chart-twin').open = true;
		document.getElementById('live-range').value = '10';
		return document.getElementById('live-range').dispatchEvent(new Event('change'));
	})()`)
	b.await(`document.querySelectorAll('#twin-rows tr').length > 5`)
	b.press("p")
	b.await(`document.querySelector('[data-action="pause"]').getAttribute('aria-pressed') === 'true'`)
	time.Sleep(flushed) // the frame in which it is drawn once more
	held := text(b, twinFirst)
	b.await(`Number(document.getElementById('live-state').textContent.match(/and (\d+)/)[1]) > 20`)
	b.press("t") // the charts are drawn anew, of what is held
	time.Sleep(flushed)
	if got := text(b, twinFirst); got != held {
		t.Errorf("while paused the newest row went from %s to %s", held, got)
	}
	eval[bool](b, `document.querySelector('[data-action="csv"]').click() ?? true`)
	b.await(`window.csv`)
	const asCSV = `[...document.querySelectorAll('#twin-rows tr')].map((row) => [...row.children].map((c) => c.textContent).join(',')).reverse().join('\r\n')`
	if got := text(b, `window.csv.split('\r\n').slice(1, -1).slice(-120).join('\r\n') === `+asCSV); got != "true" {
		t.Errorf("the table says\n%.300s\nand CSV\n%.300s", text(b, asCSV), text(b, "window.csv"))
	}

	eval[bool](b, `document.querySelector('[data-chart="switches"] .plot').focus() ?? true`)
	do := func(keys ...string) {
		for _, k := range keys {
			b.press(k)
		}
	}
	do("\u0302", "\u0302") // left
	b.await(`/whole host [\d,.]+\/s/.test(document.getElementById('chart-cursor').textContent)`)
	before := text(b, `document.getElementById('chart-cursor').textContent`)
	do("\u0302")
	b.await(`document.getElementById('chart-cursor').textContent !== ` + quote(before))
	do("\x1b")
	b.await(`document.getElementById('chart-cursor').textContent === ''`)

	b.press("p")
	b.await(twinFirst + " !== " + quote(held))
	quiet(t, b)
}

// The path is flipped by keys under a load: the charts are marked, and the table
// fills.
func TestBrowserFlipUnderLoad(t *testing.T) {
	site := chartSite(t)
	b := browse(t)
	b.do(chromedp.Navigate(site + "/live?lang=en"))
	b.await(chartsReady)
	b.await(is(connected, "open"))
	eval[bool](b, `document.querySelector('[data-action="load-start"]').click() ?? true`)
	const rows = `[...document.querySelectorAll('#load-rows tr')].map((row) => row.querySelector('[data-field="path"]').textContent).join()`
	b.await(is(rows, "sendfile"))
	const said = `document.getElementById('load-state').textContent`
	other := browse(t)
	other.do(chromedp.Navigate(site + "/live?lang=en"))
	other.await(said + `.includes("begun by another page")`)
	if own := text(b, said); strings.Contains(own, "another page") {
		t.Errorf("the page that began the load says %q", own)
	}
	pressed := func(path string) {
		b.await(`document.querySelector('[data-path="` + path + `"]').getAttribute('aria-pressed') === 'true'`)
	}
	pressed("sendfile")
	b.press("1")
	pressed("read-write")
	b.await(is(rows, "read-write,sendfile"))
	b.press("4")
	pressed("splice")
	b.await(is(rows, "read-write,sendfile,splice"))
	if got := text(b, `document.querySelector('#load-rows [data-field="cost"]').textContent`); got != "200 ms/GB" {
		t.Errorf("CPU is %q", got)
	}
	b.press("x")
	b.await(is(`document.getElementById('load').dataset.phase`, "done"))
	pressed("sendfile") // it is put back
	if fill := text(b, `getComputedStyle(document.querySelector('[data-path="sendfile"]')).backgroundColor`); fill != "rgba(0, 0, 0, 0)" {
		t.Errorf("after the load the path of its topic is filled with %s, as while it serves", fill)
	}
	other.await(said + `.includes("ended at") && ` + said + `.includes("begun by another page")`)
	b.await(said + `.includes("ended at") && !` + said + `.includes("another page")`)
	if got := text(b, `document.getElementById('load-congestion').textContent`); !strings.Contains(got, "cubic") {
		t.Errorf("of the sockets the page says %q", got)
	}
	marked := func() {
		t.Helper()
		eval[bool](b, `import(document.querySelector('script[src*="live/live.js"]').src).then((m) => { window.store = m.store; }) && true`)
		b.await(`window.store`)
		b.await(is(`window.store.marks.map((m) => m.kind + ' ' + m.path).join()`, "begin sendfile,path read-write,path splice,end sendfile"))
	}
	marked()
	eval[bool](b, `(document.getElementById('chart-twin').open = true)`) // the marks have a twin, too
	b.await(`document.getElementById('twin-rows').textContent.includes('read-write') && document.getElementById('twin-rows').textContent.includes('splice')`)
	phone := emulation.SetDeviceMetricsOverrideParams{Width: 360, Height: 740, DeviceScaleFactor: 1, Mobile: true}
	if _, err := chromedp.Call(b.Ctx, emulation.SetDeviceMetricsOverride, phone); err != nil {
		t.Fatal(err)
	}
	b.await(`document.documentElement.scrollWidth <= 360`) // tables scroll in boxes of their own
	b.do(chromedp.Navigate(site + "/live?lang=en"))        // the marks and the result outlive the page
	b.await(chartsReady)
	b.await(is(rows, "read-write,sendfile,splice"))
	marked()
	quiet(t, b)
}

// pretendSocket is a websocket that a test speaks through.
const pretendSocket = `window.WebSocket = class extends EventTarget {
	static OPEN = 1;
	static CLOSED = 3;
	constructor() {
		super();
		this.readyState = 0;
		window.feed = this;
		setTimeout(() => { this.readyState = 1; this.dispatchEvent(new Event('open')); });
	}
	send(text) {
		const m = JSON.parse(text);
		if (m.type === 'hello') this.say('welcome', { server: m.body.server });
	}
	say(type, body, seq) {
		this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify({ v: 1, type, seq, body }) }));
	}
};`

// An hour of samples at the highest rate, paused now and then, takes no more memory than
// half of it.
func TestBrowserChartsTakeNoMoreMemoryInAnHour(t *testing.T) {
	site := chartSite(t)
	b := browse(t)
	if _, err := chromedp.Call(b.Ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: pretendSocket}); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate(site + "/live?lang=en"))
	b.await(chartsReady)
	eval[bool](b, `import(document.querySelector('script[src*="live/live.js"]').src).then((m) => { window.store = m.store; }) && true`)
	b.await(`window.store`)
	// push shows n samples, a tenth of a second apart, some in every frame.
	const push = `((n) => {
		window.pushed = false;
		window.seq ??= 1e9;
		window.at ??= Date.now() + 1000;
		const names = ['broker_sent', 'broker_cpu_per_gb', 'broker_syscalls', 'cpu_context_switches', 'process_pss'];
		const some = () => {
			for (let i = 0; i < 300 && n > 0; i += 1, n -= 1) {
				window.seq += 1;
				window.at += 100;
				feed.say('live.sample', { at: window.at, time: '', interval: '0.1 s', connections: [], unfollowed: 0, hidden: {},
					figures: names.map((name, k) => ({ name, value: Math.random() * 10 ** k, text: String(n), provenance: 'measured' })) }, window.seq);
				if (n === 2000 || n === 1000) document.querySelector('[data-action="pause"]').click();
			}
			if (n > 0) requestAnimationFrame(some);
			else window.pushed = true;
		};
		some();
		return true;
	})`
	halfAnHour := func() {
		t.Helper()
		for range 6 {
			eval[bool](b, push+`(3000)`)
			b.await(`window.pushed`)
		}
	}
	heap := func() float64 {
		t.Helper()
		if _, err := chromedp.Call(b.Ctx, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
			t.Fatal(err)
		}
		used, err := chromedp.Call(b.Ctx, runtime.GetHeapUsage, cdp.Empty{})
		if err != nil {
			t.Fatal(err)
		}
		return used.UsedSize + used.BackingStorageSize
	}
	halfAnHour()
	length, half := text(b, `store.length`), heap()
	halfAnHour()
	if got := text(b, `store.length`); got != length || got != text(b, `store.capacity`) {
		t.Errorf("%s samples are kept after an hour, %s after half of it", got, length)
	}
	whole := heap()
	t.Logf("%.2f MB after half an hour, %.2f MB after an hour", half/1e6, whole/1e6)
	if whole > half+2e6 {
		t.Errorf("the heap went from %s to %s", fmt.Sprintf("%.1f MB", half/1e6), fmt.Sprintf("%.1f MB", whole/1e6))
	}
	quiet(t, b)
}
