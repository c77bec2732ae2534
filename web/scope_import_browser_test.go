package web_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"copyscope/internal/importer"
	"copyscope/internal/importer/perfscript"
	"copyscope/internal/importer/strace"
	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// pick has the page's reader choose a file.
func (b *tab) pick(selector, name, text string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`(() => { const input = document.querySelector(%s); const all = new DataTransfer(); all.items.add(new File([%s], %s)); input.files = all.files; return input.dispatchEvent(new Event('change', { bubbles: true })); })()`, quote(selector), quote(text), quote(name)))
}

// An imported trace is a lane with the counts that copyscope import prints. The
// address has its name; another browser is asked for the file, this one is not.
func TestScopeImportsTraces(t *testing.T) {
	base := serve(t, newKeptLab(t))
	b := browse(t)
	for _, c := range []struct {
		file string
		read func([]byte) (*importer.Imported, error)
	}{
		{"strace/testdata/relay.strace", func(text []byte) (*importer.Imported, error) {
			return strace.Read(t.Context(), bytes.NewReader(text), 0)
		}},
		{"perfscript/testdata/relay.perf", func(text []byte) (*importer.Imported, error) {
			return perfscript.Read(t.Context(), bytes.NewReader(text), 0)
		}},
	} {
		text, err := os.ReadFile("../internal/importer/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := c.read(text)
		if err != nil {
			t.Fatal(err)
		}
		b.open(address(base, 0, story))
		name := c.file[strings.LastIndex(c.file, "/")+1:]
		b.pick(`[data-part="add-lane"] input`, name, string(text))
		b.await(`location.search.includes('b=import=` + name + `') && document.querySelector('.scope').dataset.ready === 'true'`)
		b.press(kb.End)
		got := b.view().Lanes["b"].Counts
		for count, value := range want.Counter.Counts() {
			text := ""
			if value.Known() {
				text = eval[string](b, fmt.Sprintf(`String(%v)`, value.Value))
			}
			if got[string(count)] != text {
				t.Errorf("%s: the page has %s = %q, copyscope import %q", name, count, got[string(count)], text)
			}
		}
		b.do(chromedp.Reload())
		b.await(`document.querySelector('.scope')?.dataset.ready === 'true'`)
	}

	// A file that this browser does not have.
	b.do(chromedp.Navigate(address(base, 0, story, "import=elsewhere.strace")))
	b.await(`document.querySelector('#lane-b .state.failed') && document.querySelector('#lane-a').dataset.status === 'ready'`)
	if said := eval[string](b, `document.querySelector('#lane-b .state').innerText`); !strings.Contains(said, "elsewhere.strace") || !strings.Contains(said, "Choose the file") {
		t.Errorf("the lane says %q", said)
	}
	// One that is no trace is that lane's error alone.
	b.pick(`#lane-b [data-part="import-again"] input`, "poem.txt", strings.Repeat("so much depends upon\n", 40))
	b.await(`location.search.includes('b=import=poem.txt') && document.querySelector('#lane-b .state.failed')`)
	if said := eval[string](b, `document.querySelector('#lane-b .state').innerText`); !strings.Contains(said, "line ") {
		t.Errorf("of a poem the lane says %q", said)
	}
	b.press(kb.ArrowRight)
	if v := b.view(); v.Lanes["a"].Step != 1 {
		t.Error("lane A cannot be stepped beside a lane that failed")
	}
}

// What was written with copyscope run --trace-out comes back, and what is no
// trace is refused in one sentence.
func TestScopeImportAnswers(t *testing.T) {
	base := serve(t, newKeptLab(t))
	r, err := lab.New(t.TempDir()).Run(t.Context(), scenario(t, story), lab.Options{MaxEvents: 1000})
	if err != nil {
		t.Fatal(err)
	}
	file := func(change func(*trace.Run)) string {
		run := *r.Run
		run.Events = append([]trace.Event(nil), run.Events...)
		change(&run)
		text, err := json.Marshal(run)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, c := range []struct {
		what, name, body string
		status           int
		says             string
	}{
		{"a trace file", "run.json", file(func(*trace.Run) {}), 200, `"type":"scope.done"`},
		{"an unknown kind", "run.json", file(func(run *trace.Run) { run.Events[2].Kind = "teleport" }), 400, "teleport"},
		{"an unknown place", "run.json", file(func(run *trace.Run) { run.Events[2].To = "<script>" }), 400, "which this version does not know"},
		{"a trace file that is cut off", "run.json", file(func(*trace.Run) {})[:500], 400, "cut off"},
		{"nothing", "empty", "", 400, "it is empty"},
		{"a packed file", "run.json.gz", "\x1f\x8b\x08", 400, "unpack it first"},
		{"no name", "", "x", 400, "without folders"},
	} {
		answer, err := http.Post(base+"/scope/import?lang=en&lane=b&name="+c.name, "application/octet-stream", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		_, err = text.ReadFrom(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != c.status || !strings.Contains(text.String(), c.says) {
			t.Errorf("%s: %s %.300s (%v), want %d and %q", c.what, answer.Status, text.String(), err, c.status, c.says)
		}
	}
}
