package web_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/lesson"
	"copyscope/web"
)

// longLesson walks through a run of some 50,000 events.
const longLesson = `
schema: 1
name: long
number: 101
minutes: 1
title: {en: Long}
lead: {en: A long run.}
runs: {main: "read-write,model=textbook,cache=cold,net=nic,size=16MiB,chunk=4KiB"}
predict:
  - ask: {en: How often?}
    answer: {run: main, count: cpu_copies}
    number: {unit: times}
    wrong: {en: "No: {answer}."}
    right: {en: "{answer}."}
steps:
  - {show: [main], at: start, say: {en: The start.}}
  - {at: 30000, say: {en: Far on.}}
  - {at: {event: {kind: dma, actor: nic-dma, nth: 3000}}, say: {en: A transfer.}}
  - {at: end, say: {en: The end.}}
exercises:
  - ask: {en: How many calls?}
    answer: {run: main, count: syscalls}
    number: {unit: times}
    wrong: {en: "No: {answer}."}
    right: {en: "{answer}."}
`

// A walk goes beyond what a page is sent of a run: to a number, an event, the end.
func TestBrowserLessonWalksALongRun(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "long.yaml"), []byte(longLesson), 0o644); err != nil {
		t.Fatal(err)
	}
	one, errs := lesson.Parse("long.yaml", []byte(longLesson), true)
	if len(errs) > 0 {
		t.Fatal(errs[0])
	}
	seen := one.Seen(lesson.NewPlayer(lab.New(t.TempDir())), 0)
	l := learn(t, serveWith(t, web.Config{Lab: lab.New(t.TempDir()), Lessons: dir}), one, "en")
	l.predict(true)
	for i, s := range one.Steps {
		want, err := seen.StepOf(t.Context(), "main", s.At)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && want <= lesson.ShownEvents {
			t.Errorf("step %d of the walk is at %d: it tests nothing", i+1, want)
		}
		l.await(fmt.Sprintf(`document.querySelector("#watch").dataset.step === "%d" && document.querySelector('section[data-lane="a"]').dataset.step === "%d" && document.querySelector("[data-stage]").dataset.ready === "true"`, i+1, want))
		if told := eval[string](l.tab, `document.querySelector('[data-part="narration"]').textContent`); len(told) < 10 {
			t.Errorf("step %d of the run is told as %q", want, told)
		}
		l.press("n")
	}
	l.await(`document.querySelector('[data-part="verdicts"] .right')`)
	quiet(t, l.tab)
}
