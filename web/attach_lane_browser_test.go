package web_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"copyscope/internal/trace"
	"copyscope/web"
)

// keepingAttacher is a host whose watches keep what comes through the channel; nil:
// they saw no call.
type keepingAttacher struct {
	scriptedAttacher
	runs chan *trace.Run
}

func (a keepingAttacher) Watch(_ context.Context, w web.AttachWatch) (*web.Attached, error) {
	return &web.Attached{Report: nginxSeen(1<<20, 0), NoProfile: "this is a test", Trace: <-a.runs}, nil
}

// From a watch to its lane: the page leads there, the address names it, the lane is
// measured and can be stepped, and it says what it does not know. Another browser gets
// it from the server, as long as it is the last; this one keeps it. The scope adds the
// next watch as a lane beside it.
func TestBrowserShowsAWatchAsALane(t *testing.T) {
	runs := make(chan *trace.Run, 3)
	site := serveWith(t, web.Config{Lab: newKeptLab(t), Attach: keepingAttacher{runs: runs}})
	b := browse(t)
	b.do(chromedp.Navigate(address(site, 0, story)))
	b.await(`document.querySelector('.scope')?.dataset.ready === 'true'`)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('[data-action="add-watch"]').click()`))
	b.await(visible(`[data-part="no-watch"] a[href="/attach"]`)) // nothing was watched yet

	b.do(chromedp.Navigate(site + "/attach?lang=en"))
	b.await(is(connected, "open"))
	if eval[bool](b, visible("#attach-lane")) {
		t.Error("before a watch the page offers its lane")
	}
	copies, sends := web.NginxTrace(t, 5, 3, "pread64", "write"), web.NginxTrace(t, 9, 3, "sendfile")
	watchIt := func(run *trace.Run, offered string) {
		runs <- run
		b.do(chromedp.Evaluate[chromedp.Void](startOfNginx + ".click()"))
		b.await(is(attachPhase, "done"))
		b.await(offered)
	}
	watchIt(nil, "!"+visible("#attach-lane")) // a watch without calls has none
	watchIt(copies, visible("#attach-lane"))
	if got := text(b, `document.getElementById('attach-kept').textContent`); !strings.Contains(got, "5 calls") {
		t.Errorf("the page says %q", got)
	}
	to := text(b, `document.getElementById('attach-scope').href`)
	parsed, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	source := parsed.Query().Get("a")
	b.do(chromedp.Evaluate[chromedp.Void](`document.getElementById('attach-scope').click()`))
	ready := `document.querySelector('.scope')?.dataset.ready === 'true'`
	b.await(`location.pathname === '/scope' && ` + ready)
	holds := func(page *tab, lane string, run *trace.Run) {
		t.Helper()
		page.press(kb.End)
		got := page.view().Lanes[lane]
		for name, value := range run.CountsAt(len(run.Events)).Counts() {
			want := ""
			if value.Known() {
				want = eval[string](page, fmt.Sprintf(`String(%v)`, value.Value))
			}
			if got.Counts[string(name)] != want {
				t.Errorf("lane %s has %s = %q, want %q", lane, name, got.Counts[string(name)], want)
			}
		}
		if got.Step != len(run.Events) {
			t.Errorf("lane %s ends at step %d, want %d", lane, got.Step, len(run.Events))
		}
	}
	holds(b, "a", copies)
	title := text(b, `document.querySelector('#lane-a [data-part="title"]').innerText`)
	if !strings.Contains(title, "attach-nginx-12-") || !strings.Contains(strings.ToLower(title), "measured") {
		t.Errorf("the lane is called %q", title)
	}
	if notes := text(b, `document.querySelector('#lane-a [data-part="notes"]').innerText`); !strings.Contains(notes, "1 before them were not kept") || !strings.Contains(notes, "no waits") {
		t.Errorf("the lane's notes are %q", notes)
	}
	b.press(kb.Home)
	b.press(kb.ArrowRight)
	if v := b.view(); v.Lanes["a"].Step != 1 {
		t.Errorf("a step leads to %d", v.Lanes["a"].Step)
	}

	other := browse(t) // has no such file, and finds it where it is
	other.do(chromedp.Navigate(site + "/scope?lang=en&a=" + url.QueryEscape(source)))
	other.await(ready)
	holds(other, "a", copies)

	b.do(chromedp.Navigate(site + "/attach?lang=en"))
	b.await(is(connected, "open"))
	watchIt(sends, `document.getElementById('attach-kept').textContent.includes('3 calls')`)
	b.do(chromedp.Navigate(to)) // the server has another now, this browser still has it
	b.await(ready)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('[data-action="add-watch"]').click()`))
	b.await(`document.querySelector('#lane-b')?.dataset.status === 'ready' && ` + ready)
	b.press(kb.End)
	if got := b.view().Lanes["b"].Counts["descriptors"]; got == "" || got == "0" {
		t.Errorf("lane b has %q descriptors", got)
	}
	holds(b, "a", copies)
}
