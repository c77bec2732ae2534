package web_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"copyscope/internal/talk"
	"copyscope/web"
)

// lines counts the lines that each answer's text takes, in however narrow a box.
const lines = `[...document.querySelectorAll('%s .choice-text')].filter((e) => e.offsetHeight > 0).map((e) => {
	const words = document.createRange();
	words.selectNodeContents(e);
	return new Set([...words.getClientRects()].map((box) => Math.round(box.top))).size;
})`

// Answers that are sentences have the room that there is, on the slide and in the
// speaker's count of them: the deck is the documentation's, with a longer answer.
func TestAnswersHaveTheirRoom(t *testing.T) {
	text, err := os.ReadFile("../docs/talk.md")
	if err != nil {
		t.Fatal(err)
	}
	_, deck, _ := strings.Cut(string(text), "```yaml\n")
	deck, _, found := strings.Cut(deck, "```")
	long := strings.Replace(deck, "- {value: 1}", `- {value: 1, text: {en: "Once, by the card's DMA engine"}}`, 1)
	if !found || long == deck {
		t.Fatal("docs/talk.md has no deck, or none with the answer 1")
	}
	parsed, err := talk.Parse("my-talk.yaml", []byte(long))
	if err != nil {
		t.Fatal(err)
	}
	base, pages, _ := serveAt(t, "127.0.0.1:0")
	room, err := pages.OpenTalk(t.Context(), "my-talk.yaml", parsed, web.TalkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b := browse(t)
	b.do(chromedp.Navigate(base + room.PresentPath()))
	b.await(`document.querySelector('[data-talk]').dataset.seat === 'yours'`)
	b.key("ArrowRight")
	b.talkAt(1, 0)
	b.await(`document.querySelectorAll('[data-part="bars"] .choice-text').length > 2`)
	for _, width := range []int{1280, 1920} {
		b.size(width, 800)
		for _, where := range []string{".slide.current", `[data-part="bars"]`} {
			answers := eval[[]int](b, fmt.Sprintf(lines, where))
			if len(answers) != len(parsed.Slides[1].Ask.Choices) {
				t.Errorf("%d px wide, %s: %d answers", width, where, len(answers))
			}
			for i, n := range answers {
				if n != 1 {
					t.Errorf("%d px wide, %s: answer %d takes %d lines", width, where, i+1, n)
				}
			}
		}
	}
}

// showTwoDrawings has a speaker's page go to the slide with the most in it: two
// drawings with their counts, and where a step adds to both.
func showTwoDrawings(t *testing.T, base, present string) {
	t.Helper()
	speaker := browse(t)
	speaker.do(chromedp.Navigate(base + present))
	speaker.await(`document.querySelector('[data-talk]').dataset.seat === 'yours'`)
	for range 7 {
		speaker.key("ArrowRight")
	}
	speaker.talkAt(2, 4)
}

// Nobody scrolls a wall: drawings and counts are on it, whatever the projector's
// size, and no head of the counts runs into another. It is in the theme for bright
// rooms, unless the address asks for another, and the reader's own stays what it was.
func TestWallFitsItsScreen(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	showTwoDrawings(t, base, room.PresentPath())
	b := browse(t)
	for _, lang := range []string{"en", "zh"} {
		b.size(1024, 768)
		b.do(chromedp.Navigate(base + room.AudiencePath() + "?wall=1&lang=" + lang))
		b.talkAt(2, 4)
		if theme := eval[string](b, `document.documentElement.dataset.theme`); theme != "projector" {
			t.Errorf("the wall is in the theme %q", theme)
		}
		for _, screen := range [][2]int{{1024, 768}, {1280, 720}, {1280, 800}, {1366, 768}, {1920, 1080}} {
			b.size(screen[0], screen[1])
			b.await(fmt.Sprintf(`innerWidth === %d && innerHeight === %d`, screen[0], screen[1]))
			if below := eval[[]string](b, `['#lane-a .machine', '#lane-b .machine', '.scoreboard', '.narration'].filter((q) => document.querySelector('.talk-stage ' + q).getBoundingClientRect().bottom > innerHeight)`); len(below) > 0 {
				t.Errorf("%s, %d × %d: below the edge: %q", lang, screen[0], screen[1], below)
			}
			if more := eval[string](b, `(() => {
				const board = document.querySelector('.talk-stage .board');
				const beyond = [...board.querySelectorAll('td')].filter((td) => td.offsetHeight > 0 && td.scrollWidth > td.clientWidth + 1).map((td) => td.textContent.trim());
				if (board.scrollWidth > board.clientWidth) beyond.push('the counts: ' + board.scrollWidth + ' of ' + board.clientWidth + ' px');
				if (document.documentElement.scrollHeight > innerHeight) beyond.push('the page: ' + document.documentElement.scrollHeight + ' px high');
				return beyond.join('; ');
			})()`); more != "" {
				t.Errorf("%s, %d × %d: cut, or to be scrolled: %s", lang, screen[0], screen[1], more)
			}
			if touch := eval[[]string](b, `[...document.querySelectorAll('.talk-stage .scoreboard tr')].filter((row) => row.offsetHeight > 0).flatMap((row) => {
				const boxes = [...row.cells].map((cell) => {
					const words = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
					const box = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
					while (words.nextNode()) {
						const range = document.createRange();
						range.selectNode(words.currentNode);
						const { left, right, top, bottom, width } = range.getBoundingClientRect();
						if (width > 0) Object.assign(box, { left: Math.min(box.left, left), right: Math.max(box.right, right), top: Math.min(box.top, top), bottom: Math.max(box.bottom, bottom) });
					}
					return box;
				});
				return boxes.slice(1).filter((box, i) => box.left < boxes[i].right + 4 && box.top < boxes[i].bottom && box.bottom > boxes[i].top).map(() => row.textContent.trim());
			})`); len(touch) > 0 {
				t.Errorf("%s, %d × %d: what stands side by side touches: %q", lang, screen[0], screen[1], touch)
			}
		}
	}
	b.do(chromedp.Navigate(base + "/talk"))
	if theme := eval[string](b, `document.documentElement.dataset.theme`); theme != "auto" {
		t.Errorf("after the wall the other pages are in the theme %q", theme)
	}
	b.do(chromedp.Navigate(base + room.AudiencePath() + "?wall=1&theme=dark"))
	if theme := eval[string](b, `document.documentElement.dataset.theme`); theme != "dark" {
		t.Errorf("asked for dark, the wall is in the theme %q", theme)
	}
}

// On a phone of the audience the slide begins at the top: the menu takes no room.
func TestAudiencesPhoneShowsTheSlide(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	showTwoDrawings(t, base, room.PresentPath())
	b := browse(t)
	b.size(390, 844)
	for _, lang := range []string{"en", "zh"} {
		b.do(chromedp.Navigate(base + room.AudiencePath() + "?lang=" + lang))
		b.talkAt(2, 4)
		if top := eval[float64](b, `document.querySelector('.sheet').getBoundingClientRect().top`); top > 100 {
			t.Errorf("%s: the slide begins %.0f px down", lang, top)
		}
		if hidden := eval[bool](b, `document.querySelector('[data-action="talk-leave"]').offsetWidth === 0`); hidden {
			t.Errorf("%s: nobody can leave", lang)
		}
		if gap := eval[float64](b, `document.querySelector('.talk-stage .score').getBoundingClientRect().right - document.querySelector('.talk-stage .board').getBoundingClientRect().right`); gap > 2 {
			t.Errorf("%s: the strip of counts is shaded %.0f px before its card ends", lang, gap)
		}
	}
}

// Beside the notes, what is said stands over the drawing, of one lane as of two: side
// by side neither has room.
func TestSpeakersDrawingHasTheWidth(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	b := browse(t)
	b.size(1280, 800)
	b.do(chromedp.Navigate(base + room.PresentPath()))
	b.await(`document.querySelector('[data-talk]').dataset.seat === 'yours'`)
	for range 9 {
		b.key("ArrowRight")
	}
	b.talkAt(3, 0)
	if share := eval[float64](b, `document.querySelector('#lane-a').offsetWidth / document.querySelector('.talk-stage').offsetWidth`); share < .95 {
		t.Errorf("the drawing has %.2f of the slide's width", share)
	}
}
