package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"copyscope/internal/talkfeed"
)

// The server of a speaker's page and of a viewer's ends: both pages go on at another
// one by themselves, with the seat and the answer that they had.
func TestTalkPagesGoOnAtAnotherServer(t *testing.T) {
	kafka, _ := openBroker(t, "127.0.0.1:0", t.TempDir())
	a, b, c := join(t, kafka, talkfeed.Config{}), join(t, kafka, talkfeed.Config{}), join(t, kafka, talkfeed.Config{})
	front := balance(t, a)
	speaker, audience := browse(t), browse(t)
	audience.do(chromedp.Navigate(front.base + a.room.AudiencePath()))
	audience.talkAt(0, 0)
	speaker.do(chromedp.Navigate(front.base + a.room.PresentPath()))
	speaker.await(`document.querySelector('[data-talk]').dataset.seat === 'yours'`)
	speaker.key("ArrowRight")
	audience.talkAt(1, 0)
	audience.click(`.slide.current [data-choice="1"] input`)
	speaker.await(`[...document.querySelectorAll('[data-part="bars"] .share')].map((e) => e.textContent).join() === '0,1,0'`)
	eval[bool](audience, `(() => {
		window.revs = [];
		const talk = document.querySelector('[data-talk]');
		new MutationObserver(() => window.revs.push(talk.dataset.rev)).observe(talk, { attributeFilter: ['data-rev'] });
		window.notices = '';
		const notice = document.querySelector('[data-part="notice"]');
		new MutationObserver(() => { window.notices += notice.textContent; }).observe(notice, { childList: true, subtree: true, characterData: true });
		return true;
	})()`)

	front.lead(b, c)
	a.kill()
	// The talk goes on meanwhile, by a clicker at one of the others.
	phone := takeSeat(t, b.base, b.room.Code, false)
	phone.say("talk.hello", map[string]any{"token": b.room.Click, "role": "clicker"})
	phone.hear("talk.welcome", nil)
	for range 3 {
		phone.say("talk.move", map[string]int{"by": 1})
	}
	audience.talkAt(2, 1)
	for _, page := range []*tab{audience, speaker} {
		page.await(`document.querySelector('[data-talk]').dataset.connection === 'open'`)
	}
	speaker.await(`document.querySelector('[data-talk]').dataset.seat === 'yours'`)
	speaker.talkAt(2, 1)
	speaker.key("ArrowRight")
	audience.talkAt(2, 2)
	// The observer tells each rev twice: it is set while the page is told the steps one
	// after the other.
	revs := eval[[]string](audience, `[...new Set(window.revs)]`)
	if strings.Join(revs, " ") != "2 3 4 5" {
		t.Errorf("the page was sent the states %v", revs)
	}
	if told := eval[string](audience, `window.notices`); strings.Contains(told, "anew") {
		t.Errorf("the page takes the other server for the first one, started anew: %q", told)
	}
	// The answer counts at the others, once.
	speaker.key("PageUp")
	speaker.key("PageUp")
	speaker.key("PageUp")
	audience.talkAt(1, 1)
	audience.await(`document.querySelector('.slide.current [data-choice="1"] input').checked`)
	speaker.await(`document.querySelector('[data-part="bars-total"]').textContent.includes('1')`)
}

// The broker goes away: both pages say so and keep what they show, the speaker's step
// and the audience's answer are refused, and when it is back both go on, with the answer
// that the page gives again by itself.
func TestTalkPagesWaitForTheFeed(t *testing.T) {
	dir := t.TempDir()
	kafka, shut := openBroker(t, "127.0.0.1:0", dir)
	a := join(t, kafka, talkfeed.Config{})
	speaker, audience := browse(t), browse(t)
	audience.do(chromedp.Navigate(a.base + a.room.AudiencePath()))
	audience.talkAt(0, 0)
	speaker.do(chromedp.Navigate(a.base + a.room.PresentPath()))
	speaker.await(`document.querySelector('[data-talk]').dataset.seat === 'yours'`)
	speaker.key("ArrowRight")
	audience.talkAt(1, 0)
	shut()
	for _, page := range []*tab{speaker, audience} {
		page.await(`document.querySelector('[data-talk]').dataset.feed === 'lost' && !document.querySelector('[data-part="notice"]').hidden`)
	}
	speaker.key("ArrowRight")
	speaker.await(`document.querySelector('[data-talk]').dataset.error === 'feed'`)
	audience.click(`.slide.current [data-choice="1"] input`)
	audience.await(`document.querySelector('[data-part="notice"]').textContent.includes('was not taken')`)
	audience.talkAt(1, 0)

	openBroker(t, kafka, dir)
	for _, page := range []*tab{speaker, audience} {
		page.await(`document.querySelector('[data-talk]').dataset.feed === 'there'`)
	}
	speaker.await(`document.querySelector('[data-part="bars-total"]').textContent.includes('1')`)
	speaker.key("ArrowRight")
	audience.talkAt(1, 1)
	// Who comes now is told nothing of it.
	late := browse(t)
	late.do(chromedp.Navigate(a.base + a.room.AudiencePath()))
	late.talkAt(1, 1)
	if told := eval[string](late, `document.querySelector('[data-part="notice"]').textContent`); told != "" {
		t.Errorf("a page that comes late is told %q", told)
	}
}
