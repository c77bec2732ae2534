package web_test

import (
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"copyscope/internal/trace"
)

// Lanes whose runs came with the page can be stepped through before the server has
// said anything more; a lane that is changed then asks for its run.
func TestScopeStepsWhatThePageBrought(t *testing.T) {
	l := newKeptLab(t)
	url := address(serve(t, l), 0, story, gather)
	b := browse(t)
	heard := `{ const Real = WebSocket; window.sent = []; window.WebSocket = class extends Real { send(text) { window.sent.push(JSON.parse(text).type); super.send(text); } }; }`
	for _, socket := range []string{pretendSocket, heard} {
		if _, err := chromedp.Call(b.Ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: socket}); err != nil {
			t.Fatal(err)
		}
	}
	b.open(url)
	if sent := eval[int](b, `window.sent.filter((type) => type === 'scope.run').length`); sent != 0 {
		t.Errorf("the page asked for %d runs that it has", sent)
	}
	runs := map[string]*trace.Run{"a": l.last(story).Run, "b": l.last(gather).Run}
	b.view().holds(t, runs)
	b.press(kb.ArrowRight)
	b.await(`document.querySelector('.scope').dataset.step === '1'`)
	b.view().holds(t, runs)
	eval[bool](b, `(() => { const sg = document.querySelector('[name="b.chunk"]'); sg.value = '16KiB'; sg.dispatchEvent(new Event('change', { bubbles: true })); return true; })()`)
	b.await(`window.sent.includes('scope.run')`)
}
