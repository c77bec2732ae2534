package web_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// size makes the tab's window so large, in CSS pixels.
func (b *tab) size(width, height int) {
	b.t.Helper()
	if err := b.Size(width, height); err != nil {
		b.t.Fatal(err)
	}
}

// inView says which of the elements end above the controls.
const inView = `(() => {
  const controls = document.querySelector('.controls').getBoundingClientRect();
  return Object.fromEntries(['#lane-a .machine', '#lane-b .machine', '.narration', '.time', '.scoreboard .key:last-child, .scoreboard .key:nth-child(5)'].map((q) => {
    const box = document.querySelector(q).getBoundingClientRect();
    return [q, box.height > 0 && box.top >= 0 && box.bottom <= controls.top];
  }));
})()`

func TestScopeFitsItsScreen(t *testing.T) {
	b := browse(t)
	base := serve(t, newKeptLab(t))
	for _, screen := range [][2]int{{1366, 768}, {1440, 930}, {1920, 1080}} {
		b.size(screen[0], screen[1])
		b.open(address(base, 9, story, gather))
		b.await(`document.querySelector('.timeline .bar')`)
		for what, in := range eval[map[string]bool](b, inView) {
			if !in {
				t.Errorf("%d × %d: %s is not in the first view", screen[0], screen[1], what)
			}
		}
	}
	for _, screen := range [][2]int{{390, 844}, {1024, 768}, {1366, 768}, {1920, 1080}} {
		b.size(screen[0], screen[1])
		b.open(address(base, 9, story, gather))
		if wide := eval[int](b, `document.documentElement.scrollWidth`); wide > screen[0] {
			t.Errorf("%d × %d: the page is %d px wide", screen[0], screen[1], wide)
		}
		if !eval[bool](b, `document.querySelector('.narration').getBoundingClientRect().bottom < document.querySelector('.controls').getBoundingClientRect().top`) {
			t.Errorf("%d × %d: the narration is below the fold", screen[0], screen[1])
		}
	}
}

// The controls have one row, and leave the buttons under the lanes free.
func TestScopeControlsHaveOneRow(t *testing.T) {
	b := browse(t)
	base := serve(t, newKeptLab(t))
	for _, lang := range []string{"en", "zh"} {
		for _, screen := range [][2]int{{1280, 800}, {1366, 768}, {1440, 900}} {
			b.size(screen[0], screen[1])
			b.open(strings.Replace(address(base, 0, story, gather), "lang=en", "lang="+lang, 1))
			if !eval[bool](b, `(() => {
				const boxes = [...document.querySelectorAll('.controls > .buttons, .more-controls > :not(.copied)')].filter((e) => e.offsetWidth > 0).map((e) => e.getBoundingClientRect());
				return Math.max(...boxes.map((box) => box.top)) < Math.min(...boxes.map((box) => box.bottom));
			})()`) {
				t.Errorf("%s, %d × %d: the controls wrap", lang, screen[0], screen[1])
			}
			if screen[1] >= 800 && !eval[bool](b, `document.querySelector('[data-action="what-if"]').getBoundingClientRect().bottom <= document.querySelector('.controls').getBoundingClientRect().top`) {
				t.Errorf("%s, %d × %d: the controls lie on the buttons under the lanes", lang, screen[0], screen[1])
			}
		}
	}
}

// Beside two lanes the headline counts have one line each, and what a step added
// stands in its own lane's column, beside the figure that it raised.
func TestScopeScoreboardColumns(t *testing.T) {
	b := browse(t)
	b.size(1366, 768)
	base := serve(t, newKeptLab(t))
	for step := range 16 {
		b.open(address(base, step, story, gather))
		if wraps := eval[[]string](b, `[...document.querySelectorAll('.scoreboard .key th')].filter((th) => th.getBoundingClientRect().height > 30).map((th) => th.textContent)`); len(wraps) > 0 {
			t.Fatalf("names of counts wrap: %q", wraps)
		}
		if out := eval[[]string](b, `[...document.querySelectorAll('.scoreboard td .rise')].filter((rise) => {
			if (!rise.textContent.trim() || rise.offsetHeight === 0) return false;
			const before = rise.closest('td').previousElementSibling;
			const [box, figure, other] = [rise, rise.parentElement.querySelector('.figure'), before.querySelector('.figure') ?? before.firstChild].map((e) => { const r = document.createRange(); r.selectNode(e); return r.getBoundingClientRect(); });
			return box.left < other.right || figure.left - box.right > 8;
		}).map((rise) => rise.closest('tr').dataset.row + ' ' + rise.textContent.trim())`); len(out) > 0 {
			t.Errorf("step %d: not beside their figures: %q", step, out)
		}
	}
}

