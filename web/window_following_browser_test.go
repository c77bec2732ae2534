package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// wholeLog is the log of a run with all its events.
func wholeLog(t *testing.T, text string) *trace.Log {
	t.Helper()
	s, err := lab.ParseScenario(text, lab.Scenario{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := lab.New(t.TempDir()).Run(t.Context(), s, lab.Options{Whole: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return r.Log
}

// matched is the first step of a run after which as many bytes were sent as after
// a step of another, or the last that has begun when that one begins.
func matched(align string, leading *trace.Log, step int, other *trace.Log) int {
	if step == 0 {
		return 0
	}
	if align == "time" {
		k := 0
		for k < other.Len() && other.Event(k).At <= leading.Event(step-1).At {
			k++
		}
		return k
	}
	sent := func(l *trace.Log, k int) float64 { return l.CounterAt(k).Count(trace.BytesSent).Value }
	want := sent(leading, step)
	low, high := 0, other.Len()
	for low < high {
		if k := (low + high) / 2; sent(other, k) < want {
			low = k + 1
		} else {
			high = k
		}
	}
	return low
}

// Long runs are matched by bytes and by time: one lane leads, and the server finds
// the steps of the others beyond what the page has of them.
func TestScopeMatchesLongRuns(t *testing.T) {
	base := serve(t, newKeptLab(t))
	b := browse(t)
	slow := longStory + ",profile=hdd-1g"
	other := "sendfile" + strings.TrimPrefix(longStory, "read-write")
	short := strings.Replace(longStory, "size=16MiB", "size=64KiB", 1)
	for _, c := range []struct {
		align        string
		lanes        [2]string
		leads, other int // of the lanes
		step         int
	}{
		{"bytes", [2]string{longStory, other}, 0, 1, 30_000},
		{"time", [2]string{longStory, slow}, 0, 1, 30_000},
		{"bytes", [2]string{longStory, short}, 0, 1, 500},
		{"time", [2]string{short, longStory}, 1, 0, 150}, // what is short follows
	} {
		t.Run(fmt.Sprintf("%s %d leads", c.align, c.leads), func(t *testing.T) {
			b.t = t
			logs := [2]*trace.Log{wholeLog(t, c.lanes[0]), wholeLog(t, c.lanes[1])}
			check := func(step int) {
				t.Helper()
				b.await(fmt.Sprintf(`document.querySelector('#lane-%c').dataset.step === '%d'`, 'a'+c.leads, step))
				want := matched(c.align, logs[c.leads], step, logs[c.other])
				b.await(fmt.Sprintf(`document.querySelector('#lane-%c').dataset.step === '%d'`, 'a'+c.other, want))
				b.await(fmt.Sprintf(`!document.querySelector('#lane-%c [data-part="where"]').textContent.includes('…')`, 'a'+c.other))
			}
			b.openLong(base, c.step, "&align="+c.align, c.lanes[0], c.lanes[1])
			check(c.step)
			for range 3 {
				b.press(kb.ArrowRight)
			}
			check(c.step + 3)
			last := logs[c.leads].Len()
			for _, share := range []float64{0.9, 0.2, 0.6} { // the last of them counts
				b.scrub(int(share * float64(last)))
			}
			check(int(0.6 * float64(last)))
		})
	}
}

// scrub moves the scrubber to a step.
func (b *tab) scrub(step int) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`(() => { const s = document.querySelector('[data-part="scrubber"]'); s.value = %d; return s.dispatchEvent(new Event('input', { bubbles: true })); })()`, step))
}
