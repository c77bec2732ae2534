package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/twmb/franz-go/pkg/kgo"
)

// tabTo presses Tab until the element has the focus.
func (b *tab) tabTo(selector string) {
	b.t.Helper()
	for range 150 {
		b.press(kb.Tab)
		if eval[bool](b, fmt.Sprintf("document.activeElement.matches(%s)", quote(selector))) {
			return
		}
	}
	b.t.Fatalf("Tab does not come to %s", selector)
}

// A topic is created, watched, browsed, altered and deleted by the keyboard alone.
func TestBrokerByKeyboard(t *testing.T) {
	s := serveBroker(t, "")
	b := browse(t)
	forget(t, b)
	b.do(chromedp.Navigate(s.url + "/broker?lang=en"))
	b.tabTo("#create-name")
	b.press("no topic")
	b.press(kb.Enter)
	b.await(`document.querySelector('#create-error')?.textContent.includes('only letters')`)
	b.await(`document.activeElement.id === 'create-name'`)
	b.press("orders") // what was wrong is selected
	b.press(kb.Enter)
	b.arrive("/broker/topics/orders?done=created")

	// What is produced appears by itself, unless the page is held.
	var records []*kgo.Record
	for i := range 50 {
		records = append(records, &kgo.Record{Value: fmt.Appendf(nil, `{"order":%d}`, i)})
	}
	s.produce(s.client(kgo.ProducerBatchCompression(kgo.ZstdCompression())), "orders", records...)
	b.await(`document.querySelector('#topic-live').textContent.includes('50 records')`)
	b.press("p")
	b.await(`document.querySelector('[data-action="broker-refresh"]').getAttribute('aria-pressed') === 'true'`)

	b.tabTo(`a[href="/broker/topics/orders/0"]`)
	b.press(kb.Enter)
	b.arrive("/broker/topics/orders/0")
	shown := func() string { return eval[string](b, `document.querySelector('[data-range]').textContent`) }
	if got := shown(); got != "30 – 49" {
		t.Errorf("the newest are %s", got)
	}
	for _, step := range []struct{ key, query, shown string }{
		{"b", "?as=auto&from=10&n=20", "10 – 29"}, {"b", "?as=auto&from=0&n=20", "0 – 19"}, {"n", "?as=auto&from=20&n=20", "20 – 39"},
		{"e", "?as=auto&from=newest&n=20", "30 – 49"}, {"o", "?as=auto&from=oldest&n=20", "0 – 19"},
	} {
		b.await(`performance.getEntriesByType('navigation')[0].loadEventEnd > 0`)
		b.press(step.key)
		b.arrive("/broker/topics/orders/0" + step.query)
		if got := shown(); got != step.shown {
			t.Errorf("after %s: %s, want %s", step.key, got, step.shown)
		}
	}
	if n := eval[int](b, `document.querySelectorAll('pre.as-json').length`); n != 20 {
		t.Errorf("%d values are shown as JSON, want 20", n)
	}

	b.do(chromedp.Navigate(s.url + "/broker/topics/orders"))
	b.tabTo(`[id="alter-retention.ms"]`)
	b.press("soon")
	b.press(kb.Enter)
	b.await(`document.querySelector('#alter-error')?.textContent.includes('is not a number')`)
	b.await(`document.activeElement.id === 'alter-retention.ms'`)
	b.press("1000000")
	b.press(kb.Enter)
	b.arrive("/broker/topics/orders?done=altered")
	if got := s.config("orders", "retention.ms"); got != "1000000" {
		t.Errorf("retention.ms is %s", got)
	}

	b.tabTo("#delete-name")
	b.press("orders")
	b.press(kb.Enter)
	b.arrive("/broker?deleted=orders")
	if s.has("orders") {
		t.Error("the topic is still there")
	}
	quietBut(t, b, "422")
}

// quietBut is quiet, but for answers with a status that the test asked for:
// browsers complain of them.
func quietBut(t *testing.T, b *tab, status string) {
	t.Helper()
	for _, m := range b.complaints() {
		if !strings.Contains(m, status) {
			t.Errorf("the browser says: %s", m)
		}
	}
}

// Nothing on the pages is wider than the screen but what scrolls by itself, and
// what can be pressed is large enough.
func TestBrokerPagesFitAPhone(t *testing.T) {
	s := serveBroker(t, "")
	s.create("orders", 3, map[string]string{"segment.bytes": "3000"})
	cl := s.client()
	for i := range 8 {
		s.produce(cl, "orders", &kgo.Record{Key: []byte(strings.Repeat("key", 40)), Value: []byte(strings.Repeat("value", 100)), Headers: []kgo.RecordHeader{{Key: strings.Repeat("h", 90), Value: []byte{byte(i), 0, 1}}}})
	}
	b := browse(t)
	forget(t, b)
	b.size(360, 740)
	for _, page := range []string{"/broker", "/broker/topics/orders", "/broker/topics/orders/0", "/broker/connections", "/broker/topics/none"} {
		for _, lang := range []string{"en", "zh"} {
			b.do(chromedp.Navigate(s.url + page + "?lang=" + lang))
			if width := eval[int](b, "document.documentElement.scrollWidth"); width > 360 {
				t.Errorf("%s in %s is %d px wide", page, lang, width)
			}
			const small = `[...document.querySelectorAll('main a, main button, main input:not([type=hidden]), main select, main summary')]
				.filter((e) => { const r = e.getBoundingClientRect(); return r.height > 0 && (r.height < 23.5 && !e.closest('label')); }).map((e) => e.outerHTML).join('\n')`
			if found := eval[string](b, small); found != "" {
				t.Errorf("%s in %s: too small to press:\n%s", page, lang, found)
			}
			if left := eval[string](b, `document.querySelector('main').textContent.match(/broker\.[a-z.]+[a-z]|⟦/)?.[0] ?? ''`); left != "" {
				t.Errorf("%s in %s has a message's id: %s", page, lang, left)
			}
		}
	}
	quietBut(t, b, "404")
}