// The chooser has every path, stays on the screen and leaves the controls free.
func TestScopeChooser(t *testing.T) {
	b := browse(t)
	base := serve(t, newKeptLab(t))
	for _, screen := range [][2]int{{390, 844}, {1366, 768}, {1920, 1080}} {
		b.size(screen[0], screen[1])
		b.open(address(base, 0, story))
		eval[bool](b, `(document.querySelector('.paths').open = true)`)
		if n := eval[int](b, `[...document.querySelectorAll('.paths li a')].filter((a) => a.offsetHeight > 0).length`); n != len(transfer.Paths()) {
			t.Errorf("%d × %d: %d paths are shown", screen[0], screen[1], n)
		}
		box := eval[[]float64](b, `(() => { const box = document.querySelector('.paths .choice').getBoundingClientRect(); return [box.left, box.right]; })()`)
		if box[0] < 0 || box[1] > float64(screen[0]) {
			t.Errorf("%d × %d: the chooser goes from %.0f to %.0f", screen[0], screen[1], box[0], box[1])
		}
		if !eval[bool](b, `(() => {
			const box = document.querySelector('.controls .primary').getBoundingClientRect();
			return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2).closest('.controls') !== null;
		})()`) {
			t.Errorf("%d × %d: the chooser lies on the controls", screen[0], screen[1])
		}
		b.press(kb.Escape)
		if eval[bool](b, `document.querySelector('.paths').open`) {
			t.Errorf("%d × %d: Esc leaves the chooser open", screen[0], screen[1])
		}
	}
}

// On a phone the lesser controls are behind one button.
func TestScopeMoreControlsOnAPhone(t *testing.T) {
	b := browse(t)
	b.size(390, 844)
	b.open(address(serve(t, newKeptLab(t)), 0, story, gather))
	shown := `document.querySelector('[data-action="copy-link"]').offsetHeight > 0 && document.querySelector('[data-part="goto"]').offsetHeight > 0`
	if eval[bool](b, shown) {
		t.Error("the lesser controls take room before they are asked for")
	}
	eval[bool](b, `document.querySelector('[data-part="more"]').click() ?? true`)
	b.await(shown)
	if n := eval[int](b, `[...document.querySelectorAll('.scoreboard .key')].filter((row) => row.offsetHeight > 0).length`); n != 5 {
		t.Errorf("%d headline counts are shown at the start, want 5 although they are zero", n)
	}
}

// Steps are written to the address with a delay; what leaves the page or adds
// an entry to the history must not lose them.
func TestScopeStepSurvivesLeaving(t *testing.T) {
	b := browse(t)
	b.open(address(serve(t, newKeptLab(t)), 0, story))
	fast := func(n int) {
		for range n {
			eval[bool](b, `document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true, cancelable: true }))`)
		}
	}
	step := `Number(document.querySelector('.scope')?.dataset.step)`
	fast(5)
	b.press("l")
	b.await(`document.documentElement?.lang === 'zh-Hans' && document.querySelector('.scope')?.dataset.ready === 'true'`)
	if got := eval[int](b, step); got != 5 {
		t.Errorf("after 5 steps and L the page is at step %d", got)
	}
	fast(3)
	b.choose("a.path", "mmap-write")
	b.await(`location.search.includes('a=mmap-write') && document.querySelector('.scope').dataset.ready === 'true'`)
	b.do(chromedp.NavigateBack())
	b.await(`location.search.includes('a=read-write') && document.querySelector('.scope').dataset.ready === 'true' && document.getElementById('title-a').textContent.includes('read-write')`)
	if got := eval[int](b, step); got != 8 {
		t.Errorf("Back led to step %d, want the last one shown, 8", got)
	}
}

// A lane that fails does not keep the other one from being stepped.
func TestScopeLaneStepsBesideAFailedOne(t *testing.T) {
	b := browse(t)
	b.open(address(serve(t, newKeptLab(t)), 2, story, gather))
	b.choose("b.size", "0")
	b.await(`document.querySelector('#lane-b .state.failed')`)
	b.press(kb.ArrowRight)
	b.await(`document.querySelector('#lane-a').dataset.step === '3'`)
	if where := eval[string](b, `document.querySelector('#lane-b [data-part="where"]').textContent`); where != "…" {
		t.Errorf("the failed lane claims to be at %q", where)
	}
}

