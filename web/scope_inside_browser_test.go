package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

const lending = "sendfile,side=sim,model=linux,size=256KiB,chunk=64KiB,cache=cold,net=nic,dma=on,sg=on"

// inside is the text of what is open inside a lane's machine.
func (b *tab) inside(lane string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf(`(() => { const e = document.querySelector('#lane-%s .inside'); return e.hidden ? '' : e.dataset.level + ' ' + e.innerText; })()`, lane))
}

// enter opens a place with the keyboard alone.
func (b *tab) enter(lane, place string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`document.querySelector('#lane-%s [data-place="%s"]').focus() ?? true`, lane, place))
	b.press(kb.Enter)
}

// A place opens, a page in it opens, and Escape leads back one level at a time,
// with the focus where it came from.
func TestScopeZoomsFromFileToPage(t *testing.T) {
	b := browse(t)
	b.open(address(serve(t, newKeptLab(t)), 13, lending))
	b.enter("a", "page-cache")
	if got := b.inside("a"); !strings.HasPrefix(got, "2 ") || !strings.Contains(got, "0–15") || !strings.Contains(got, "clean, lent") {
		t.Fatalf("inside the page cache is %q, want its lent pages", got)
	}
	if cells := eval[string](b, `[...document.querySelectorAll('#lane-a .pages .page')].map((e) => e.dataset.state + (e.dataset.now ?? '')).join(' ')`); strings.Count(cells, "lentdma") != 16 || strings.Count(cells, "clean") != 16 || strings.Count(cells, "absent") != 32 {
		t.Errorf("the pages are drawn as %s", cells)
	}
	b.press(kb.Tab) // to the ways back
	eval[bool](b, `document.querySelector('#lane-a .inside [data-inside="page"][data-key="page-0"]').focus() ?? true`)
	b.press(kb.Enter)
	page := b.inside("a")
	for _, want := range []string{"page 0", "0 to 4,095", "socket buffer", "step 10", "asked for", "being filled"} {
		if !strings.HasPrefix(page, "3 ") || !strings.Contains(page, want) {
			t.Errorf("the page's own view lacks %q: %s", want, page)
		}
	}
	b.press(kb.ArrowRight) // stepping goes on, and the view with it
	if got := eval[int](b, `Number(document.querySelector('.scope').dataset.step)`); got != 14 || !strings.HasPrefix(b.inside("a"), "3 ") {
		t.Errorf("a step with the page open led to step %d and %q", got, b.inside("a"))
	}
	b.press(kb.Escape)
	if got := b.inside("a"); !strings.HasPrefix(got, "2 ") {
		t.Errorf("Escape led from the page to %q", got)
	}
	b.press(kb.Escape)
	focus := eval[string](b, `document.activeElement.dataset.place ?? ''`)
	if got := b.inside("a"); got != "" || focus != "page-cache" {
		t.Errorf("Escape left %q open, the focus is at %q", got, focus)
	}
}

// Inside the ring and the socket buffer are the descriptors, each with its
// fragments.
func TestScopeShowsDescriptorsAndFragments(t *testing.T) {
	b := browse(t)
	b.open(address(serve(t, newKeptLab(t)), 26, lending))
	b.enter("a", "nic-ring")
	ring := b.inside("a")
	for _, want := range []string{"payload in pages", "the device works on it", "waits", "65,536"} {
		if !strings.Contains(ring, want) {
			t.Errorf("inside the ring %q is missing: %s", want, ring)
		}
	}
	b.press(kb.Escape)
	b.enter("a", "socket-buffer")
	eval[bool](b, `document.querySelectorAll('#lane-a .inside tbody .step[data-inside="item"]')[1].click() ?? true`)
	item := b.inside("a")
	rows := eval[int](b, `document.querySelectorAll('#lane-a .inside tbody tr').length`)
	if !strings.Contains(item, "65,536") || !strings.Contains(item, "Fragments") || rows != 16 {
		t.Errorf("the second reference has %d fragments, want 16: %s", rows, item)
	}
	// What nothing tells is said.
	b.open(address(serve(t, newKeptLab(t)), 8, relayed))
	b.enter("a", "page-cache")
	if got := b.inside("a"); !strings.Contains(got, "not those of one file") {
		t.Errorf("the page cache of a relay shows %q", got)
	}
}
