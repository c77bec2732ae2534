package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"copyscope/internal/trace"
)

const (
	axisTexts = `[...document.querySelectorAll('.timeline .axis text')].map((e) => e.textContent).join(' ')`
	pageStep  = `Number(document.querySelector('.scope').dataset.step)`
)

// ask writes into the search of events.
func (b *tab) ask(text string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`(() => {
		const input = document.querySelector('.explorer .search input');
		input.focus();
		input.value = %s;
		return input.dispatchEvent(new Event('input', { bubbles: true }));
	})()`, quote(text)))
}

// The search finds events by kind, place, call and words, leads from hit to hit,
// and marks them.
func TestScopeSearchesEvents(t *testing.T) {
	l := newKeptLab(t)
	b := browse(t)
	base := serve(t, l)
	b.open(address(base, 0, lending))
	b.press("/")
	if focus := eval[string](b, `document.activeElement.type`); focus != "search" {
		t.Fatalf("the key of the search leads to %q", focus)
	}
	found := `document.querySelector('.explorer .found').textContent`
	for _, c := range []struct {
		text string
		is   func(e trace.Event) bool
	}{
		{"kind:dma place:nic", func(e trace.Event) bool { return e.Kind == trace.DMA && e.To == trace.NICRing }},
		{"kind:interrupt", func(e trace.Event) bool { return e.Kind == trace.Interrupt }},
		{"kind:descriptor call:sendfile", func(e trace.Event) bool { return e.Kind == trace.Descriptor }},
	} {
		b.ask(c.text)
		var want []int
		for i, e := range l.last(lending).Run.Events {
			if c.is(e) {
				want = append(want, i+1)
			}
		}
		if got := eval[string](b, found); !strings.HasPrefix(got, fmt.Sprint(len(want), " ")) && !strings.Contains(got, fmt.Sprint("of ", len(want))) {
			t.Errorf("%q: %q, want %d hits", c.text, got, len(want))
			continue
		}
		eval[bool](b, `document.querySelector('[data-part="scrubber"]').value = 0, document.querySelector('[data-part="scrubber"]').dispatchEvent(new Event('input'))`)
		for i, step := range want {
			b.press(kb.Enter)
			if got := eval[int](b, pageStep); got != step {
				t.Errorf("%q: hit %d leads to step %d, want %d", c.text, i+1, got, step)
			}
		}
		if got := eval[string](b, found); got != fmt.Sprintf("%d of %d", len(want), len(want)) {
			t.Errorf("%q: at the last hit it says %q", c.text, got)
		}
		b.press(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierShift))
		if got := eval[int](b, pageStep); len(want) > 1 && got != want[len(want)-2] {
			t.Errorf("%q: the hit before the last is step %d, want %d", c.text, got, want[len(want)-2])
		}
		if eval[int](b, `document.querySelectorAll('.timeline .hits').length`) != 1 {
			t.Errorf("%q: the hits are not marked", c.text)
		}
	}
	b.ask("gather") // of the sentences
	if got := eval[string](b, found); got != "4 hits" && !strings.HasSuffix(got, "of 4") {
		t.Errorf("words of sentences: %q, want the 4 events that gather", got)
	}
	b.ask("no such thing")
	if got := eval[string](b, found); !strings.Contains(got, "no event") {
		t.Errorf("nothing found, and it says %q", got)
	}
	zh := strings.Replace(address(base, 0, lending), "lang=en", "lang=zh", 1)
	b.open(zh)
	b.ask("类型：中断")
	if got := eval[string](b, found); !strings.Contains(got, "个结果") || strings.HasPrefix(got, "0") {
		t.Errorf("in Chinese the search says %q", got)
	}
}

// The small picture's window is moved and sized by keys, which do not step.
func TestScopeMinimapByKeyboard(t *testing.T) {
	b := browse(t)
	b.open(address(serve(t, newKeptLab(t)), 5, lending))
	whole := eval[string](b, axisTexts)
	eval[bool](b, `document.querySelector('.minimap .window').focus() ?? true`)
	now := `document.querySelector('.minimap .window').getAttribute('aria-valuenow') + ' ' + document.querySelector('.minimap .window').getAttribute('aria-valuetext')`
	b.press(kb.ArrowUp)
	b.press(kb.ArrowUp)
	zoomed := eval[string](b, axisTexts)
	at := eval[string](b, now)
	if zoomed == whole {
		t.Error("Up does not zoom in")
	}
	b.press(kb.ArrowRight)
	if moved := eval[string](b, now); moved == at || eval[string](b, axisTexts) == zoomed {
		t.Errorf("Right leaves the window at %s", moved)
	}
	b.press(kb.ArrowLeft)
	if back := eval[string](b, now); back != at {
		t.Errorf("Left leads back to %s, want %s", back, at)
	}
	b.press(kb.End)
	if right := eval[bool](b, `(() => { const w = document.querySelector('.minimap .window').style; return Math.abs(parseFloat(w.left) + parseFloat(w.width) - 100) < 0.01; })()`); !right {
		t.Error("End does not bring the window to the end")
	}
	for range 4 {
		b.press(kb.ArrowDown)
	}
	if back := eval[string](b, axisTexts); back != whole {
		t.Errorf("Down leads to %s, want the whole run %s", back, whole)
	}
	if step := eval[int](b, pageStep); step != 5 {
		t.Errorf("the window's keys led to step %d", step)
	}
}

