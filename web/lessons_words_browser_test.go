package web_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"copyscope/internal/lab"
	"copyscope/web"
)

// A word of the glossary in a step is a link that tells what it means when the
// keyboard stops at it; Escape puts that away and leaves the walk where it is; the
// step's other words are text.
func TestBrowserLessonWords(t *testing.T) {
	dir := exampleLessons(t)
	if err := os.WriteFile(filepath.Join(dir, "glossary.yaml"), []byte(`[{name: programs, term: {en: programs}, text: {en: "What `+"`exec`"+` starts."}}]`), 0o644); err != nil {
		t.Fatal(err)
	}
	site := serveWith(t, web.Config{Lab: lab.New(t.TempDir()), Lessons: dir})
	const shown = `document.querySelector('[data-part="word"]').matches(":popover-open")`
	l := learn(t, site, exampleLesson(t), "en")
	l.predict(true)
	l.await(`document.querySelector("[data-stage]").dataset.ready === "true"`)
	if words := eval[[]string](l.tab, `[...document.querySelectorAll('[data-part="say"] a')].map((a) => a.textContent + " " + a.getAttribute("href"))`); len(words) != 1 || words[0] != "programs /glossary#programs" {
		t.Fatalf("the first step links %q", words)
	}
	l.focusOn("a.term")
	l.await(shown)
	if said := eval[string](l.tab, `document.querySelector('[data-part="word"]').innerText`); said != "programs\n\nWhat exec starts." {
		t.Errorf("beside the word it says %q", said)
	}
	if described := eval[string](l.tab, `document.getElementById(document.activeElement.getAttribute("aria-describedby")).textContent.trim()`); described == "" {
		t.Error("the link is described by nothing")
	}
	l.press(kb.Escape)
	l.await("!" + shown)
	if !eval[bool](l.tab, `document.activeElement.matches("a.term") && document.querySelector("#watch").dataset.step === "1"`) {
		t.Error("Escape took the focus or the step away")
	}
	l.press(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift))
	l.press(kb.Tab)
	l.await(shown)
	l.press("n") // goes on, and nothing stays behind
	l.await(`document.querySelector("#watch").dataset.step === "2"`)
	if eval[bool](l.tab, shown) {
		t.Error("the word of the step before is still shown")
	}
	l.press("b")
	l.await(`document.querySelector("#watch").dataset.step === "1"`)
	l.focusOn("a.term")
	l.press(kb.Enter)
	l.await(`location.pathname === "/glossary" && document.querySelector(":target dfn")?.textContent === "programs"`)

	// What is typed there leaves the words that have it.
	l.focusOn("#filter")
	l.press("EXEC")
	l.await(`[...document.querySelectorAll(".terms dt:not([hidden])")].map((term) => term.id).join(" ") === "programs" && document.querySelector('[data-part="found"]').textContent === "1 word"`)
	quiet(t, l.tab)
}
