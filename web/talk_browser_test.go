package web_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"copyscope/internal/talk"
)

// talkAt waits until a page of a talk shows a slide and a stop, and its drawing
// has the step that belongs to them.
func (b *tab) talkAt(slide, stop int) {
	b.t.Helper()
	b.await(fmt.Sprintf(`(({slide, stop}) => slide === '%d' && stop === '%d')(document.querySelector('[data-talk]').dataset)`, slide, stop))
	b.await(`(() => {
		const deck = JSON.parse(document.getElementById('deck').textContent);
		const { slide, stop } = document.querySelector('[data-talk]').dataset;
		const now = deck.slides[slide];
		const stage = document.querySelector('[data-stage]');
		return now.view !== 'machine' || stage.dataset.ready === 'true' && stage.dataset.step === String(now.steps[stop]);
	})()`)
}

// key presses a key as its listeners see it.
func (b *tab) key(name string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: %q, bubbles: true, cancelable: true})) || true`, name))
}

// A speaker and somebody of the audience, in two tabs: following, leaving,
// rejoining, freezing, answering, darkness; and a page without the token.
func TestTalkInTwoBrowsers(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	speaker, audience := browse(t), browse(t)
	audience.do(chromedp.Navigate(base + room.AudiencePath() + "?lang=zh"))
	audience.talkAt(0, 0)
	speaker.do(chromedp.Navigate(base + room.PresentPath() + ""))
	speaker.await(`document.querySelector('[data-talk]').dataset.seat === 'yours'`)
	if at := eval[string](speaker, `location.href`); strings.Contains(at, room.Present) {
		t.Errorf("the token stands in the address bar: %s", at)
	}
	speaker.await(`document.querySelector('[data-part="viewers"]').textContent.includes('1')`)
	speaker.await(`document.querySelector('[data-part="speaker-notes"]').textContent.length > 20`)

	speaker.key("ArrowRight")
	audience.talkAt(1, 0)
	audience.click(`.slide.current [data-choice="1"] input`)
	speaker.await(`[...document.querySelectorAll('[data-part="bars"] .share')].map((e) => e.textContent).join() === '0,1,0'`)
	if eval[bool](audience, `!document.querySelector('.slide.current [data-part="explain"]').hidden`) {
		t.Error("the answer is shown before the speaker shows it")
	}
	speaker.key(" ")
	audience.talkAt(1, 1)
	audience.await(`document.querySelector('.slide.current [data-choice="1"]').dataset.right === 'true'`)
	audience.await(`document.querySelector('.slide.current [data-part="total"]').textContent.includes('1')`)

	for range 3 {
		speaker.key("PageDown")
	}
	audience.talkAt(2, 2)
	if say := eval[string](audience, `document.querySelector('[data-part="narration"]').textContent`); !strings.Contains(say, "CPU") || strings.Contains(say, "The ") {
		t.Errorf("the narration in Chinese is %q", say)
	}

	// Leaving: the page goes its own way, and a badge says where the talk is.
	audience.key("ArrowLeft")
	audience.talkAt(2, 1)
	speaker.key("ArrowRight")
	speaker.talkAt(2, 3)
	audience.await(`!document.querySelector('[data-action="talk-rejoin"]').hidden && document.querySelector('[data-action="talk-rejoin"]').textContent.includes('4')`)
	audience.talkAt(2, 1)
	audience.click(`[data-action="talk-rejoin"]`)
	audience.talkAt(2, 3)

	speaker.key("z")
	speaker.key("ArrowRight")
	speaker.talkAt(2, 4)
	speaker.await(`!document.querySelector('[data-part="frozen"]').hidden`)
	audience.talkAt(2, 3)
	speaker.key("z")
	audience.talkAt(2, 4)

	speaker.key("b")
	audience.await(`!document.querySelector('[data-part="black"]').hidden`)
	speaker.key(".")
	audience.await(`document.querySelector('[data-part="black"]').hidden`)

	// What is pointed at is shown in the same place, whatever the screen.
	speaker.key("p")
	eval[bool](speaker, `(() => {
		const box = document.querySelector('[data-lane="a"] [data-place="page-cache"]').getBoundingClientRect();
		scrollBy(0, box.top - 200);
		const now = document.querySelector('[data-lane="a"] [data-place="page-cache"] rect').getBoundingClientRect();
		document.querySelector('[data-part="sheet"]').dispatchEvent(new PointerEvent('pointermove', {clientX: now.left + now.width / 2, clientY: now.top + 6, bubbles: true}));
		return true;
	})()`)
	audience.await(`(() => {
		const dot = document.querySelector('.laser');
		if (dot.hasAttribute('hidden')) return false;
		const at = dot.querySelector('circle:last-child').getBoundingClientRect();
		const box = document.querySelector('[data-lane="a"] [data-place="page-cache"]').getBoundingClientRect();
		const x = at.left + at.width / 2; const y = at.top + at.height / 2;
		return x > box.left && x < box.right && y > box.top - 2 && y < box.bottom;
	})()`)

	// What is drawn on a drawing lies there on every screen.
	speaker.key("d")
	box := eval[[]float64](speaker, `(({left, top, width, height}) => [left, top, width, height])(document.querySelector('[data-lane="a"] [data-part="machine"] svg').getBoundingClientRect())`)
	mouse := func(kind input.DispatchMouseEventType, x, y float64) {
		t.Helper()
		at := input.DispatchMouseEventParams{Type: kind, X: box[0] + x*box[2], Y: box[1] + y*box[3], Button: input.MouseButtonLeft, Buttons: 1, ClickCount: 1}
		if _, err := chromedp.Call(speaker.Ctx, input.DispatchMouseEvent, at); err != nil {
			t.Fatal(err)
		}
	}
	mouse(input.DispatchMouseEventTypeMousePressed, .3, .3)
	for i := range 5 {
		mouse(input.DispatchMouseEventTypeMouseMoved, .35+.05*float64(i), .3)
	}
	mouse(input.DispatchMouseEventTypeMouseReleased, .55, .3)
	audience.await(`(() => {
		const ink = document.querySelector('.strokes').getBoundingClientRect();
		const box = document.querySelector('[data-lane="a"] [data-part="machine"] svg').getBoundingClientRect();
		return Math.abs(ink.left - (box.left + .3 * box.width)) < 6 && Math.abs(ink.right - (box.left + .55 * box.width)) < 6;
	})()`)
	speaker.key("x")
	audience.await(`document.querySelectorAll('.strokes path').length === 0`)
	speaker.key("d")

	// A page without the token, or with a wrong one, looks on and says so.
	stranger := browse(t)
	stranger.do(chromedp.Navigate(base + "/t/" + room.Code + "/present#WRONGWRONGWRONGWRONGWRONGW"))
	stranger.await(`document.querySelector('[data-talk]').dataset.error === 'token' && !document.querySelector('[data-part="notice"]').hidden`)
	stranger.key("ArrowRight")
	audience.talkAt(2, 4)

	// A second speaker's tab takes over, and the first is told.
	second := browse(t)
	second.do(chromedp.Navigate(base + room.PresentPath()))
	second.click(`[data-action="talk-take"]`)
	second.await(`document.querySelector('[data-talk]').dataset.seat === 'yours'`)
	speaker.await(`document.querySelector('[data-talk]').dataset.seat === 'taken' && !document.querySelector('[data-part="notice"]').hidden`)
	second.key("ArrowRight")
	audience.talkAt(2, 5)
	for _, b := range []*tab{speaker, audience, second} {
		if p := b.complaints(); len(p) > 0 {
			t.Errorf("console: %v", p)
		}
	}
}

// The speaker's computer is away: the talk goes on by the clicker, and the page is
// where the talk is when it is back. What the page did alone is told to the room
// if nobody else has moved it.
func TestTalkSpeakerSleeps(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	speaker, audience, clicker := browse(t), browse(t), browse(t)
	audience.do(chromedp.Navigate(base + room.AudiencePath()))
	speaker.do(chromedp.Navigate(base + room.PresentPath()))
	speaker.await(`document.querySelector('[data-talk]').dataset.seat === 'yours'`)
	clicker.do(chromedp.Navigate(base + room.ClickerPath()))
	clicker.await(`document.querySelector('[data-part="now"]').textContent.length > 3`)
	if _, err := chromedp.Call(speaker.Ctx, page.Close, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	audience.await(`document.querySelector('[data-part="talk-state"]').textContent !== ''`)
	clicker.click(`[data-action="talk-next"]`)
	clicker.click(`[data-action="talk-next"]`)
	audience.talkAt(1, 1)
	speaker = browse(t)
	speaker.do(chromedp.Navigate(base + room.PresentPath()))
	speaker.await(`document.querySelector('[data-talk]').dataset.seat === 'yours'`)
	speaker.talkAt(1, 1)
	speaker.key("ArrowRight")
	audience.talkAt(2, 0)
	audience.await(`document.querySelector('[data-part="talk-state"]').textContent === ''`)
}

// The server is started anew. The audience's page keeps what it shows and says what
// is wrong; the speaker's goes on, has the talk opened again and brings it to where
// it is; the audience follows again, and its answer is not lost.
func TestTalkServerRestarts(t *testing.T) {
	addr, client := "127.0.0.1:0", &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	base, _, shut := serveAt(t, addr)
	addr = strings.TrimPrefix(base, "http://")
	answer, err := client.Post(base+"/talk/start", "application/x-www-form-urlencoded", strings.NewReader("deck=zero-copy"))
	if err != nil {
		t.Fatal(err)
	}
	to, err := answer.Location()
	if err != nil {
		t.Fatal(err)
	}
	code := strings.Split(to.Path, "/")[2]
	speaker, audience := browse(t), browse(t)
	audience.do(chromedp.Navigate(base + "/t/" + code))
	speaker.do(chromedp.Navigate(base + to.Path + "?lang=en#" + to.Fragment))
	speaker.await(`document.querySelector('[data-talk]').dataset.seat === 'yours'`)
	speaker.key("ArrowRight")
	audience.talkAt(1, 0)
	audience.click(`.slide.current [data-choice="2"] input`)
	speaker.await(`document.querySelector('[data-part="bars-total"]').textContent.includes('1')`)
	shut()
	for _, b := range []*tab{speaker, audience} {
		b.await(`document.querySelector('[data-talk]').dataset.connection === 'away' && !document.querySelector('[data-part="notice"]').hidden`)
	}
	speaker.key("ArrowRight")
	speaker.key("ArrowRight")
	speaker.key("ArrowLeft")
	speaker.key("ArrowLeft")
	speaker.talkAt(1, 0)
	serveAt(t, addr)
	speaker.await(`document.querySelector('[data-part="notice"]').textContent.includes('anew') && document.querySelector('[data-talk]').dataset.connection === 'open'`)
	speaker.talkAt(1, 0)
	speaker.await(`document.querySelector('[data-part="bars-total"]').textContent.includes('1')`) // the answer was given again
	speaker.key("ArrowRight")
	audience.talkAt(1, 1)
	audience.await(`document.querySelector('.slide.current [data-choice="2"] input').checked`)
}

// The exported talk steps from a file, in both languages, and asks nobody for
// anything.
func TestTalkExportSteps(t *testing.T) {
	base, room, shut := talkServer(t, "", "")
	answer, err := http.Get(base + "/t/" + room.Code + "/talk.html")
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer, err)
	}
	exported, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, sheet := range stylesOf(t, base, room.AudiencePath()) {
		if !strings.Contains(string(exported), sheet) {
			t.Errorf("it lacks a style sheet: %.60s", sheet)
		}
	}
	shut()
	if len(exported) > 1<<20 || strings.Contains(string(exported), room.Present) || regexp.MustCompile(`⟦[a-z]+\.`).Match(exported) {
		t.Errorf("%d bytes, or it tells too much", len(exported))
	}
	file := filepath.Join(t.TempDir(), "talk.html")
	if err := os.WriteFile(file, exported, 0o600); err != nil {
		t.Fatal(err)
	}
	b := browse(t)
	b.do(chromedp.Navigate("file://" + file + "#en"))
	deck, err := talk.Load("zero-copy")
	if err != nil {
		t.Fatal(err)
	}
	b.talkAt(0, 0)
	for range 3 {
		b.key("ArrowRight")
	}
	b.talkAt(2, 0)
	b.key("PageDown")
	b.talkAt(2, 1)
	forward := eval[string](b, `document.querySelector('[data-part="scoreboard"]').innerText`)
	b.key("ArrowRight")
	b.talkAt(2, 2)
	b.key("ArrowLeft")
	b.talkAt(2, 1)
	if back := eval[string](b, `document.querySelector('[data-part="scoreboard"]').innerText`); back != forward {
		t.Errorf("stepping back gives\n%s\nnot\n%s", back, forward)
	}
	b.click(`[data-action="language"]`)
	b.await(`document.documentElement?.lang.startsWith('zh') && document.title.includes('零拷贝')`)
	b.talkAt(2, 1)
	if say := eval[string](b, `document.querySelector('[data-part="narration"]').textContent`); strings.Contains(say, "The ") || say == "" {
		t.Errorf("the narration in Chinese is %q", say)
	}
	b.key("End")
	b.talkAt(len(deck.Slides)-1, 0)
	b.mu.Lock()
	for host := range b.hosts {
		if host != "" {
			t.Errorf("it asked %q", host)
		}
	}
	b.mu.Unlock()
	if p := b.complaints(); len(p) > 0 {
		t.Errorf("console: %v", p)
	}
}

// Nothing is wider than a phone, in either language, on any slide.
func TestTalkOnAPhone(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	b := browse(t)
	if _, err := chromedp.Call(b.Ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 360, Height: 740, DeviceScaleFactor: 1, Mobile: true}); err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"en", "zh"} {
		for _, path := range []string{"/talk", room.ClickerPath(), room.AudiencePath()} {
			path, token, _ := strings.Cut(path, "#")
			b.do(chromedp.Navigate(base + path + "?lang=" + lang + "#" + token))
			b.await(`document.readyState === 'complete'`)
			slides := 1
			if path == room.AudiencePath() {
				b.talkAt(0, 0)
				slides = 13
			}
			for i := range slides {
				if wide := eval[float64](b, `document.documentElement.scrollWidth`); wide > 360 {
					t.Errorf("%s in %s, slide %d: %v px wide", path, lang, i+1, wide)
				}
				if slides > 1 {
					for eval[string](b, `document.querySelector('[data-talk]').dataset.slide`) == fmt.Sprint(i) && i < 12 {
						b.key("ArrowRight")
					}
				}
			}
		}
	}
}

// stylesOf are the texts of a page's style sheets.
func stylesOf(t *testing.T, base, path string) (sheets []string) {
	t.Helper()
	get := func(address string) string {
		answer, err := http.Get(base + address)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, link := range regexp.MustCompile(`rel="stylesheet" href="([^"]+)"`).FindAllStringSubmatch(get(path), -1) {
		sheets = append(sheets, get(link[1]))
	}
	if len(sheets) < 3 {
		t.Fatalf("%d style sheets", len(sheets))
	}
	return sheets
}
