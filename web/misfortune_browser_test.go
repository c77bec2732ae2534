package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"copyscope/internal/claim"
	"copyscope/web"
)

// unending serves a claim whose measurement takes for ever.
func unending(t *testing.T, addr string) (base string, shut func()) {
	t.Helper()
	listener := listen(t, addr)
	pages, err := web.New(web.Config{Addr: listener.Addr().String(), Version: "test", Claims: func(ctx context.Context, _ string, _ claim.Options) (*claim.Report, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: pages.Handler()}
	go server.Serve(listener)
	shut = func() { pages.Close(); server.Close() }
	t.Cleanup(shut)
	return "http://" + listener.Addr().String(), shut
}

// A measurement that ends with its server does not seem to go on.
func TestClaimSaysThatTheServerRestarted(t *testing.T) {
	base, shut := unending(t, "127.0.0.1:0")
	if _, err := http.Post(base+"/claims/speedup/run", "application/x-www-form-urlencoded", strings.NewReader("")); err != nil {
		t.Fatal(err)
	}
	b := browse(t)
	b.do(chromedp.Navigate(base + "/claims/speedup?lang=zh"))
	b.await(`document.querySelector('[data-claim-text]')?.textContent.includes('进行中')`)
	shut()
	b.await(`document.querySelector('[data-claim-text]').textContent.includes('没有应答')`)
	unending(t, strings.TrimPrefix(base, "http://"))
	b.await(`document.querySelector('[data-claim-text]').textContent.includes('重新启动')`)
}

// A lesson whose server is started anew keeps the reader's place and replies.
func TestLessonSurvivesARestart(t *testing.T) {
	base, _, shut := serveAt(t, "127.0.0.1:0")
	b := browse(t)
	b.do(chromedp.Navigate(base + "/lessons/read-write?lang=en"))
	b.await(`document.getElementById('connection').dataset.state === 'open'`)
	eval[bool](b, `(document.querySelector('input[type="radio"]').click(), true)`)
	shut()
	b.await(`document.getElementById('connection').dataset.state === 'waiting'`)
	serveAt(t, strings.TrimPrefix(base, "http://"))
	b.await(`document.getElementById('connection').textContent.includes('anew')`)
	b.await(`document.querySelector('input[type="radio"]').checked`)
	eval[bool](b, `(document.querySelector('input[type="radio"]').form.requestSubmit(), true)`)
	b.await(`document.querySelector('[data-part="feedback"]').textContent.trim().length > 5`)
}

// A laptop sleeps with a page open, and its connection dies meanwhile: when it wakes
// up, the page connects again.
func TestFrozenPageComesBack(t *testing.T) {
	base, _, shut := serveAt(t, "127.0.0.1:0")
	b := browse(t)
	b.open(base + "/scope?lang=en")
	b.await(`document.getElementById('connection').dataset.state === 'open'`)
	life := func(state page.SetWebLifecycleStateState) {
		t.Helper()
		if _, err := chromedp.Call(b.Ctx, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: state}); err != nil {
			t.Fatal(err)
		}
	}
	life(page.SetWebLifecycleStateStateFrozen)
	shut()
	serveAt(t, strings.TrimPrefix(base, "http://"))
	life(page.SetWebLifecycleStateStateActive)
	b.await(`document.getElementById('connection').textContent.includes('anew')`)
	b.await(`document.getElementById('connection').dataset.state === 'open'`)
	b.open(base + "/scope?lang=en&a=splice")
}
