package web_test

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

const (
	isAway  = `document.querySelector('[data-talk]').dataset.connection === 'away' && !document.querySelector('[data-part="notice"]').hidden`
	isThere = `document.querySelector('[data-talk]').dataset.connection === 'open'`
	drives  = `document.querySelector('[data-talk]').dataset.seat === 'yours'`
)

// A network stands still and breaks no connection. The pages notice it by themselves;
// what the speaker does meanwhile takes effect when it is back, and once, whether or
// not the room has got it over the connection that was given up.
func TestTalkNetworkStandsStill(t *testing.T) {
	t.Parallel() // it waits
	base, room, _ := talkServer(t, "", "")
	line, far := lineTo(t, base)
	speaker, phone, audience := browse(t), browse(t), browse(t)
	audience.do(chromedp.Navigate(base + room.AudiencePath()))
	phone.do(chromedp.Navigate(far + room.AudiencePath()))
	speaker.do(chromedp.Navigate(far + room.PresentPath()))
	speaker.await(drives)
	speaker.talkAt(0, 0)
	phone.talkAt(0, 0)

	// The step arrives; that it did is not heard.
	line.silence(true)
	began := time.Now()
	speaker.key("ArrowRight")
	audience.talkAt(1, 0)
	speaker.await(isAway)
	t.Logf("the speaker is told after %v", time.Since(began).Round(100*time.Millisecond))
	speaker.talkAt(1, 0)
	line.silence(false)
	speaker.await(isThere)
	speaker.key("ArrowRight")
	audience.talkAt(1, 1)
	speaker.talkAt(1, 1)

	// Nothing arrives until the network is back, and then all of it. The next slide's
	// drawing is here already.
	speaker.await(`(() => {
		const deck = JSON.parse(document.getElementById('deck').textContent);
		const here = performance.getEntriesByType('resource').map((entry) => new URL(entry.name).pathname);
		return Object.values(deck.slides[2].lanes).every((scenario) => here.includes(deck.runs[scenario]));
	})()`)
	line.sleep(true)
	began = time.Now()
	speaker.key("ArrowRight")
	speaker.await(isAway)
	speaker.talkAt(2, 0)
	speaker.key("ArrowRight")
	phone.await(isAway)
	t.Logf("a phone is told after %v", time.Since(began).Round(100*time.Millisecond))
	audience.talkAt(1, 1)
	line.sleep(false)
	audience.talkAt(2, 1)
	speaker.await(isThere + ` && ` + drives)
	phone.talkAt(2, 1)
	speaker.key("ArrowRight")
	for _, b := range []*tab{audience, phone, speaker} {
		b.talkAt(2, 2)
	}
}

// Nothing that a page asks for on the way through a talk is missing.
func TestTalkAsksForWhatThereIs(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	driver, audience := takeSeat(t, base, room.Code, false), browse(t)
	driver.say("talk.hello", map[string]any{"token": room.Present})
	driver.hear("talk.welcome", nil)
	audience.do(chromedp.Navigate(base + room.AudiencePath()))
	for slide := range eval[int](audience, `JSON.parse(document.getElementById('deck').textContent).slides.length`) {
		driver.say("talk.show", map[string]int{"slide": slide, "stop": 0})
		audience.talkAt(slide, 0)
	}
	quiet(t, audience)
}

// The page that has taken over is closed: the one that drove before is told, and drives
// again with its next key.
func TestTalkSeatIsFree(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	first, second, audience := browse(t), browse(t), browse(t)
	audience.do(chromedp.Navigate(base + room.AudiencePath()))
	first.do(chromedp.Navigate(base + room.PresentPath()))
	first.await(drives)
	second.do(chromedp.Navigate(base + room.PresentPath()))
	second.click(`[data-action="talk-take"]`)
	first.await(`document.querySelector('[data-talk]').dataset.seat === 'taken'`)
	if _, err := chromedp.Call(second.Ctx, page.Close, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	first.await(`document.querySelector('[data-talk]').dataset.seat === 'free' && document.querySelector('[data-part="notice"]').textContent.length > 20`)
	first.key("ArrowRight")
	audience.talkAt(1, 0)
	first.await(drives + ` && document.querySelector('[data-part="notice"]').hidden`)
}

// A page without the token, or with a wrong one, says so and shows what the audience sees.
func TestTalkLooksOn(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	driver := takeSeat(t, base, room.Code, false)
	driver.say("talk.hello", map[string]any{"token": room.Present})
	driver.hear("talk.welcome", nil)
	for _, c := range []struct{ path, says string }{
		{"/present", "has no token"},
		{"/present#WRONGWRONGWRONGWRONGWRONGW", "is not this talk"},
		{"/clicker", "has no token"},
	} {
		b := browse(t)
		driver.say("talk.show", map[string]int{"slide": 0, "stop": 0})
		b.do(chromedp.Navigate(base + room.AudiencePath() + c.path[:8] + "?lang=en" + c.path[8:]))
		b.await(isThere)
		if c.path != "/clicker" {
			b.talkAt(0, 0)
			driver.say("talk.show", map[string]int{"slide": 2, "stop": 1})
			b.talkAt(2, 1)
			driver.say("talk.draw", map[string]any{"points": []float64{.1, .1, .2, .2}, "at": "text"})
			b.await(`document.querySelectorAll('.strokes path').length === 1`)
		}
		b.await(`!document.querySelector('[data-part="notice"]').hidden && document.querySelector('[data-part="notice"]').textContent.includes('` + c.says + `')`)
	}
}

// A wall is for a hall: black is black, and trouble is a small sign in its corner.
func TestTalkOnAWall(t *testing.T) {
	base, room, shut := talkServer(t, "", "")
	driver := takeSeat(t, base, room.Code, false)
	driver.say("talk.hello", map[string]any{"token": room.Present})
	driver.hear("talk.welcome", nil)
	wall := browse(t)
	wall.do(chromedp.Navigate(base + room.AudiencePath() + "?wall=1&lang=en"))
	wall.talkAt(0, 0)
	driver.say("talk.black", map[string]bool{"on": true})
	wall.await(`!document.querySelector('[data-part="black"]').hidden`)
	if says := eval[string](wall, `document.querySelector('[data-part="black"]').textContent.trim()`); says != "" {
		t.Errorf("black says %q", says)
	}
	driver.say("talk.black", map[string]bool{"on": false})
	wall.await(`document.querySelector('[data-part="black"]').hidden`)
	shut()
	wall.await(`document.querySelector('[data-talk]').dataset.connection === 'away' && document.querySelector('[data-part="talk-state"]').textContent === 'no connection'`)
	if !eval[bool](wall, `document.querySelector('[data-part="notice"]').hidden`) {
		t.Error("the wall tells what a phone's reader may do")
	}
}
