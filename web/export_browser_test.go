package web_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"copyscope/internal/export"
	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/templates"
	"copyscope/web"
)

// TestExportedPageStandsAlone opens an exported page from the disk: it fetches
// nothing, nothing of it offends its own content policy, and every step shows
// the counts that the run has there, forwards and backwards, in either language.
func TestExportedPageStandsAlone(t *testing.T) {
	b := browse(t)
	s, err := lab.ParseScenario("sendfile,net=nic,size=256KiB,chunk=64KiB,cache=cold", lab.Default())
	if err != nil {
		t.Fatal(err)
	}
	r, err := lab.New(t.TempDir()).Run(context.Background(), s, lab.Options{MaxEvents: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	run := r.Run
	// What a trace says must stay text.
	run.Machine = `</script><script>document.title='broken'</script>"'<b>`
	run.Events[1].Detail = `<img src=x onerror="document.title='broken'">`
	var page bytes.Buffer
	if err := export.Page(&page, run, export.PageOptions{Version: "test", Tell: web.Narrate}); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "run.html")
	if err := os.WriteFile(name, page.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate("file://" + name))
	b.await(`document.documentElement.dataset.step === '0'`)

	at := func(step int) {
		t.Helper()
		counts := run.CountsAt(step).Counts()
		for _, count := range trace.CountNames() {
			want := "–"
			if c := counts[count]; c.Known() {
				want = templates.Quantity(c.Value, trace.UnitOf(count))
			}
			if got := eval[string](b, `document.querySelector('[data-count="`+string(count)+`"]').textContent`); got != want {
				t.Errorf("step %d: %s is %q, want %q", step, count, got, want)
			}
		}
	}
	at(0)
	for step := 1; step <= 12; step++ {
		b.press(kb.ArrowRight)
		at(step)
	}
	b.press(kb.ArrowLeft)
	at(11)
	said := eval[string](b, `document.querySelector('[data-part="now"] [lang="en"]').textContent`)
	if want := web.Narrate("en", run)[10]; said != want {
		t.Errorf("step 11 says %q, want %q", said, want)
	}
	b.press(kb.End)
	at(len(run.Events))
	b.press(kb.Home)
	at(0)
	// A call's events end where the next call's begin.
	b.press(kb.ArrowRight, chromedp.KeyModifiers(chromedp.ModifierAlt))
	step := eval[int](b, `Number(document.documentElement.dataset.step)`)
	if step < 1 || run.Events[step-1].Call == run.Events[step].Call {
		t.Errorf("the first call boundary is step %d", step)
	}
	b.press("l")
	if shown := eval[string](b, `document.querySelector('h2').innerText`); shown != "计数" {
		t.Errorf("in Chinese the counts are headed %q", shown)
	}
	b.do(chromedp.Navigate("file://" + name + "#7"))
	b.await(`document.documentElement.dataset.step === '7'`)
	at(7)

	if title := eval[string](b, `document.title`); !strings.HasSuffix(title, "copyscope") {
		t.Errorf("the title is %q: text of the trace ran", title)
	}
	if problems := b.complaints(); len(problems) > 0 {
		t.Errorf("the console says %q", problems)
	}
	for host := range b.hosts {
		if host != "" {
			t.Errorf("it asked %q for something", host)
		}
	}
}
