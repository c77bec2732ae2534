package web_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// longStory is a run of some 60,000 events.
const longStory = "read-write,side=sim,model=textbook,cache=cold,net=nic,dma=on,sg=on,size=16MiB,chunk=4KiB"

// openLong opens long runs at a step and waits until they are kept and shown.
func (b *tab) openLong(base string, step int, more string, lanes ...string) {
	b.t.Helper()
	b.open(address(base, step, lanes...) + more)
	b.await(fmt.Sprintf(`document.querySelector('.overview .strip').getAttribute('aria-valuenow') === '%d'`, step))
	for i := range lanes {
		b.await(fmt.Sprintf(`document.querySelector('#lane-%c [data-part="where"]').textContent.split('/').length === 2`, 'a'+i))
	}
}

// The whole of a long run is drawn, with the window's place, by time and by
// steps; pointer and keys lead to any place of it, and a table tells the same.
func TestScopeOverviewOfALongRun(t *testing.T) {
	base := serve(t, newKeptLab(t))
	b := browse(t)
	for _, axis := range []string{"time", "steps"} {
		t.Run(axis, func(t *testing.T) {
			b.t = t
			b.openLong(base, 0, "&axis="+axis, longStory)
			last := eval[int](b, `Number(document.querySelector('.overview .strip').getAttribute('aria-valuemax'))`)
			if last < 20_000 {
				t.Fatalf("the run has %d steps", last)
			}
			rows := eval[[]string](b, `[...document.querySelectorAll('.overview path title')].map((title) => title.textContent)`)
			if len(rows) < 4 || !strings.Contains(strings.Join(rows, " "), "A kernel code") {
				t.Errorf("the rows are %q", rows)
			}
			// A click at three quarters of the strip leads there.
			box := eval[[]float64](b, `(() => { const strip = document.querySelector('.overview .strip'); strip.scrollIntoView({ block: 'center', behavior: 'instant' }); const box = strip.getBoundingClientRect(); return [box.left, box.top, box.width, box.height]; })()`)
			b.do(chromedp.MouseClickXY(box[0]+0.75*box[2], box[1]+box[3]/2))
			b.await(`document.querySelector('[data-stage]').dataset.step !== '0' && document.querySelector('[data-stage]').dataset.step === document.querySelector('#lane-a').dataset.step`)
			at := eval[float64](b, `parseFloat(document.querySelector('.overview .at').style.left)`)
			place := eval[float64](b, `parseFloat(document.querySelector('.overview .place').style.left)`)
			step := b.view().Step
			if at < 74.5 || at > 75.5 || place < 73 || place > 77 {
				t.Errorf("after a click at 75 %% the step %d is drawn at %.2f %% and its window at %.2f %%", step, at, place)
			}
			if axis == "steps" && (float64(step) < 0.745*float64(last) || float64(step) > 0.755*float64(last)) {
				t.Errorf("the click leads to step %d of %d", step, last)
			}
			b.press(kb.PageDown) // the focus is on the strip
			b.await(fmt.Sprintf(`Number(document.querySelector('[data-stage]').dataset.step) > %d`, step))
			if now := eval[float64](b, `parseFloat(document.querySelector('.overview .at').style.left)`); now < 84 || now > 86 {
				t.Errorf("a tenth further is drawn at %.2f %%", now)
			}
			b.press(kb.End)
			b.await(`document.querySelector('#lane-a').dataset.step === '` + strconv.Itoa(last) + `'`)
			text := eval[string](b, `document.querySelector('.overview .strip').getAttribute('aria-valuetext')`)
			if !strings.Contains(text, "A: step") || strings.Contains(text, "at 0 ns") {
				t.Errorf("the strip says %q", text)
			}
			eval[bool](b, `(document.querySelector('.overview summary').click(), true)`)
			b.await(`document.querySelectorAll('.overview tbody tr').length === 20`)
			cells := eval[[]string](b, `[...document.querySelectorAll('.overview tbody td')].map((cell) => cell.textContent)`)
			if axis == "time" && !strings.HasSuffix(cells[0], "%") {
				t.Errorf("the table by time begins with %q", cells[0])
			}
			if axis == "steps" {
				sum := 0
				for _, cell := range cells {
					n, err := strconv.Atoi(strings.ReplaceAll(cell, ",", ""))
					if err != nil {
						t.Fatal(err)
					}
					sum += n
				}
				if sum < last/2 || sum > 2*last {
					t.Errorf("the table has %d events of %d", sum, last)
				}
			}
		})
	}
}
