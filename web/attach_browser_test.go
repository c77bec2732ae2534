package web_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"copyscope/internal/attach"
	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/web"
)

// scriptedAttacher watches as a test tells it to: it shows the reports that come
// through its channel, and ends with the last one when that is closed.
type scriptedAttacher struct{ reports chan *attach.Report }

func (scriptedAttacher) Able(context.Context) host.Check { return host.Check{Status: host.Active} }

func (scriptedAttacher) Listeners() (host.Listening, error) {
	return host.Listening{Processes: []host.Listener{{PID: 12, Name: "nginx", Ports: []int{80}}, {PID: 40, Name: "java", Ports: []int{9092}}}}, nil
}

func (scriptedAttacher) OfPort(int) ([]int, error) { return []int{12}, nil }

func (a scriptedAttacher) Watch(ctx context.Context, w web.AttachWatch) (*web.Attached, error) {
	last := nginxSeen(0, 0)
	for {
		select {
		case r, ok := <-a.reports:
			if !ok {
				return &web.Attached{Report: last, Profile: []byte("x"), Stacks: nginxStacks()}, nil
			}
			last = r
			w.Snapshot(r)
		case <-ctx.Done():
			if w.Samples {
				last.Notes = append(last.Notes, "samples were asked for")
			}
			if w.Follow {
				last.Notes = append(last.Notes, "descendants were asked for")
			}
			return &web.Attached{Report: last, NoProfile: "it was stopped"}, nil
		}
	}
}

func nginxStacks() *web.CopyStack {
	return &web.CopyStack{Bytes: 1000, Children: []*web.CopyStack{{Name: "main", Bytes: 1000, Children: []*web.CopyStack{
		{Name: "ngx_read", Bytes: 600, Children: []*web.CopyStack{{Name: "pread64", Bytes: 600}}},
		{Name: "ngx_write", Bytes: 400, Children: []*web.CopyStack{{Name: "writev", Bytes: 400}}},
	}}}}
}

// nginxSeen is a report of so many bytes and lost records.
func nginxSeen(bytes float64, lost int64) *attach.Report {
	no := false
	r := &attach.Report{
		Schema: 1, ForNs: 1e9, Hits: 100, Lost: lost, OwnCPU: trace.Count{Value: 1e6, Provenance: trace.Measured}, CPU: trace.Count{Value: 2e6, Provenance: trace.Measured}, CopyCPU: trace.Count{Provenance: trace.Unavailable, Reason: "not measurable here, because no read of what was sent was seen"},
		Processes: []attach.Process{{PID: 12, Name: "nginx", Runtime: "nginx", Threads: 1}}, Calls: map[string]*attach.Tally{},
		Sentence: "nginx: nothing that was seen went from a file or a socket to a socket or a file. Was there traffic? Send it a request while copyscope watches.",
	}
	if bytes > 0 {
		r.Verdict = attach.Verdict{ZeroCopy: &no, Kind: "file-to-socket"}
		r.Sentence = "nginx: 1.0 MiB from files to sockets: read-write, 2 CPU copies per byte; sendfile is off, or a filter (gzip, sub_filter, ssi, a body in memory) wants the bytes"
		r.Advice = "`sendfile on;` would make it 0"
		r.Calls["pread64"] = &attach.Tally{Calls: 8, Bytes: int64(bytes)}
		r.Paths = []attach.Path{{
			From: attach.End{Kind: attach.File, Name: "/srv/" + strings.Repeat("a-long-name-", 12) + ".bin"}, To: attach.End{Kind: attach.Socket, Name: "tcp port 80"},
			Kind: "file-to-socket", Technique: attach.ReadWrite, Calls: map[string]int64{"pread64": 8},
			Techniques: []attach.Share{{Technique: attach.ReadWrite, Share: 1, Evidence: "written from the address that it was read to"}},
			Bytes:      trace.Count{Value: bytes, Provenance: trace.Measured}, SourceBytes: trace.Count{Value: bytes, Provenance: trace.Measured},
			CPUCopiesPerByte: trace.Count{Value: 2, Provenance: trace.Derived}, ModeSwitches: trace.Count{Value: 32, Provenance: trace.Derived},
		}}
	}
	return r
}

func attachSite(t *testing.T) (s *web.Server, site string, reports chan *attach.Report) {
	t.Helper()
	reports = make(chan *attach.Report)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err = web.New(web.Config{Addr: listener.Addr().String(), Version: "test", Attach: scriptedAttacher{reports}})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s.Handler()}
	go server.Serve(listener)
	t.Cleanup(func() { s.Close(); server.Close() })
	return s, "http://" + listener.Addr().String(), reports
}

