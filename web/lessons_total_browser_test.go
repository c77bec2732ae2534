package web_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"copyscope/internal/lab"
	"copyscope/internal/lesson"
	"copyscope/web"
)

// A run with more events than a page is sent is told by the figures of the whole run,
// in the table and in the text, whose paragraph waits for them.
func TestBrowserLessonOfALongRun(t *testing.T) {
	dir := exampleLessons(t)
	name := filepath.Join(dir, "example.yaml")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer(
		`"sendfile,side=real,cache=warm,net=loopback,size=4MiB,chunk=64KiB"`, `"sendfile,side=real,cache=warm,net=loopback,size=32MiB,chunk=4KiB"`,
		"rows: [mode_switches, cpu_copies_per_byte, cpu_ns]", "rows: [mode_switches, receiver_cpu_copied_bytes, cpu_ns]",
		"en: Your kernel switched {host.mode_switches} times, once in and once out for each call of 64 KiB.", `en: "The receiver copied {host.receiver_cpu_copied_bytes}."`,
	).Replace(string(text))
	if err := os.WriteFile(name, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	one := (&lesson.Library{}).WithDirectory(dir).Lessons[0]
	site := serveWith(t, web.Config{Lab: lab.New(t.TempDir()), Lessons: dir})
	l := learn(t, site, one, "en")
	script(l.tab, `localStorage.setItem("copyscope.lessons", JSON.stringify({v: 1, lessons: {"my-first-lesson": {seed: 0, at: "real", replies: {"predict-1": "0"}, solved: []}}}))`)
	l.do(chromedp.Navigate(site + "/lessons/my-first-lesson?lang=en"))
	l.awaitSection("real")
	const said = `document.querySelector('#kernel [data-value="host.receiver_cpu_copied_bytes"]').closest("p")`
	if !eval[bool](l.tab, said+`.hidden`) {
		t.Error("the paragraph is there before its figure is")
	}
	l.click(`#real [data-part="run"]`)
	l.await(`!document.querySelector('#real [data-part="result"]').hidden`)
	rows := eval[string](l.tab, `[...document.querySelectorAll('#real [data-part="rows"] td:nth-child(3)')].map((cell) => cell.textContent).join(" ")`)
	if !strings.Contains(rows, "16,384") || !(strings.Contains(rows, "33,554,432 B") || strings.Contains(rows, "32 MiB")) {
		t.Errorf("of 32 MiB in 8,192 calls it is told that %q", rows)
	}
	if text := eval[string](l.tab, said+`.textContent`); eval[bool](l.tab, said+`.hidden`) || !strings.Contains(text, "32 MiB") && !strings.Contains(text, "32.0 MiB") {
		t.Errorf("the text says %q", text)
	}
}
