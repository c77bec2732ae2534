package web_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func TestPaletteFindsPagesAndActions(t *testing.T) {
	b := browse(t)
	defer forget(t, b)
	b.open(serve(t, newKeptLab(t)) + "/scope?lang=en&theme=light")
	open := func() {
		t.Helper()
		b.press("k", chromedp.KeyModifiers(chromedp.ModifierCtrl))
		b.await(`document.getElementById('palette').open && document.activeElement.matches('#palette input')`)
	}
	open()
	if eval[bool](b, `[...document.querySelectorAll('#palette li')].some((item) => !item.hidden && item.querySelector('[data-act="attach-stop"], [data-act="palette"]'))`) {
		t.Error("the palette offers what does nothing here")
	}
	b.press("theme")
	b.await(`[...document.querySelectorAll('#palette li')].filter((item) => !item.hidden).length === 1`)
	b.press(kb.Enter)
	b.await(`document.documentElement.dataset.theme === 'dark' && !document.getElementById('palette').open`)

	open()
	b.press("one event forward")
	b.press(kb.ArrowDown)
	b.press(kb.Enter)
	b.await(`document.querySelector('[data-stage]').dataset.step === '1'`)

	open()
	b.press("no such thing")
	b.await(`document.querySelector('#palette [role="status"]').textContent.includes('Nothing')`)
	b.press(kb.Escape)
	b.await(`!document.getElementById('palette').open`)

	open()
	// The field of a closed dialog has the focus until the browser draws again.
	if !eval[bool](b, `(() => {
		const palette = document.getElementById('palette');
		palette.close();
		document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true, bubbles: true, cancelable: true }));
		return palette.open;
	})()`) {
		t.Error("a key that comes right after a dialog was closed is lost")
	}
	b.press("doctor")
	b.press(kb.Enter)
	b.arrive("/doctor")

	// What has no page of its own in the navigation is found too, once something is
	// typed, by names that are not shown as well.
	for _, c := range []struct{ typed, path, then string }{
		{"relay-splice", "/scope", `document.querySelector('.lane[data-lane="b"]')?.textContent.includes('relay-splice')`},
		{"zero copy", "/glossary", `document.querySelector(':target')?.id === 'zero-copy'`}, // though lessons have it in their names
		{"fault-around", "/glossary", `document.querySelector(':target')?.id === 'fault-around'`},
		{"capstone", "/lessons/capstone", `document.querySelector('article.lesson')`},
		{"neighbour", "/claims/neighbour", `true`},
	} {
		open()
		b.await(`document.querySelectorAll('#palette li[data-also]').length > 50`)
		if n := eval[int](b, `[...document.querySelectorAll('#palette li[data-also]')].filter((item) => !item.hidden).length`); n != 0 {
			t.Errorf("%d are offered before anything is typed", n)
		}
		b.press(c.typed)
		b.await(`[...document.querySelectorAll('#palette li')].some((item) => !item.hidden)`)
		b.press(kb.Enter)
		b.await(fmt.Sprintf("document.readyState === 'complete' && location.pathname === %s && (%s)", quote(c.path), c.then))
	}
	quiet(t, b)
}
