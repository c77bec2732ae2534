package web_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/web"
)

// One lesson is open in two tabs. What is done in one is not lost by what is done in
// the other, which was opened before; what is kept of other lessons stays.
func TestBrowserLessonInTwoTabs(t *testing.T) {
	site := serveWith(t, web.Config{Lab: lab.New(t.TempDir()), Lessons: exampleLessons(t)})
	first := learn(t, site, exampleLesson(t), "en")
	script(first.tab, `localStorage.setItem("copyscope.lessons", JSON.stringify({v: 1, lessons: {sendfile: {seed: 0, at: "watch-2", replies: {}, solved: [], done: true, time: 1}}}))`)
	second := &learner{browse(t), first.lesson, first.seen}
	second.do(chromedp.Navigate(site + "/lessons/my-first-lesson?lang=en"))
	second.await(`document.querySelector("article.lesson").dataset.ready`)

	first.predict(true)
	first.watch()
	first.toEnd()
	second.predict(false) // it knows of nothing, and writes what it has
	second.await(`document.querySelector("[data-stage]").dataset.ready === "true"`)
	second.press("n")
	second.await(`document.querySelector("#watch").dataset.step === "2"`)

	kept := eval[struct {
		V       int
		Lessons map[string]struct {
			Seed    int
			At      string
			Replies map[string]string
			Solved  []string
			Done    bool
		}
	}](second.tab, `JSON.parse(localStorage.getItem("copyscope.lessons"))`)
	one := kept.Lessons["my-first-lesson"]
	if kept.V != 1 || one.At != "watch-2" || !one.Done || len(one.Solved) != 1 || len(one.Replies) != 2 {
		t.Errorf("kept is %+v", kept)
	}
	if other := kept.Lessons["sendfile"]; other.At != "watch-2" || !other.Done {
		t.Errorf("of another lesson is kept %+v", other)
	}
	second.do(chromedp.Navigate(site + "/lessons/my-first-lesson?lang=en&seed=0&at=exercises"))
	second.await(`document.querySelector("#exercise-1").dataset.solved === "true"`)
	second.do(chromedp.Navigate(site + "/lessons?lang=en"))
	second.await(`document.querySelector('[data-lesson="my-first-lesson"]').dataset.state === "done"`)
	quiet(t, first.tab)
	quiet(t, second.tab)
}

// heldLab holds up its first real run until the server that asked for it ends.
type heldLab struct {
	*lab.Lab
	held  atomic.Bool
	begun chan struct{}
}

func (l *heldLab) Run(ctx context.Context, s lab.Scenario, o lab.Options) (*lab.Result, error) {
	if s.Side == trace.Real && l.held.CompareAndSwap(false, true) {
		close(l.begun)
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	return l.Lab.Run(ctx, s, o)
}

// The server is started anew during a real run of a lesson: the page says so, has the
// run made again and shows its figures.
func TestBrowserLessonServerRestarts(t *testing.T) {
	held := &heldLab{Lab: lab.New(t.TempDir()), begun: make(chan struct{})}
	dir := exampleLessons(t)
	base, _, shut := serveAtWith(t, "127.0.0.1:0", web.Config{Lab: held, Lessons: dir})
	l := learn(t, base, exampleLesson(t), "en")
	script(l.tab, `localStorage.setItem("copyscope.lessons", JSON.stringify({v: 1, lessons: {"my-first-lesson": {seed: 0, at: "real", replies: {"predict-1": "0"}, solved: []}}}))`)
	l.do(chromedp.Navigate(base + "/lessons/my-first-lesson?lang=en"))
	l.awaitSection("real")
	l.await(`document.querySelector("#connection").dataset.state === "open"`)
	l.click(`#real [data-part="run"]`)
	<-held.begun
	shut()
	l.await(`document.querySelector("#connection").dataset.state === "waiting"`)
	if eval[bool](l.tab, `!document.querySelector('#real [data-part="result"]').hidden`) {
		t.Error("a run that was cut has a result")
	}
	serveAtWith(t, strings.TrimPrefix(base, "http://"), web.Config{Lab: held, Lessons: dir})
	l.await(`document.querySelector("#connection").dataset.state === "restarted" && document.querySelector("#connection").textContent.includes("anew")`)
	l.await(`!document.querySelector('#real [data-part="result"]').hidden && document.querySelectorAll('#real [data-part="rows"] tr').length === 3`)
	if state := eval[string](l.tab, `document.querySelector('#real [data-part="state"]').textContent`); state != "" {
		t.Errorf("beside the figures it says %q", state)
	}
}
