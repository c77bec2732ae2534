package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// W forks the run where it stands; what it was stays as a ghost, the scoreboard
// has the difference, and the address brings both back.
func TestScopeWhatIfLeavesAGhost(t *testing.T) {
	b := browse(t)
	base := serve(t, newKeptLab(t))
	b.open(address(base, 0, gather))
	for range 4 {
		b.press(kb.ArrowRight)
	}
	b.press("w")
	b.await(`document.querySelector('.whatif').open`)
	if got := eval[string](b, `document.querySelector('.whatif [name="step"]').value`); got != "4" {
		t.Errorf("the dialog offers step %s, want 4, where the run stands", got)
	}
	eval[bool](b, `(() => { const key = document.querySelector('.whatif [name="key"]'); key.value = 'sg'; return key.dispatchEvent(new Event('change', { bubbles: true })); })()`)
	b.press(kb.Enter)
	b.await(`document.querySelector('.scope').dataset.ready === 'true' && location.search.includes('whatif=4/sg=off') && location.search.includes('ghost=a')`)
	ghosts := `[...document.querySelectorAll('.lane.ghost:not([hidden])')].map((l) => l.dataset.lane + l.querySelector('.was').textContent).join()`
	if got := eval[string](b, ghosts); got != "aas it was" {
		t.Errorf("the ghosts are %q, want lane A, as it was", got)
	}
	b.press(kb.End)
	v := b.view()
	if a, c := v.Lanes["a"].Counts["cpu_copies"], v.Lanes["b"].Counts["cpu_copies"]; a != "0" || c != "1" {
		t.Errorf("as it was and without scatter-gather: %s and %s CPU copies, want 0 and 1", a, c)
	}
	if diff := eval[string](b, `document.querySelector('[data-row="cpu_copies"] .diff').textContent`); diff != "+1" {
		t.Errorf("the difference is %q, want +1", diff)
	}
	if parts := eval[string](b, `document.querySelector('#lane-b .parts').textContent`); !strings.Contains(parts, "A from step") {
		t.Errorf("lane B does not say where it parts: %q", parts)
	}
	where := eval[string](b, `location.href`)
	b.open(where)
	if got := eval[string](b, ghosts); got != "aas it was" {
		t.Errorf("the address brings back the ghosts %q", got)
	}
	// A change that cannot be is refused in the dialog, in the reader's language, and no
	// lane is touched; one that can be is taken after that.
	b.press("w")
	eval[bool](b, `(() => { const f = document.querySelector('.whatif form'); f.elements.lane.value = 'a'; f.elements.key.value = 'mtu'; f.elements.value.value = 'huge'; f.requestSubmit(); return true; })()`)
	b.await(`document.querySelector('.whatif [data-part="say"]').textContent !== ''`)
	if text := eval[string](b, `document.querySelector('.whatif [data-part="say"]').textContent`); !strings.Contains(text, "mtu") || !strings.Contains(text, "huge") || !strings.Contains(text, "68 to 65536") {
		t.Errorf("the dialog says %q", text)
	}
	if !eval[bool](b, `document.querySelector('.whatif').open && document.querySelector('#lane-c').hidden && location.href === `+fmt.Sprintf("%q", where)) {
		t.Error("after a change that cannot be the dialog is closed, or a lane or the address has changed")
	}
	eval[bool](b, `(() => { const f = document.querySelector('.whatif form'); f.elements.value.value = '9000'; f.requestSubmit(); return true; })()`)
	b.await(`!document.querySelector('.whatif').open && document.querySelector('.scope').dataset.ready === 'true' && location.search.includes('mtu=9000')`)
	if n := eval[int](b, `document.querySelectorAll('.lane[data-status="ready"]:not([hidden])').length`); n != 3 {
		t.Errorf("%d lanes are ready want 3", n)
	}
	eval[bool](b, `(document.querySelector('#lane-c [data-action="remove-lane"]').click(), document.querySelector('#lane-b [data-action="remove-lane"]').click(), true)`)
	b.await(`!location.search.includes('ghost')`)
}

// After a run has been played to its end, a fork begins where the change can matter;
// one that comes too late says that nothing changed, on a phone in the lane that is
// then shown.
func TestScopeWhatIfSaysThatNothingChanged(t *testing.T) {
	for _, width := range []int{1366, 390} {
		b := browse(t)
		b.size(width, 844)
		b.open(address(serve(t, newKeptLab(t)), 0, gather))
		b.press(kb.End)
		b.press("w")
		b.await(`document.querySelector('.whatif').open`)
		if got := eval[string](b, `document.querySelector('.whatif [name="step"]').value`); got != "0" {
			t.Errorf("%d px: at the end of the run the dialog offers step %s, want 0", width, got)
		}
		last := eval[string](b, `document.querySelector('.whatif [name="step"]').max`)
		fork := func(step string) {
			eval[bool](b, `(() => { const f = document.querySelector('.whatif form'); f.elements.key.value = 'sg'; f.elements.step.value = '`+step+`'; f.elements.value.value = 'off'; f.requestSubmit(); return true; })()`)
			b.await(`document.querySelector('.scope').dataset.ready === 'true' && location.search.includes('whatif=` + step + `/sg=off')`)
		}
		said := `(document.querySelector('#lane-b [data-part="same"]').offsetHeight > 0 ? document.querySelector('#lane-b [data-part="same"]').textContent : '')`
		fork(last)
		b.await(said + `.includes('After step ` + last + ` nothing is left that sg=off would change')`)
		eval[bool](b, `(document.querySelector('#lane-b [data-action="remove-lane"]').click(), true)`)
		b.await(`!location.search.includes('whatif')`)
		b.press("w")
		fork("0")
		if text := eval[string](b, said); text != "" {
			t.Errorf("%d px: a change that made a difference says %q", width, text)
		}
	}
}
