package web_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"copyscope/internal/lab"
	"copyscope/internal/lesson"
	"copyscope/internal/trace"
	"copyscope/web"
)

// exampleLessons is a directory with the lesson of docs/lessons.md.
func exampleLessons(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../internal/lesson/testdata/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "example.yaml"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// exampleLesson is that lesson.
func exampleLesson(t *testing.T) *lesson.Lesson {
	t.Helper()
	text, err := os.ReadFile("../internal/lesson/testdata/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	one, errs := lesson.Parse("example.yaml", text, true)
	if len(errs) > 0 {
		t.Fatal(errs[0])
	}
	return one
}

// learner is a tab with a lesson that is worked through by keys alone.
type learner struct {
	*tab
	lesson *lesson.Lesson
	seen   *lesson.Seen
}

// learn opens a lesson with nothing kept of it.
func learn(t *testing.T, site string, one *lesson.Lesson, lang string) *learner {
	b := browse(t)
	l := &learner{b, one, one.Seen(lesson.NewPlayer(lab.New(t.TempDir())), 0)}
	if _, err := chromedp.Call(b.Ctx, storage.ClearDataForOrigin, storage.ClearDataForOriginParams{Origin: site, StorageTypes: "local_storage"}); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate(site + "/lessons/" + one.Name + "?lang=" + lang))
	b.await(`document.querySelector("article.lesson").dataset.ready`)
	return l
}

// script runs statements in the page.
func script(b *tab, statements string) { eval[bool](b, statements+"; true") }

func (l *learner) section() string {
	return eval[string](l.tab, `document.querySelector("[data-section][data-current]").dataset.section`)
}

func (l *learner) awaitSection(name string) {
	l.t.Helper()
	l.await(fmt.Sprintf(`document.querySelector("[data-section][data-current]").dataset.section === %q`, name))
}

// focusOn presses Tab until what the selector names has the focus.
func (l *learner) focusOn(selector string) {
	l.t.Helper()
	for range 80 {
		if eval[bool](l.tab, fmt.Sprintf(`document.activeElement.matches(%q)`, selector)) {
			return
		}
		l.press(kb.Tab)
	}
	l.t.Fatalf("80 times Tab do not reach %s; the focus is on %s", selector, eval[string](l.tab, `document.activeElement.outerHTML.slice(0, 200)`))
}

// right is the number of the right choice of a question, wrong that of another one.
func (l *learner) choices(q lesson.Question) (right, wrong int) {
	l.t.Helper()
	answer, err := l.seen.Answer(l.t.Context(), q.Answer)
	if err != nil {
		l.t.Fatal(err)
	}
	values, err := l.seen.Choices(l.t.Context(), q)
	if err != nil {
		l.t.Fatal(err)
	}
	for i, v := range values {
		if v.Is(answer) {
			right = i
		} else {
			wrong = i
		}
	}
	return right, wrong
}

// choose chooses an answer by the arrow keys.
func (l *learner) choose(id string, choice int) {
	l.t.Helper()
	l.focusOn(fmt.Sprintf(`[name="%s"]`, id))
	l.press(" ")
	for range 10 {
		if eval[bool](l.tab, fmt.Sprintf(`document.querySelector('[name="%s"]:checked')?.value === "%d"`, id, choice)) {
			return
		}
		l.press(kb.ArrowDown)
	}
	l.t.Fatalf("%s: choice %d is not reached", id, choice)
}

// submit presses a form's button.
func (l *learner) submit(id string) {
	l.t.Helper()
	l.focusOn(fmt.Sprintf(`#%s button[type="submit"]`, id))
	l.press(kb.Enter)
}

// predict answers every prediction, rightly or wrongly.
func (l *learner) predict(rightly bool) {
	l.t.Helper()
	for i, q := range l.lesson.Predict {
		id := fmt.Sprintf("predict-%d", i+1)
		l.answer(id, q, rightly)
		l.submit(id)
	}
	l.awaitSection("watch")
}

// answer fills in a question.
func (l *learner) answer(id string, q lesson.Question, rightly bool) {
	l.t.Helper()
	if q.Number == nil {
		right, wrong := l.choices(q)
		if !rightly {
			right = wrong
		}
		l.choose(id, right)
		return
	}
	answer, err := l.seen.Answer(l.t.Context(), q.Answer)
	if err != nil {
		l.t.Fatal(err)
	}
	if !rightly {
		answer.Number = answer.Number*7 + 13
	}
	text := fmt.Sprintf("%.6f", answer.Number)
	if answer.Number == float64(int64(answer.Number)) {
		text = fmt.Sprintf("%.0f", answer.Number)
	}
	if answer.Unit == "ns" {
		text += "ns"
	}
	l.focusOn("#" + id + "-reply")
	script(l.tab, `document.activeElement.select()`)
	l.press(text)
}

// feedback is what the page says to a question, once it does.
func (l *learner) feedback(id string) string {
	l.t.Helper()
	l.await(fmt.Sprintf(`document.querySelector("#%s .feedback .outcome, #%[1]s .feedback .problem")`, id))
	return eval[string](l.tab, fmt.Sprintf(`document.querySelector("#%s .feedback").innerText`, id))
}

// watch goes through the walk, and on to the predictions that are compared.
func (l *learner) watch() {
	l.t.Helper()
	for i := range l.lesson.Steps {
		l.await(fmt.Sprintf(`document.querySelector("#watch").dataset.step === "%d"`, i+1))
		l.await(`document.querySelector("[data-stage]").dataset.ready === "true"`)
		if said := eval[string](l.tab, `document.querySelector('[data-part="say"]').innerText`); said == "" {
			l.t.Errorf("step %d says nothing", i+1)
		}
		l.press("n")
	}
	l.await(`document.querySelectorAll('[data-part="verdicts"] .outcome').length === ` + fmt.Sprint(len(l.lesson.Predict)))
}

// toEnd goes from the compared predictions to the end, with right answers.
func (l *learner) toEnd() {
	l.t.Helper()
	l.press("n")
	for _, name := range []string{"real", "kernel"} {
		if eval[bool](l.tab, fmt.Sprintf(`document.querySelector("[data-section=%s]") === null`, name)) {
			continue
		}
		l.awaitSection(name)
		l.press("n")
	}
	l.awaitSection("exercises")
	for i, q := range l.lesson.Exercises {
		id := fmt.Sprintf("exercise-%d", i+1)
		l.answer(id, q, true)
		l.submit(id)
		l.await(fmt.Sprintf(`document.querySelector("#%s").dataset.solved === "true"`, id))
	}
	l.focusOn(`#exercises [data-part="next-button"]`)
	l.press(kb.Enter)
	l.awaitSection("done")
}

// gap is a message that no catalogue has, or a value that was not filled in.
var gap = regexp.MustCompile(`⟦[^⟧]*⟧|\x{e000}|\{\{\.`)

// Every shipped lesson is played to its end in both languages by keys alone, and
// shows no gap in its words.
func TestBrowserEveryLesson(t *testing.T) {
	site := serve(t, lab.New(t.TempDir()))
	for _, one := range lesson.Shipped().Lessons {
		for _, lang := range []string{"en", "zh"} {
			t.Run(one.Name+" "+lang, func(t *testing.T) {
				l := learn(t, site, one, lang)
				l.predict(true)
				l.watch()
				if wrong := eval[int](l.tab, `document.querySelectorAll('[data-right="false"]').length`); wrong > 0 {
					t.Errorf("%d right predictions are called wrong", wrong)
				}
				l.toEnd()
				if gaps := gap.FindAllString(eval[string](l.tab, `document.body.outerHTML`), 5); len(gaps) > 0 {
					t.Errorf("the page shows missing messages or unfilled values: %q", gaps)
				}
				quiet(t, l.tab)
			})
		}
	}
}

// The example of the documents: nothing plays before the prediction, a wrong one is
// told why after the run, a reload goes on where one was, the real run tells its
// place and figures.
func TestBrowserLesson(t *testing.T) {
	site := serveWith(t, web.Config{Lab: lab.New(t.TempDir()), Lessons: exampleLessons(t)})
	one := exampleLesson(t)
	l := learn(t, site, one, "en")

	// Keys and links do not lead past the question.
	l.press("n")
	l.click(`[data-station="watch"]`)
	if l.section() != "predict" || eval[string](l.tab, `document.querySelector("[data-stage]").dataset.ready ?? ""`) != "" {
		t.Errorf("without a prediction one gets to %s", l.section())
	}
	_, wrong := l.choices(one.Predict[0])
	l.choose("predict-1", wrong)
	l.submit("predict-1")
	l.awaitSection("watch")
	if said := eval[string](l.tab, `document.querySelector("#predict-1 .feedback").textContent`); !strings.Contains(said, "Noted") {
		t.Errorf("to the prediction it says %q", said)
	}
	l.await(`document.activeElement.id === "watch-title"`)
	l.watch()
	if said := eval[string](l.tab, `document.querySelector('[data-part="verdicts"]').innerText`); !strings.Contains(said, "You said: 2") || !strings.Contains(said, "which copy 2 times") {
		t.Errorf("after the run it says %q", said)
	}
	l.press("b") // back into the walk
	l.press("b")
	l.await(`document.querySelector("#watch").dataset.step === "2"`)
	step := eval[string](l.tab, `document.querySelector("[data-stage]").dataset.step`)

	// What has been seen stays marked, and the prediction as it was; a picture that
	// was moved by itself is brought back to the step.
	if past := eval[string](l.tab, `[...document.querySelectorAll('[data-past="true"]')].map((link) => link.dataset.station).join(" ")`); past != "predict watch" {
		t.Errorf("parts %q are marked as done", past)
	}
	if !eval[bool](l.tab, `document.querySelector('#predict-1 [type="submit"]').hidden && document.querySelector('[name="predict-1"]').disabled`) {
		t.Error("a prediction can be changed after the verdict")
	}
	l.press(kb.ArrowRight)
	l.await(`!document.querySelector('[data-part="again"]').hidden`)
	l.click(`[data-part="again"]`)
	l.await(fmt.Sprintf(`document.querySelector('[data-part="again"]').hidden && document.querySelector("[data-stage]").dataset.step === "%s"`, step))

	// A reload is no loss: the place, the prediction, the step of the stage.
	l.do(chromedp.Navigate(site + "/lessons/my-first-lesson?lang=en"))
	l.awaitSection("watch")
	l.await(fmt.Sprintf(`document.querySelector("#watch").dataset.step === "2" && document.querySelector("[data-stage]").dataset.step === "%s"`, step))
	l.press("n")
	l.await(`document.querySelector("#watch").dataset.step === "3"`)
	l.press("n")
	l.await(`document.querySelector('[data-part="verdicts"] .wrong')`)
	l.press("n")

	l.awaitSection("real")
	l.focusOn(`#real [data-part="run"], #real [data-part="run-recorded"]`)
	l.press(kb.Enter)
	l.await(`!document.querySelector('#real [data-part="result"]').hidden`)
	if rows := eval[int](l.tab, `document.querySelectorAll('#real [data-part="rows"] tr').length`); rows != 3 {
		t.Errorf("%d rows are shown first, want the 3 of the lesson", rows)
	}
	// No model predicts this host's times: the lesson's count is there all the same.
	if row := eval[[]string](l.tab, `[...document.querySelectorAll('#real [data-part="rows"] tr:last-child td')].map((cell) => cell.textContent)`); row[0] != "–" || !strings.HasSuffix(row[1], "s") || row[2] != "measured only" {
		t.Errorf("the CPU time is given as %q", row)
	}
	if from := eval[string](l.tab, `document.querySelector('#real [data-part="from"]').textContent`); from == "" {
		t.Error("it is not told where the figures are from")
	}
	if figure := eval[string](l.tab, `document.querySelector('#kernel [data-value="host.mode_switches"]').innerText`); figure != "128" {
		t.Errorf("the text about the kernel has %q mode switches, want 128", figure)
	}
	// Figures of another machine say so, and go when there are some of this one.
	if here := eval[bool](l.tab, `document.querySelector("#kernel [data-machine]") === null`); here != eval[bool](l.tab, `document.querySelector('[data-part="recorded-note"]').hidden`) {
		t.Errorf("the figures are of this machine: %v, and the note about the other one does not fit", here)
	}
	script(l.tab, `document.activeElement.blur()`)
	l.press("n")
	l.awaitSection("kernel")
	l.press("n")
	l.awaitSection("exercises")
	l.answer("exercise-1", one.Exercises[0], false)
	l.submit("exercise-1")
	if said := l.feedback("exercise-1"); !strings.Contains(said, "Not so") || !strings.Contains(said, "copied 1 times") {
		t.Errorf("to a wrong number it says %q", said)
	}
	script(l.tab, `document.querySelector("#exercise-1-reply").value = ""; document.querySelector("#exercise-1-reply").focus()`)
	l.press("lots")
	l.submit("exercise-1")
	l.await(`document.querySelector("#exercise-1 .feedback .problem")`)
	script(l.tab, `document.querySelector("#exercise-1-reply").focus()`)
	l.answer("exercise-1", one.Exercises[0], true)
	l.submit("exercise-1")
	l.await(`document.querySelector("#exercise-1").dataset.solved === "true"`)
	l.focusOn(`#exercises [data-part="next-button"]`)
	l.press(kb.Enter)
	l.awaitSection("done")
	if said := eval[string](l.tab, `document.querySelector('[data-part="summary"]').textContent`); !strings.Contains(said, "1 of 1") {
		t.Errorf("at the end it says %q", said)
	}
	l.do(chromedp.Navigate(site + "/lessons?lang=en"))
	l.await(`document.querySelector('[data-lesson="my-first-lesson"]').dataset.state === "done"`)
	quiet(t, l.tab)
}

// Whoever comes while another real run is under way is told the place.
func TestBrowserLessonTellsThePlaceInTheQueue(t *testing.T) {
	slow := &slowLab{lab.New(t.TempDir()), make(chan struct{}, 2), make(chan struct{})}
	site := serveWith(t, web.Config{Lab: slow, Lessons: exampleLessons(t)})
	one := exampleLesson(t)
	var tabs []*learner
	for range 2 {
		l := learn(t, site, one, "zh")
		script(l.tab, `localStorage.setItem("copyscope.lessons", JSON.stringify({v: 1, lessons: {"my-first-lesson": {seed: 0, at: "real", replies: {"predict-1": "0"}, solved: []}}}))`)
		l.do(chromedp.Navigate(site + "/lessons/my-first-lesson?lang=zh"))
		l.awaitSection("real")
		l.click(`#real [data-part="run"]`)
		tabs = append(tabs, l)
		if len(tabs) == 1 {
			<-slow.begun
		}
	}
	tabs[1].await(`document.querySelector('#real [data-part="state"]').textContent.includes("第 1 位")`)
	close(slow.release)
	for _, l := range tabs {
		l.await(`!document.querySelector('#real [data-part="result"]').hidden`)
	}
}

// slowLab holds up real runs until it is told to go on.
type slowLab struct {
	*lab.Lab
	begun, release chan struct{}
}

func (l *slowLab) Run(ctx context.Context, s lab.Scenario, o lab.Options) (*lab.Result, error) {
	if s.Side == trace.Real {
		l.begun <- struct{}{}
		<-l.release
	}
	return l.Lab.Run(ctx, s, o)
}
