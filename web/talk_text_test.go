package web_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"copyscope/internal/talk"
	"copyscope/web"
)

func pageOf(t *testing.T, address string) string {
	t.Helper()
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status, err)
	}
	return string(text)
}

// Whatever of a slide is in one language only, readers of the other are told so once,
// on every page that shows it; and of what is in both, nobody is.
func TestSlideSaysThatItIsInAnotherLanguage(t *testing.T) {
	const both = "{en: Both, zh: 两者}"
	slide := func(title, text, question, explain, choice string) string {
		return "schema: 1\nname: d\ntitle: " + both + "\nslides:\n  - title: " + title + "\n    text: " + text +
			"\n    ask:\n      question: " + question + "\n      explain: " + explain +
			"\n      choices:\n        - {value: 1}\n        - {value: 2, text: " + choice + "}\n"
	}
	for what, deck := range map[string]string{
		"":         slide(both, both, both, both, both),
		"title":    slide("{en: Only}", both, both, both, both),
		"text":     slide(both, "{en: Only}", both, both, both),
		"question": slide(both, both, "{en: Only}", both, both),
		"explain":  slide(both, both, both, "{en: Only}", both),
		"choice":   slide(both, both, both, both, "{en: Only}"),
	} {
		parsed, err := talk.Parse("d.yaml", []byte(deck))
		if err != nil {
			t.Fatal(err)
		}
		base, pages, _ := serveAt(t, "127.0.0.1:0")
		room, err := pages.OpenTalk(t.Context(), "d.yaml", parsed, web.TalkOptions{})
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		if what != "" {
			want = 1
		}
		for _, path := range []string{"?lang=zh", "?wall=1&lang=zh", "/talk.html"} {
			if n := strings.Count(pageOf(t, base+room.AudiencePath()+path), ">这一页没有中文版。<"); n != want {
				t.Errorf("only English: %q, %s: told %d times, want %d", what, path, n, want)
			}
		}
		if n := strings.Count(pageOf(t, base+room.AudiencePath()+"?lang=en"), "in another language only.<"); n != 0 {
			t.Errorf("only English: %q: readers of English are told so %d times", what, n)
		}
	}
}

// A button's sign stands on the side to which it goes.
func TestSignsPointAwayFromTheirWords(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	for _, address := range []string{room.PresentPath(), room.AudiencePath() + "/talk.html"} {
		address, _, _ := strings.Cut(address, "#")
		page := pageOf(t, base+address)
		for _, want := range []string{`<span aria-hidden="true">‹</span><span>`, `</span><span aria-hidden="true">›</span></button>`} {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %s", address, want)
			}
		}
	}
}