func TestScopeScoreboard(t *testing.T) {
	l := newKeptLab(t)
	b := browse(t)
	b.open(address(serve(t, l), 0, story, gather))
	rows := func(which string) []string {
		return eval[[]string](b, `[...document.querySelectorAll('.scoreboard tbody tr')].filter((row) => `+which+`).map((row) => row.dataset.row)`)
	}
	if got := fmt.Sprint(rows(`row.classList.contains('key')`)); got != "[syscalls mode_switches cpu_copies dma_transfers cpu_ns]" {
		t.Errorf("the headline counts are %s", got)
	}
	hidden := rows(`row.offsetHeight === 0`)
	if len(hidden) == 0 || len(rows(`true`)) != len(trace.CountNames()) {
		t.Fatalf("%d of %d counts are folded away", len(hidden), len(rows(`true`)))
	}
	a, g := l.last(story).Run, l.last(gather).Run
	for _, name := range hidden {
		for _, run := range []map[string]float64{ends(a), ends(g)} {
			if run[name] != 0 {
				t.Errorf("%s is folded away and ends at %v", name, run[name])
			}
		}
	}
	eval[bool](b, `document.querySelector('[data-part="all-counts"]').click() ?? true`)
	if left := rows(`row.offsetHeight === 0`); len(left) != 0 {
		t.Errorf("with all counts shown, %v are not", left)
	}
	b.do(chromedp.Reload())
	b.await(`document.querySelector('.scope')?.dataset.ready === 'true'`)
	if left := rows(`row.offsetHeight === 0`); len(left) != 0 {
		t.Errorf("the choice to show all counts is forgotten: %v", left)
	}
	eval[bool](b, `localStorage.removeItem('all-counts') ?? true`)

	// B has finished before A: it rises no more.
	if len(g.Events) >= len(a.Events)-1 {
		t.Fatalf("the runs have %d and %d events: this test needs one that ends before the other", len(a.Events), len(g.Events))
	}
	b.press(kb.End)
	rises := eval[[]string](b, `[...document.querySelectorAll('.scoreboard td[data-lane="b"] .rise')].map((rise) => rise.textContent).filter(Boolean)`)
	if len(rises) != 0 {
		t.Errorf("lane B has finished, and yet its counts rise: %v", rises)
	}
}

// ends are a run's known counts after its last event.
func ends(run *trace.Run) map[string]float64 {
	out := map[string]float64{}
	for name, c := range run.CountsAt(len(run.Events)).Counts() {
		if c.Known() {
			out[string(name)] = c.Value
		}
	}
	return out
}

// A run that is shown in part has no totals.
func TestScopeCutRunHasNoTotals(t *testing.T) {
	b := browse(t)
	b.open(address(serve(t, newKeptLab(t)), 0, "scenario=connections-1000,group=kernel"))
	b.press(kb.End)
	if warning := eval[string](b, `document.querySelector('.score [data-part="cut"]').innerText`); !strings.Contains(warning, "10,000") || !strings.Contains(warning, "no totals") {
		t.Errorf("beside the counts the page says %q", warning)
	}
	if switches := eval[string](b, `document.querySelector('#lane-a .switches').textContent`); !strings.HasSuffix(switches, "/ ?") {
		t.Errorf("the drawing says %q, as if the run ended there", switches)
	}
}

// The scoreboard of a textbook lane says what articles call the mode switch; that of
// a current kernel has no need to.
func TestScopeScoreboardHasTheArticlesWord(t *testing.T) {
	b := browse(t)
	server := serve(t, newKeptLab(t))
	for _, row := range []struct{ scenario, lang, want string }{
		{story, "zh", "文章常称上下文切换"}, {story, "en", "context switches"}, {"sendfile,model=linux,net=nic,size=64KiB,chunk=64KiB", "zh", ""},
	} {
		b.open(fmt.Sprintf("%s/scope?lang=%s&a=%s", server, row.lang, row.scenario))
		got := eval[string](b, `document.querySelector('.scoreboard [data-row="mode_switches"] small')?.textContent ?? ''`)
		if !strings.Contains(got, row.want) || row.want == "" && got != "" {
			t.Errorf("%s in %s: beside the mode switches stands %q, want %q", row.scenario, row.lang, got, row.want)
		}
	}
}

// On a phone the words of the drawing are 12 px high or more, on a laptop 11 px, beside
// another lane too; none leaves its box or the drawing, and the counts of mode switches
// lie on no line.
func TestScopeIsReadOnAPhone(t *testing.T) {
	b := browse(t)
	base := serve(t, newKeptLab(t))
	for _, screen := range []struct {
		width, height, least int
		beside               []string
	}{{360, 740, 12, nil}, {1366, 768, 11, []string{gather}}} {
		b.size(screen.width, screen.height)
		wordsAreRead(b, base, screen.least, screen.beside)
	}
}

