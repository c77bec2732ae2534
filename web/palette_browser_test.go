package web_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func TestPaletteFindsPagesAndActions(t *testing.T) {
	b := browse(t)
	defer forget(t, b)
	b.open(serve(t, newKeptLab(t)) + "/scope?lang=en&theme=light")
	open := func() {
		t.Helper()
		// A browser under load may lose a key that comes while it closes a dialog;
		// whoever sits before it presses again.
		for range 10 {
			b.press("k", chromedp.KeyModifiers(chromedp.ModifierCtrl))
			for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
				if eval[bool](b, `document.getElementById('palette').open && document.activeElement.matches('#palette input')`) {
					return
				}
			}
		}
		t.Fatal("the palette does not open")
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
	b.press("doctor")
	b.press(kb.Enter)
	b.arrive("/doctor")
	quiet(t, b)
}