// settle is longer than the pause between two messages of a watch.
const settle = 300 * time.Millisecond

func visible(selector string) string {
	return `(document.querySelector(` + quote(selector) + `)?.getClientRects().length ?? 0) > 0`
}

const (
	attachPhase  = `document.getElementById('attach-now').dataset.phase`
	attachBytes  = `document.querySelector('.way [data-number="bytes"] .value')?.textContent`
	startOfNginx = `[...document.querySelectorAll('[data-pids="12"]')][0]`
	focusedFrame = `document.activeElement.querySelector('text')?.textContent`
)

func TestBrowserWatchesAProcess(t *testing.T) {
	s, site, reports := attachSite(t)
	b := browse(t)
	b.do(chromedp.Navigate(site + "/attach?lang=en"))
	b.await(is(connected, "open"))
	if got := eval[bool](b, visible("#attach-now")) || eval[bool](b, visible("#attach-report")); got {
		t.Error("before a watch the page shows one")
	}
	b.do(chromedp.Evaluate[chromedp.Void](`{ const f = document.getElementById('attach-form'); f.seconds.value = 30; f.seconds.dispatchEvent(new Event('input')); }`))
	if got := text(b, startOfNginx+".textContent"); got != "Watch 30 s" {
		t.Errorf("the button reads %q", got)
	}
	b.do(chromedp.Evaluate[chromedp.Void](startOfNginx + ".click()"))
	b.await(is(attachPhase, "watching"))
	b.await(startOfNginx + ".disabled")
	time.Sleep(settle)
	reports <- nginxSeen(1<<20, 0)
	b.await(is(attachBytes, "1 MiB"))
	if eval[bool](b, visible(".gap")) {
		t.Error("a gap is shown where nothing was lost")
	}
	b.do(chromedp.Evaluate[chromedp.Void](`window.kept = document.querySelector('.way')`))

	other := browse(t) // sees the same watch, and cannot begin another
	other.do(chromedp.Navigate(site + "/attach?lang=zh"))
	other.await(is(connected, "open"))
	other.await(is(attachPhase, "watching"))
	other.await(startOfNginx + ".disabled")
	other.await(is(attachBytes, "1 MiB"))
	if got := text(other, `document.querySelector('.sentence').textContent`); !strings.Contains(got, "每字节 2 次 CPU 拷贝") {
		t.Errorf("in Chinese: %q", got)
	}

	s.DropClients() // the connection comes back and goes on
	time.Sleep(settle)
	reports <- nginxSeen(3<<20, 5)
	for _, page := range []*tab{b, other} {
		page.await(is(attachBytes, "3 MiB"))
		page.await(visible(".gap"))
	}
	if !eval[bool](b, `window.kept === document.querySelector('.way')`) {
		t.Error("news replaced the rows: whoever reads or has focus there loses the place")
	}
	if got := text(b, `document.querySelector('.gap').innerText`); !strings.Contains(got, "5 records") {
		t.Errorf("the gap reads %q", got)
	}
	if got := text(b, `document.querySelector('.way [data-number="copies"]').innerText.replace(/\s+/g, ' ')`); got != "2.00 derived" {
		t.Errorf("copies per byte: %q", got)
	}
	close(reports)
	b.await(is(attachPhase, "done"))
	b.await("!" + startOfNginx + ".disabled")
	b.await(visible(".flame"))
	b.await(visible("#attach-pprof"))
	for _, file := range []string{"#attach-json", "#attach-pprof"} {
		answer, err := http.Get(text(b, `document.querySelector(`+quote(file)+`).href`))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s answers %d", file, answer.StatusCode)
		}
	}
	quiet(t, b)
	quiet(t, other)
}

