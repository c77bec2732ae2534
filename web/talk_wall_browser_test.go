package web_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"copyscope/internal/lab"
	"copyscope/internal/lesson"
)

// The shipped deck's slides of counts alone, in their order in it.
const (
	fourWays = 8
	forReal  = 10
)

// showFromEnd has a speaker's page go back from the last slide, which is reached in
// fewer presses than from the first.
func showFromEnd(speaker *tab, presses, slide int) {
	speaker.key("End")
	speaker.await(`document.querySelector('[data-talk]').dataset.slide === '12'`)
	for range presses {
		speaker.key("ArrowLeft")
	}
	speaker.talkAt(slide, 0)
}

// speak opens the speaker's page.
func speak(t *testing.T, base, present string) *tab {
	t.Helper()
	speaker := browse(t)
	speaker.do(chromedp.Navigate(base + present))
	speaker.await(`document.querySelector('[data-talk]').dataset.seat === 'yours'`)
	return speaker
}

// takeHome writes a room's talk as a file and gives its address.
func takeHome(t *testing.T, base, code string) string {
	t.Helper()
	answer, err := http.Get(base + "/t/" + code + "/talk.html")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	exported, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status, err)
	}
	file := filepath.Join(t.TempDir(), "talk.html")
	if err := os.WriteFile(file, exported, 0o600); err != nil {
		t.Fatal(err)
	}
	return "file://" + file
}

// badTable says what a phone's reader cannot read of a slide's counts: names in
// columns of a few letters, and figures beyond the edge or over one another.
const badTable = `(() => {
	const scroll = document.querySelector('.slide.current .scroll');
	const bad = [];
	if (scroll.scrollWidth > scroll.clientWidth) bad.push('the table is ' + (scroll.scrollWidth - scroll.clientWidth) + ' px wider than its place');
	for (const row of scroll.querySelectorAll('tr')) {
		const boxes = [...row.cells].filter((cell) => cell.offsetHeight > 0).map((cell) => {
			const words = document.createRange();
			const unseen = cell.querySelector('.visually-hidden');
			words.selectNodeContents(cell);
			if (unseen) words.setEndBefore(unseen);
			return { cell, box: words.getBoundingClientRect() };
		});
		for (const [i, { cell, box }] of boxes.entries()) {
			if (box.right > innerWidth || box.left < 0) bad.push('beyond the edge: ' + cell.textContent.trim());
			if (cell.scope === 'row' && box.height > 2.2 * parseFloat(getComputedStyle(cell).fontSize)) bad.push(Math.round(box.height) + ' px high: ' + cell.textContent.trim());
			const before = boxes[i - 1]?.box;
			if (before && before.bottom > box.top + 1 && before.top < box.bottom - 1 && before.right > box.left) bad.push('over what stands before it: ' + cell.textContent.trim());
		}
	}
	if (document.documentElement.scrollHeight > 1300) bad.push('the page is ' + document.documentElement.scrollHeight + ' px high');
	return bad;
})()`

// A phone shows all the columns of a table of counts, and the names of the counts
// in lines of their own, from the server and from the file that one takes home.
func TestPhoneShowsAllTheCounts(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	showFromEnd(speak(t, base, room.PresentPath()), 5, fourWays)
	file := takeHome(t, base, room.Code)
	b := browse(t)
	for _, lang := range []string{"en", "zh"} {
		for _, address := range []string{base + room.AudiencePath() + "?lang=" + lang, file + fmt.Sprintf("#%s,%d,1", lang, fourWays+1)} {
			b.do(chromedp.Navigate("about:blank"))
			b.do(chromedp.Navigate(address))
			b.talkAt(fourWays, 0)
			for _, width := range []int{360, 390, 640} {
				b.size(width, 844)
				b.await(fmt.Sprintf(`innerWidth === %d`, width))
				if bad := eval[[]string](b, badTable); len(bad) > 0 {
					t.Errorf("%s, %d px wide: %q", address, width, bad)
				}
			}
		}
	}
}

// Nobody scrolls a wall, so a table of counts is no higher than its screen, with the
// words above it and the reasons below.
func TestWallShowsAllTheCounts(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	speaker := speak(t, base, room.PresentPath())
	b := browse(t)
	for _, slide := range []struct{ at, presses int }{{fourWays, 5}, {forReal, 2}} {
		showFromEnd(speaker, slide.presses, slide.at)
		for _, lang := range []string{"en", "zh"} {
			b.do(chromedp.Navigate(base + room.AudiencePath() + "?wall=1&lang=" + lang))
			b.talkAt(slide.at, 0)
			for _, screen := range [][2]int{{1024, 768}, {1280, 720}, {1366, 768}, {1920, 1080}} {
				b.size(screen[0], screen[1])
				b.await(fmt.Sprintf(`innerWidth === %d && innerHeight === %d`, screen[0], screen[1]))
				if high := eval[int](b, `document.documentElement.scrollHeight`); high > screen[1] {
					t.Errorf("slide %d, %s, %d × %d: %d px high", slide.at+1, lang, screen[0], screen[1], high)
				}
			}
		}
	}
}