// An event tells all its fields, and leads to what it came of and what it led to;
// a range is summed up for each actor as the run has it.
func TestScopeTellsEventsAndRanges(t *testing.T) {
	l := newKeptLab(t)
	b := browse(t)
	b.open(address(serve(t, l), 13, lending))
	detail := eval[string](b, `document.querySelector('.explorer .detail').innerText`)
	for _, want := range []string{"step 13", "modelled", "65,536 (64 KiB)", "page cache → NIC ring", "sendfile #1", "step 12", "step 43", "step 10"} {
		if !strings.Contains(detail, want) {
			t.Errorf("the event's fields lack %q: %s", want, detail)
		}
	}
	eval[bool](b, `[...document.querySelectorAll('.explorer .detail .step')].find((e) => e.dataset.step === '43').click() ?? true`)
	if got := eval[int](b, pageStep); got != 43 {
		t.Errorf("the link to what it led to leads to step %d, want 43", got)
	}
	b.open(address(serve(t, l), 10, lending))
	b.press("[")
	for range 4 {
		b.press(kb.ArrowRight)
	}
	b.press("]")
	sums := eval[string](b, `document.querySelector('.explorer .sums').innerText`)
	events := l.last(lending).Run.Events
	end := events[13].End()
	var moved int64
	for _, e := range events {
		if e.Actor == trace.NICDMA && e.At >= events[9].At && e.At < end {
			moved += e.Bytes
		}
	}
	if row := fmt.Sprintf("A NIC DMA\t1\t54.3 µs\t%d KiB", moved>>10); !strings.Contains(sums, row) || !strings.Contains(sums, "steps 10 to 14") {
		t.Errorf("the range is summed up as %q, want %q in it", sums, row)
	}
	if eval[int](b, `document.querySelectorAll('.timeline .range').length`) != 1 {
		t.Error("the range is not drawn")
	}
}

// The explorer of events folds away, is out of the way where the stage is a part of
// another page, and opens for the search.
func TestScopeExplorerFolds(t *testing.T) {
	b := browse(t)
	base := serve(t, newKeptLab(t))
	shown := `['.search', '.parts', '.list'].filter((part) => document.querySelector('.explorer ' + part).offsetHeight > 0).length`
	b.open(address(base, 5, lending))
	if n := eval[int](b, shown); n != 3 {
		t.Errorf("%d parts of the explorer are shown, want 3", n)
	}
	eval[bool](b, `document.querySelector('.explorer .toggle').click() ?? true`)
	if n := eval[int](b, shown); n != 0 {
		t.Errorf("folded, %d parts of the explorer are shown", n)
	}
	b.press("/")
	if n := eval[int](b, shown); n != 3 {
		t.Errorf("the search's key shows %d parts of the explorer", n)
	}
	b.open(address(base, 5, lending) + "&embed=1&show=timeline")
	if n := eval[int](b, shown); n != 0 {
		t.Errorf("in a frame %d parts of the explorer are shown at first", n)
	}
}

// Of a long run the document holds the rows in sight only; the list follows the
// step.
func TestScopeListsEveryEvent(t *testing.T) {
	b := browse(t)
	b.open(address(serve(t, newKeptLab(t)), 0, "sendfile,side=sim,model=linux,size=32MiB,chunk=64KiB,cache=warm,net=nic"))
	eval[bool](b, `(document.querySelector('.explorer .list').open = true)`)
	steps := eval[int](b, `Number(document.querySelector('[data-part="scrubber"]').max)`)
	if steps < 2000 {
		t.Fatalf("the run has %d events: too few to be worth it", steps)
	}
	rows := `[...document.querySelectorAll('.explorer .list tr[aria-rowindex]')].map((e) => Number(e.querySelector('.step').dataset.step))`
	b.await(`document.querySelectorAll('.explorer .list tr[aria-rowindex]').length > 5`)
	b.press(kb.End)
	b.await(fmt.Sprintf(`(%s).includes(%d)`, rows, steps))
	if n := eval[int](b, fmt.Sprintf(`(%s).length`, rows)); n > 40 {
		t.Errorf("the document holds %d rows", n)
	}
	if got := eval[string](b, `document.querySelector('.explorer .list [aria-current="step"] .step').dataset.step`); got != fmt.Sprint(steps) {
		t.Errorf("the current row is that of step %s, want %d", got, steps)
	}
}

// A step of a run of 10,000 events on the screen is a matter of a frame. The
// figure is told; only one far beyond fails.
func TestScopeStepsLargeRunsFast(t *testing.T) {
	b := browse(t)
	b.open(address(serve(t, newKeptLab(t)), 4000, "sendfile,side=sim,model=linux,size=256MiB,chunk=64KiB,cache=warm,net=nic"))
	if n := eval[int](b, `Number(document.querySelector('[data-part="scrubber"]').max)`); n < 10_000 {
		t.Fatalf("the run has %d events, want 10,000 and more", n)
	}
	took := eval[[]float64](b, `(() => {
		const times = [];
		for (let i = 0; i < 60; i += 1) {
			const begin = performance.now();
			document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true, cancelable: true }));
			document.body.getBoundingClientRect();
			times.push(performance.now() - begin);
		}
		times.sort((a, b) => a - b);
		const begin = performance.now();
		document.querySelector('button[data-action="zoom-in"]').click();
		document.body.getBoundingClientRect();
		return [times[30], times[57], performance.now() - begin];
	})()`)
	t.Logf("10,000 events: a step takes %.1f ms (median), %.1f ms (p95), a zoom %.1f ms, style and layout included", took[0], took[1], took[2])
	if took[0] > 100 {
		t.Errorf("a step takes %.1f ms, want 16 or less on a machine at rest", took[0])
	}
}
