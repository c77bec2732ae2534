package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// Where lanes part is marked, reached by a button and explained; what differs in
// time or provenance alone is no difference.
func TestScopeParting(t *testing.T) {
	base := serve(t, newKeptLab(t))
	b := browse(t)
	warm := strings.Replace(story, "cache=cold", "cache=warm", 1)
	for _, c := range []struct {
		name  string
		lanes []string
		align string
		// step is the lanes' own, 0 if they do the same; says are parts of the
		// explanation.
		step int
		says []string
	}{
		{"the same", []string{story, story}, "step", 0, []string{"No difference"}},
		{"slower hardware is only slower", []string{story, story + ",profile=hdd-1g"}, "step", 0, []string{"No difference"}},
		{"another cache", []string{story, warm}, "step", 3, []string{"The first 2 steps", "page cache: A cold cache · B warm cache"}},
		{"another path", []string{story, gather}, "step", 1, []string{"They differ from the start", "read-write", "sendfile", "sendfile(sock, file, &off, chunk);", "n = read(file, buf, chunk);"}},
		{"by time", []string{story, warm}, "time", 3, []string{"page cache"}},
		{"the third of three", []string{story, story, gather}, "step", 1, []string{"C"}},
		{"one ends sooner", []string{"read,size=128KiB,cache=warm", "read,cache=warm"}, "step", 6, []string{"has finished after step 5", "size: A 128KiB · B 64KiB"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b.t = t
			b.open(address(base, 0, c.lanes...) + "&align=" + c.align)
			words := eval[string](b, `document.querySelector('[data-part="parting"]').textContent`)
			for _, part := range c.says {
				if !strings.Contains(words, part) {
					t.Errorf("the explanation lacks %q: %s", part, words)
				}
			}
			marks := eval[[]string](b, `[document.querySelectorAll('.timeline .mark').length, document.querySelectorAll('.ticks .parting').length, document.querySelectorAll('.lane:not([hidden]) .parts:not([hidden])').length].map(String)`)
			if c.step == 0 {
				if strings.Join(marks, "") != "000" {
					t.Errorf("runs that do the same are marked: %v", marks)
				}
				return
			}
			if marks[0] == "0" || marks[1] != "1" || marks[2] == "0" {
				t.Errorf("timeline, scrubber and lanes have %v marks", marks)
			}
			eval[bool](b, `(document.querySelector('.lane:not([hidden]) .parts:not([hidden])').click(), true)`)
			v := b.view()
			for id, lane := range v.Lanes {
				last := eval[int](b, `Number(document.querySelector('#lane-`+id+` [data-part="where"]').textContent.split('/')[1])`)
				if lane.Step < min(c.step, last) {
					t.Errorf("there, lane %s shows step %d, want %d", id, lane.Step, c.step)
				}
			}
			if c.align == "step" && v.Step != c.step {
				t.Errorf("the button leads to step %d, want %d", v.Step, c.step)
			}
			if !eval[bool](b, `document.querySelector('[data-part="parting"]').open`) {
				t.Error("the explanation stays closed")
			}
			if !eval[bool](b, `document.activeElement.closest('[data-part="parting"]') !== null`) {
				t.Error("the focus is not at the explanation")
			}
			b.press(kb.Home)
		})
	}
}