// textPx is how high the letters of the first drawing are on the screen.
const textPx = `(() => {
	const word = document.querySelector('.talk-stage .machine text');
	return parseFloat(getComputedStyle(word).fontSize) * word.getScreenCTM().a;
})()`

// The drawing takes what room a wall has: a slide of one lane its width, one of two
// on a screen of 4 : 3 its height.
func TestWallsDrawingIsLarge(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	speaker := speak(t, base, room.PresentPath())
	b := browse(t)
	for _, wall := range []struct {
		presses, slide, stop int
		screen               [2]int
		px, bottom           float64
	}{
		{7, 2, 4, [2]int{1024, 768}, 9.5, 690},
		{2, 3, 0, [2]int{1024, 768}, 12.5, 450},
		{0, 3, 0, [2]int{1280, 720}, 14, 600},
		{0, 3, 0, [2]int{1920, 1080}, 22, 700},
	} {
		for range wall.presses {
			speaker.key("ArrowRight")
		}
		speaker.talkAt(wall.slide, wall.stop)
		b.size(wall.screen[0], wall.screen[1])
		b.do(chromedp.Navigate(base + room.AudiencePath() + "?wall=1"))
		b.talkAt(wall.slide, wall.stop)
		b.await(`document.querySelector('.talk-stage #lane-a').dataset.status === 'ready'`)
		if px := eval[float64](b, textPx); px < wall.px {
			t.Errorf("slide %d, %v: the drawing's letters are %.1f px high, want %.1f", wall.slide+1, wall.screen, px, wall.px)
		}
		if bottom := eval[float64](b, `document.querySelector('.talk-stage').getBoundingClientRect().bottom`); bottom < wall.bottom || bottom > float64(wall.screen[1]) {
			t.Errorf("slide %d, %v: it ends at %.0f px, want %.0f or lower, on the screen", wall.slide+1, wall.screen, bottom, wall.bottom)
		}
	}
}

// In a hall both of two lanes are above the controls, on a projector of 4 : 3 too: in
// the file that one takes home, in the scope, and in a lesson.
func TestBothLanesAreAboveTheControls(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	under := `(() => {
		const bar = [...document.querySelectorAll('.talk-controls, .scope .controls')].find((e) => e.offsetHeight > 0);
		const top = Math.min(innerHeight, bar ? bar.getBoundingClientRect().top : innerHeight);
		return document.querySelector('#lane-b .machine').getBoundingClientRect().bottom - top;
	})()`
	b := browse(t)
	b.size(1024, 768)
	b.do(chromedp.Navigate(takeHome(t, base, room.Code) + "#en,3,5"))
	b.talkAt(2, 4)
	for _, theme := range []string{"auto", "projector"} {
		b.await(`document.querySelector('#lane-b .machine')`)
		script(b, fmt.Sprintf(`document.documentElement.dataset.theme = %q`, theme))
		if below := eval[float64](b, under); below > 0 {
			t.Errorf("the talk's file, %s: the second lane is %.0f px under the controls", theme, below)
		}
	}
	b.do(chromedp.Navigate(base + "/scope?a=read-write&b=sendfile&step=9&theme=projector"))
	b.await(`document.querySelector('[data-stage]').dataset.ready === 'true' && document.querySelector('#lane-b .machine')`)
	if below := eval[float64](b, under); below > 0 {
		t.Errorf("the scope: the second lane is %.0f px under the controls", below)
	}

	l := learn(t, serve(t, lab.New(t.TempDir())), lesson.Shipped().Lesson("pio"), "en")
	l.size(1024, 768)
	l.predict(true)
	l.await(`document.querySelector("[data-stage]").dataset.ready === "true"`)
	for at := 2; at < len(l.lesson.Steps); at++ {
		l.press("n")
		l.await(fmt.Sprintf(`document.querySelector("#watch").dataset.step === "%d"`, at))
	}
	l.await(`document.querySelector(".scoreboard").dataset.lanes === "2" && document.querySelector('#lane-b .machine')`)
	script(l.tab, `document.documentElement.dataset.theme = 'projector'`)
	script(l.tab, `document.querySelector('#watch').scrollIntoView()`)
	if below := eval[float64](l.tab, under); below > 0 {
		t.Errorf("the lesson: the second lane is %.0f px under the controls", below)
	}
}
