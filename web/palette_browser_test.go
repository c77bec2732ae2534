package web_test

import (
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
	quiet(t, b)
}
