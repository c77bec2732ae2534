package web

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"copyscope/internal/lab"
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

// Without scripts all of a lesson is there to read, and a reply is answered.
func TestLessonWithoutScripts(t *testing.T) {
	s := newServer(t, Config{Lab: lab.New(t.TempDir()), Lessons: exampleLessons(t)})
	page := body(t, ask(s, "GET", "/lessons/my-first-lesson?lang=en&seed=0&predict-1=1&exercise-1=64KiB", nil))
	for _, want := range []string{"Two programs send the same file", "<details", "That is what happens where the network card cannot gather", "all of it, once", "The same on your kernel", `"step":`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	sheet := body(t, ask(s, "GET", "/lessons/my-first-lesson/sheet?lang=en&seed=1", nil))
	if !strings.Contains(sheet, "128 KiB") || strings.Contains(sheet, "all of it, once") {
		t.Error("the sheet has other numbers, or answers")
	}
	if with := body(t, ask(s, "GET", "/lessons/my-first-lesson/sheet?lang=en&seed=1&answers=1", nil)); !strings.Contains(with, "all of it, once") {
		t.Error("the sheet with answers has none")
	}
}

// A number is asked for in the unit that the question has: a count of things, or how
// many times as much. A step is at its place in the lane of the run that it names, and
// a text has the figures that its file computes.
func TestLessonUnitsAndLanes(t *testing.T) {
	s := newServer(t, Config{Lab: lab.New(t.TempDir())})
	for lang, want := range map[string][]string{
		"en": {`id="exercise-2-unit" class="dim">a whole number<`, `id="exercise-3-unit" class="dim">times<`, `"lane":"b"`, `data-value="from-disk">`},
		"zh": {`id="exercise-2-unit" class="dim">整数<`, `id="exercise-3-unit" class="dim">倍<`, `"lane":"b"`, `data-value="from-disk">`},
	} {
		page := body(t, ask(s, "GET", "/lessons/pio?seed=0&exercise-3=3%C3%97&lang="+lang, nil))
		for _, part := range want {
			if !strings.Contains(page, part) {
				t.Errorf("%s: the page lacks %s", lang, part)
			}
		}
		if strings.Contains(page, "“3×”") {
			t.Errorf("%s: 3× is not taken as a number", lang)
		}
	}
}

// A lesson file with errors is told of, the others work, and a mended one comes back
// with the next page.
func TestLessonsOfADirectory(t *testing.T) {
	dir := exampleLessons(t)
	text, _ := os.ReadFile(filepath.Join(dir, "example.yaml"))
	bad := strings.NewReplacer("my-first-lesson", "second", "number: 100", "nummer: 100").Replace(string(text))
	file := filepath.Join(dir, "second.yaml")
	if err := os.WriteFile(file, []byte(bad), 0o644); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, Config{Lab: lab.New(t.TempDir()), Lessons: dir})
	list := body(t, ask(s, "GET", "/lessons?lang=en", nil))
	for _, want := range []string{"second.yaml:3 · nummer", "did you mean number?", "One call instead of two", "your lecturer"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list lacks %q", want)
		}
	}
	if r := ask(s, "GET", "/lessons/second?lang=zh", nil); r.StatusCode != 404 || !strings.Contains(body(t, r), "nummer") {
		t.Errorf("the address of the lesson with errors answers %s", r.Status)
	}
	mended := strings.Replace(bad, "nummer", "number", 1)
	if err := os.WriteFile(file, []byte(mended), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := ask(s, "GET", "/lessons/second?lang=en", nil); r.StatusCode != 200 {
		t.Errorf("mended, it answers %s", r.Status)
	}
	if list := body(t, ask(s, "GET", "/lessons?lang=en", nil)); strings.Contains(list, "nummer") {
		t.Error("the error is still told")
	}
}

// A lesson's page, its stage and all, is light.
func TestLessonIsLight(t *testing.T) {
	const most = 250 << 10 // bytes
	n, files := firstView(t, newServer(t, Config{Lab: lab.New(t.TempDir()), Lessons: exampleLessons(t)}), "/lessons/my-first-lesson")
	t.Logf("%d bytes in %d files", n, len(files)+1)
	if n > most {
		t.Errorf("it transfers %d bytes, more than %d", n, most)
	}
}

// Scripts in a lecturer's file run nowhere: not in the lesson, nor where the file's
// errors are told.
func TestHostileLesson(t *testing.T) {
	const script = "<img src=x onerror=alert(1)>"
	dir := exampleLessons(t)
	text, _ := os.ReadFile(filepath.Join(dir, "example.yaml"))
	places := []string{"One call instead of two", "Two programs send the same file.", "my-first-lesson", "[64KiB, 128KiB]", "sendfile,side=real", "copyscope run sendfile read-write",
		"You will know what", "A program sends a file of", "That is what happens where", "Your kernel switched", "Open the run and", "It is about"}
	for i, place := range places {
		spoilt := strings.Replace(string(text), place, script, 1)
		if spoilt == string(text) {
			t.Fatalf("%q is not in the example", place)
		}
		bad := strings.Replace(spoilt, "my-first-lesson", "hostile-"+string(rune('a'+i)), 1)
		if err := os.WriteFile(filepath.Join(dir, "hostile-"+string(rune('a'+i))+".yaml"), []byte(bad), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := newServer(t, Config{Lab: lab.New(t.TempDir()), Lessons: dir})
	addresses := []string{"/", "/lessons", "/lessons/my-first-lesson?seed=" + "%3Cimg%20src=x%20onerror=alert(1)%3E&predict-1=%3Cimg%20src=x%20onerror=alert(1)%3E"}
	for i := range places {
		at := "/lessons/hostile-" + string(rune('a'+i))
		addresses = append(addresses, at, at+"/sheet")
	}
	for _, address := range addresses {
		if page := body(t, ask(s, "GET", address, nil)); strings.Contains(page, script) {
			t.Errorf("%s has the script", address)
		}
	}
}

// A paragraph whose figures are still to be measured waits for them, hidden: it says
// nothing without. What a recorded run stands in for is there at once.
func TestParagraphWaitsForItsMeasurement(t *testing.T) {
	s := newServer(t, Config{Lab: lab.New(t.TempDir())})
	for _, lang := range []string{"en", "zh"} {
		page := body(t, ask(s, "GET", "/lessons/switches?seed=0&lang="+lang, nil))
		_, kernel, _ := strings.Cut(page, `id="kernel"`)
		var waiting int
		for _, p := range strings.Split(kernel, "<p")[1:] {
			p, _, _ := strings.Cut(p, "</p>")
			if !strings.Contains(p, " data-waits") {
				continue
			}
			waiting++
			if !strings.HasPrefix(p, " hidden>") || !strings.Contains(p, "hostplain.mode_switches") {
				t.Errorf("%s: without its figure the page shows <p%s", lang, p)
			}
		}
		if waiting != 1 {
			t.Errorf("%s: %d paragraphs wait for a measurement, want 1", lang, waiting)
		}
		if page := body(t, ask(s, "GET", "/lessons/read-write?seed=0&lang="+lang, nil)); strings.Contains(page, " data-waits") {
			t.Errorf("%s: figures of a recorded run wait for a measurement", lang)
		}
	}
}
