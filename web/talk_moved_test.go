package web_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

// What a page asked for over a connection that broke is told from what others did: then
// the page's own place holds. A ping is answered, and each state says what is in it.
func TestTalkKnowsWhoMovedIt(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	const desk = "0123456789abcdef"
	hello := func(role string) (*seat, map[string]any) {
		t.Helper()
		s := takeSeat(t, base, room.Code, false)
		s.say("talk.hello", map[string]any{"token": room.Present, "desk": desk[:16-len(role)] + role, "role": role})
		return s, s.hear("talk.welcome", nil)
	}
	page, _ := hello("")
	page.say("talk.ping", nil)
	page.hear("talk.pong", nil)
	page.say("talk.move", map[string]int{"by": 1, "number": 7})
	m := page.hear("talk.desk", at(1, 0))
	if m["done"] != float64(7) {
		t.Errorf("the state has %v", m)
	}
	again, welcome := hello("")
	if welcome["rev"] != m["rev"] || welcome["moved"] != float64(0) {
		t.Errorf("the page itself has moved, and is told %v", welcome)
	}
	clicker, _ := hello("clicker")
	clicker.say("talk.move", map[string]int{"by": 1})
	m = again.hear("talk.desk", at(1, 1))
	if _, welcome = hello(""); welcome["moved"] != m["rev"] {
		t.Errorf("a clicker has moved to %v, and the page is told %v", m["rev"], welcome)
	}
}

// A wall may be in the browser of the speaker's page: its language and theme are its own.
func TestTalkWallIsNotRemembered(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	for query, want := range map[string]bool{"?lang=zh": true, "?theme=dark": true, "?wall=1&lang=zh&theme=dark": false} {
		answer, err := http.Get(base + room.AudiencePath() + query)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		kept := false
		for _, c := range answer.Cookies() {
			kept = kept || c.Name == "lang" || c.Name == "theme"
		}
		if kept != want {
			t.Errorf("%s: remembered: %v", query, kept)
		}
		if strings.Contains(query, "lang=zh") != bytes.Contains(text, []byte(`<html lang="zh`)) {
			t.Errorf("%s: in another language", query)
		}
	}
}
