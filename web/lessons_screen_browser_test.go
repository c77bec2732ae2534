package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"copyscope/internal/lab"
	"copyscope/internal/lesson"
)

// Of two predictions the one that is missing is named and marked, and what a reader
// solved is marked as such after a reload.
func TestBrowserLessonNamesWhatIsMissing(t *testing.T) {
	l := learn(t, serve(t, lab.New(t.TempDir())), lesson.Shipped().Lesson("pio"), "en")
	l.answer("predict-1", l.lesson.Predict[0], true)
	l.submit("predict-1")
	l.await(`document.querySelector("#predict-1 .noted")`)
	if noted := eval[string](l.tab, `document.querySelector("#predict-1 .noted").innerText`); !strings.Contains(noted, "One more question") {
		t.Errorf("after the first of two predictions the page says %q", noted)
	}
	// Another choice takes the place of the one that was noted, and stays after a reload.
	chosen := `document.querySelector("#predict-1 input:checked").nextElementSibling.innerText.trim()`
	first := eval[string](l.tab, chosen)
	other := eval[string](l.tab, `(document.querySelector("#predict-1 input[type=radio]:not(:checked)").click(), `+chosen+`)`)
	for _, reload := range []bool{false, true} {
		if reload {
			l.do(chromedp.Reload())
			l.await(`document.querySelector("article.lesson").dataset.ready`)
		}
		if noted := eval[string](l.tab, `document.querySelector("#predict-1 .noted").innerText`); other == first || !strings.Contains(noted, other) {
			t.Errorf("reloaded: %t; after the choice moved from %q to %q the page says %q", reload, first, other, noted)
		}
	}
	l.click(`[data-station="watch"]`)
	if said := eval[string](l.tab, `document.querySelector('[data-part="first"]').innerText`); !strings.Contains(said, "One prediction is missing") {
		t.Errorf("on the way past a missing prediction the page says %q", said)
	}
	if marked := eval[string](l.tab, `[...document.querySelectorAll("[data-missing]")].map((form) => form.id).join()`); marked != "predict-2" {
		t.Errorf("marked as missing: %q", marked)
	}
	l.answer("predict-2", l.lesson.Predict[1], true)
	l.submit("predict-2")
	l.awaitSection("watch")
	if left := eval[int](l.tab, `document.querySelectorAll("[data-missing]").length`); left > 0 {
		t.Errorf("%d questions are marked as missing, and none is", left)
	}

	l.watch()
	l.toEnd()
	l.do(chromedp.Reload())
	l.await(`document.querySelector("article.lesson").dataset.ready`)
	if solved, all := eval[int](l.tab, `document.querySelectorAll("#exercises .outcome.right").length`), len(l.lesson.Exercises); solved != all {
		t.Errorf("after a reload %d of %d solved exercises say so", solved, all)
	}
}

// On a laptop's screen a step of a lesson shows both lanes down to the foot of the
// hardware, where they differ; in every place the same bytes are as many squares.
func TestBrowserLessonShowsTwoLanesOnALaptop(t *testing.T) {
	site := serve(t, lab.New(t.TempDir()))
	for _, lang := range []string{"en", "zh"} {
		l := learn(t, site, lesson.Shipped().Lesson("dma"), lang)
		l.size(1366, 768)
		l.predict(true)
		for _, reload := range []bool{false, true} {
			if reload {
				l.do(chromedp.Reload())
				l.await(`document.querySelector("article.lesson").dataset.ready`)
			}
			l.await(`document.querySelector("[data-stage]").dataset.ready === "true"`)
			foot := eval[float64](l.tab, `document.querySelector('#lane-b .machine').getBoundingClientRect().bottom`)
			room := eval[float64](l.tab, `document.querySelector('.controls').getBoundingClientRect().top`)
			head := eval[float64](l.tab, `document.querySelector('#lane-a .machine').getBoundingClientRect().top`)
			walk := eval[float64](l.tab, `document.querySelector('.walk').getBoundingClientRect().bottom`)
			if foot > room || head < walk {
				t.Errorf("%s: lanes from %.0f to %.0f px, and there is room from %.0f to %.0f", lang, head, foot, walk, room)
			}
		}
	}

	b := browse(t)
	b.do(chromedp.Navigate(site + "/scope?lang=en&step=last"))
	b.await(`document.querySelector(".scope").dataset.ready === "true"`)
	squares := func(place, square string) int {
		return eval[int](b, `document.querySelectorAll('#lane-a [data-place="`+place+`"] .cells `+square+`').length`)
	}
	cache := squares("page-cache", ".page")
	for _, place := range []string{"user-buffer", "socket-buffer"} {
		if n := squares(place, ".cell"); n != cache || n == 0 {
			t.Errorf("%d squares in %s, %d in the page cache", n, place, cache)
		}
	}
}