// The flame graph is read, walked through and zoomed by keys alone.
func TestBrowserFlameGraphByKeyboard(t *testing.T) {
	_, site, reports := attachSite(t)
	b := browse(t)
	b.do(chromedp.Navigate(site + "/attach?lang=en"))
	b.await(is(connected, "open"))
	b.do(chromedp.Evaluate[chromedp.Void](startOfNginx + ".click()"))
	b.await(is(attachPhase, "watching"))
	close(reports)
	b.await(visible(".flame"))
	b.do(chromedp.Navigate(site + "/attach?lang=en")) // drawn by the server this time
	b.await(is(connected, "open"))
	if n := text(b, `document.querySelectorAll('.flame [tabindex="0"]').length`); n != "1" {
		t.Errorf("%s frames are in the order of Tab, want one", n)
	}
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('.frame').focus()`))
	width := func(name string) string {
		return text(b, `Math.round(parseFloat([...document.querySelectorAll('.frame')].find(f => f.querySelector('text').textContent === `+quote(name)+`).getAttribute('width')))`)
	}
	hidden := func(name string) bool {
		return eval[bool](b, `[...document.querySelectorAll('.frame')].find(f => f.querySelector('text').textContent === `+quote(name)+`).getBoundingClientRect().width === 0`)
	}
	for _, step := range []struct{ key, at string }{
		{kb.ArrowDown, "main"}, {kb.ArrowDown, "ngx_read"}, {kb.ArrowRight, "ngx_write"}, {kb.ArrowRight, "ngx_write"}, {kb.ArrowDown, "writev"}, {kb.ArrowUp, "ngx_write"}, {kb.ArrowLeft, "ngx_read"}, {kb.ArrowRight, "ngx_write"},
	} {
		b.press(step.key)
		if got := text(b, focusedFrame); got != step.at {
			t.Fatalf("focus is on %q, want %s", got, step.at)
		}
	}
	if got := text(b, `document.getElementById('flame-told').textContent`); got != "ngx_write: 400 B, 40 %" {
		t.Errorf("it is told %q", got)
	}
	if width("ngx_write") != "40" {
		t.Errorf("ngx_write has %s %% of the width, want 40", width("ngx_write"))
	}
	b.press(kb.Enter)
	if width("ngx_write") != "100" || width("writev") != "100" || width("main") != "100" || !hidden("ngx_read") || !hidden("pread64") || hidden("main") || hidden("nginx (pid 12)") {
		t.Errorf("zoomed in: ngx_write %s, writev %s, main %s; ngx_read is hidden: %v", width("ngx_write"), width("writev"), width("main"), hidden("ngx_read"))
	}
	b.press(kb.Home)
	if width("ngx_write") != "40" || hidden("ngx_read") {
		t.Errorf("zoomed out: ngx_write %s, ngx_read is hidden: %v", width("ngx_write"), hidden("ngx_read"))
	}
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll('.frame')[2].dispatchEvent(new MouseEvent('click', {bubbles: true}))`))
	if width("ngx_read") != "100" || !eval[bool](b, visible("#flame-reset")) {
		t.Error("a click does not zoom")
	}
	quiet(t, b)
}

func TestBrowserStopsAWatchByKey(t *testing.T) {
	_, site, _ := attachSite(t)
	b := browse(t)
	b.do(chromedp.Navigate(site + "/attach?lang=en"))
	b.await(is(connected, "open"))
	b.do(chromedp.Evaluate[chromedp.Void](`{ const f = document.getElementById('attach-form'); f.number.value = 80; f.samples.click(); f.follow.click(); f.requestSubmit(); }`))
	b.await(is(attachPhase, "watching"))
	b.press("x")
	b.await(is(attachPhase, "done"))
	b.await(`document.getElementById('flame-none').textContent.includes('it was stopped')`)
	b.await(`document.querySelector('#attach-report .notes').textContent.includes('samples were asked for')`)
	b.await(`document.querySelector('#attach-report .notes').textContent.includes('descendants were asked for')`)
	if eval[bool](b, visible("#attach-stop")) {
		t.Error("what is over can still be stopped")
	}
	quiet(t, b)
}

func TestBrowserAttachFitsNarrowScreens(t *testing.T) {
	_, site, reports := attachSite(t)
	b := browse(t)
	for _, lang := range []string{"en", "zh"} {
		b.do(chromedp.Navigate(site + "/attach?lang=" + lang))
		b.await(is(connected, "open"))
		if lang == "en" {
			b.do(chromedp.Evaluate[chromedp.Void](startOfNginx + ".click()"))
			b.await(is(attachPhase, "watching"))
			time.Sleep(settle)
			reports <- nginxSeen(1<<20, 3)
			b.await(is(attachBytes, "1 MiB"))
			close(reports)
			b.await(visible(".flame"))
		}
		for _, screen := range [][2]int{{390, 844}, {768, 1024}, {1440, 900}} {
			b.size(screen[0], screen[1])
			if wide := eval[int](b, `document.documentElement.scrollWidth`); wide > screen[0] {
				t.Errorf("%s: a screen of %d px is scrolled sideways: %d px", lang, screen[0], wide)
			}
		}
	}
	quiet(t, b)
}