func wordsAreRead(b *tab, base string, least int, beside []string) {
	t := b.t
	t.Helper()
	for _, row := range []struct {
		run   string
		steps string
	}{{story, "6, 7, 9, 12, 14"}, {"io-uring,model=linux,cache=cold,net=nic,size=1MiB", "5, 9, 15"}, {"tee,model=textbook,cache=cold", "3, 10"}} {
		b.open(address(base, 1, append([]string{row.run}, beside...)...))
		for _, fault := range eval[[]string](b, `[`+row.steps+`].flatMap((step) => {
		  const scrubber = document.querySelector('[data-part="scrubber"]');
		  scrubber.value = step;
		  scrubber.dispatchEvent(new Event('input', { bubbles: true }));
		  const drawing = document.querySelector('section[data-lane="a"] .machine');
		  const scale = drawing.getScreenCTM().a;
		  return [...drawing.querySelectorAll('text')].filter((text) => text.textContent && text.getClientRects().length > 0).flatMap((text) => {
		    const at = text.getBoundingClientRect();
		    const frame = (text.closest('.place:not(.bare)')?.querySelector('.box') ?? drawing).getBoundingClientRect();
		    const said = [];
		    if (parseFloat(getComputedStyle(text).fontSize) * scale < `+strconv.Itoa(least)+`) said.push('is small');
		    if (text.matches('.switches') && [...drawing.querySelectorAll('.move .trail')].some((trail) => {
		      for (let i = 0; i < trail.getTotalLength(); i += 2) {
		        const on = trail.getPointAtLength(i).matrixTransform(drawing.getScreenCTM());
		        if (on.x > at.left && on.x < at.right && on.y > at.top + 2 && on.y < at.bottom - 2) return true;
		      }
		      return false;
		    })) said.push('has a line through it');
		    if (at.left < frame.left - 1 || at.right > frame.right + 1) said.push('leaves its frame');
		    return said.map((what) => 'step ' + step + ': ' + text.textContent + ' ' + what);
		  });
		})`) {
			t.Errorf("%s: %s", row.run, fault)
		}
		if step := eval[string](b, `document.querySelector('section[data-lane="a"]').dataset.step`); step == "1" {
			t.Fatal("the steps were not taken: mend this test")
		}
	}
}

// On a phone no word of the head over predictions and measurements is broken, in any
// theme, and the table is as wide as its card.
func TestPredictionsAreReadOnAPhone(t *testing.T) {
	b := browse(t)
	base := serve(t, newKeptLab(t))
	b.size(360, 740)
	for _, theme := range []string{"light", "dark", "projector", "contrast"} {
		for _, lang := range []string{"en", "zh"} {
			b.open(base + "/scope?lang=" + lang + "&theme=" + theme + "&a=read-write,side=recorded,size=4MiB,chunk=64KiB,cache=warm,net=loopback")
			b.await(`document.querySelector('[data-part="predictions"] tbody td')`)
			for _, fault := range eval[[]string](b, `(() => {
			  const table = document.querySelector('[data-part="predictions"] table'), said = [];
			  for (const head of table.querySelectorAll('thead th')) {
			    const words = document.createRange();
			    words.selectNodeContents(head);
			    if (new Set([...words.getClientRects()].map((line) => line.top)).size > 1) said.push(head.textContent + ' is broken');
			    if (head.scrollWidth > head.clientWidth) said.push(head.textContent + ' leaves its cell');
			  }
			  if (table.offsetWidth > table.parentElement.clientWidth) said.push('the table is ' + table.offsetWidth + ' px wide');
			  return said;
			})()`) {
				t.Errorf("%s, %s: %s", theme, lang, fault)
			}
		}
	}
}

// On a phone no bar lies over what a step does, however long the sentence above is; who
// looks at something else is left there.
func TestScopeRevealsTheStepOnAPhone(t *testing.T) {
	b := browse(t)
	b.reduceMotion()
	b.size(360, 640)
	b.open(address(serve(t, newKeptLab(t)), 1, story))
	for _, step := range []int{6, 9, 12, 14} {
		b.scrub(step)
		b.await(`(() => {
			const drawing = document.querySelector('#lane-a .machine');
			const [top, bottom] = [document.querySelector('.narration').getBoundingClientRect().bottom, document.querySelector('.controls').getBoundingClientRect().top];
			const parts = [...drawing.querySelectorAll('[data-step], [data-touched]')].map((part) => part.getBoundingClientRect());
			return parts.length > 0 && parts.every((part) => part.top >= top - 1 && part.bottom <= bottom + 1);
		})()`)
	}
	at := eval[float64](b, `(scrollTo(0, document.documentElement.scrollHeight), scrollY)`)
	b.scrub(6)
	eval[int](b, `requestAnimationFrame(() => requestAnimationFrame(() => { window.framed = true; }))`)
	b.await(`window.framed`)
	if now := eval[float64](b, `scrollY`); now < at-100 {
		t.Errorf("a step moved the page from %.0f to %.0f while none of the drawing was in sight", at, now)
	}
}