// A phone, which shows one lane at a time, shows the one that the step is about.
func TestBrowserLessonShowsTheLaneOfItsStep(t *testing.T) {
	l := learn(t, serve(t, lab.New(t.TempDir())), lesson.Shipped().Lesson("pio"), "en")
	l.predict(true)
	l.size(390, 844)
	l.do(chromedp.Reload())
	l.await(`document.querySelector("article.lesson").dataset.ready`)
	lane := func() string {
		l.await(`document.querySelector("[data-stage]").dataset.ready === "true"`)
		return eval[string](l.tab, `document.querySelector('[data-lane-focus][aria-pressed="true"]').dataset.laneFocus`)
	}
	for i, s := range l.lesson.Steps {
		l.await(fmt.Sprintf(`document.querySelector("#watch").dataset.step === "%d"`, i+1))
		want := "a"
		if s.In == "dma" {
			want = "b"
		}
		if got := lane(); got != want {
			t.Errorf("step %d is about lane %s, and %s is shown", i+1, want, got)
		}
		if i < len(l.lesson.Steps)-1 {
			l.press("n")
		}
	}
	l.press("b")
	l.await(`document.querySelector('[data-lane-focus][aria-pressed="true"]').dataset.laneFocus === "b"`)

	// What the real run gave fits the screen, too. The other lane has just taken the place
	// of the first: the mouse would meet what moves.
	script(l.tab, `document.querySelector('[data-station="real"]').click()`)
	l.awaitSection("real")
	script(l.tab, `document.querySelector('#real [data-part="run"]').click()`)
	l.await(`!document.querySelector('#real [data-part="result"]').hidden`)
	if words := eval[string](l.tab, `document.querySelector('#real [data-part="result"]').innerText`); !strings.Contains(words, "follows by a rule from what the calls returned") || !strings.Contains(words, "no further from it than the bound") {
		t.Errorf("the verdicts are not explained: %s", words)
	}
	if marks := eval[string](l.tab, `document.querySelector('#watch .how-known').textContent`); !strings.Contains(marks, "The simulator says so") {
		t.Errorf("the marks of the scoreboard are not explained: %q", marks)
	}
	if over := eval[int](l.tab, `(() => { const table = document.querySelector('#real [data-part="result"]'); return table.scrollWidth - table.clientWidth; })()`); over > 0 {
		t.Errorf("the table is %d px wider than its card", over)
	}
}

// Where one of two lanes is still under way, the scoreboard says so at its head, and
// of the difference that it is not the last word; at the lesson's end both are over
// and the counts are those of the whole runs.
func TestBrowserLessonSaysWhichLaneIsUnderWay(t *testing.T) {
	for _, width := range []int{1366, 390} {
		l := learn(t, serve(t, lab.New(t.TempDir())), lesson.Shipped().Lesson("pio"), "en")
		l.size(width, 800)
		l.predict(true)
		l.await(`document.querySelector("[data-stage]").dataset.ready === "true"`)
		steps := len(l.lesson.Steps)
		for at := 2; at < steps; at++ {
			l.press("n")
			l.await(fmt.Sprintf(`document.querySelector("#watch").dataset.step === "%d"`, at))
		}
		l.await(`document.querySelector(".scoreboard").dataset.lanes === "2" && document.querySelector(".scoreboard").dataset.open === "true"`)
		head := func(lane string) string {
			return eval[string](l.tab, `(document.querySelector('.scoreboard thead [data-lane="`+lane+`"]')?.innerText ?? '').replace(/\s+/g, ' ')`)
		}
		if a, b := head("a"), head("b"); !strings.Contains(a, "under way: 7/14") || !strings.Contains(b, "done") {
			t.Errorf("%d px: at step %d the scoreboard heads its lanes %q and %q", width, steps-1, a, b)
		}
		if so := eval[string](l.tab, `document.querySelector(".scoreboard thead th:last-child").textContent`); !strings.Contains(so, "so far") {
			t.Errorf("%d px: the difference while A is under way is headed %q", width, so)
		}
		l.press("n")
		l.await(`document.querySelector(".scoreboard").dataset.open === "false"`)
		if counts := eval[string](l.tab, `[...document.querySelectorAll('[data-row="cpu_copies"] [data-lane]')].map((td) => td.dataset.value).join()`); counts != "4,2" {
			t.Errorf("%d px: at the end the CPU copied %s times, want 4,2", width, counts)
		}
		if a, b := head("a"), head("b"); strings.Contains(a+b, "under way") || strings.Contains(a+b, "done") {
			t.Errorf("%d px: at the end the lanes are headed %q and %q", width, a, b)
		}
	}
}

// While the CPU carries words from the disk, the pages are filling and the disk keeps
// its bytes; they are full when it goes on to the next step.
func TestScopeDrawsProgrammedIOUnderWay(t *testing.T) {
	b := browse(t)
	site := serve(t, lab.New(t.TempDir()))
	for step, want := range map[int]string{7: "filling", 8: "clean"} {
		b.open(fmt.Sprintf("%s/scope?lang=en&a=read-write,model=textbook,cache=cold,net=nic,dma=off,size=16KiB,chunk=16KiB&step=%d&v=1", site, step))
		if kind := eval[string](b, `document.querySelector('#lane-a [data-kind]').dataset.kind`); step == 7 && kind != "pio" {
			t.Fatalf("step %d is a %s: this test is about PIO", step, kind)
		}
		if pages := eval[string](b, `[...document.querySelectorAll('#lane-a [data-place="page-cache"] .page')].map((page) => page.dataset.state).join()`); pages != strings.Repeat(want+",", 3)+want {
			t.Errorf("after step %d the pages are %s", step, pages)
		}
		if disk := eval[int](b, `document.querySelectorAll('#lane-a [data-place="disk"] .cell.bytes').length`); disk != 4 {
			t.Errorf("at step %d the disk, which keeps what is read from it, has %d squares", step, disk)
		}
	}
}
