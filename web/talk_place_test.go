package web_test

import (
	"sync/atomic"
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/talk"
	"copyscope/web"
)

// A server tells each place of its talk to who keeps it, and another one goes on there
// although no speaker's page is open; one that comes back, and has stepped on, is right.
func TestTalkGoesOnAtAKeptPlace(t *testing.T) {
	deck, err := talk.Load("zero-copy")
	if err != nil {
		t.Fatal(err)
	}
	var kept atomic.Pointer[talk.Saved]
	open := func(saved *talk.Saved) (base string, room web.TalkRoom, shut func()) {
		t.Helper()
		base, pages, shut := serveAtWith(t, "127.0.0.1:0", web.Config{Lab: lab.New(t.TempDir())})
		room, err := pages.OpenTalk(t.Context(), "zero-copy.yaml", deck, web.TalkOptions{Saved: saved, Keep: func(s talk.Saved) { kept.Store(&s) }})
		if err != nil {
			t.Fatal(err)
		}
		return base, room, shut
	}
	drive := func(base string, room web.TalkRoom) *seat {
		t.Helper()
		speaker := takeSeat(t, base, room.Code, false)
		speaker.say("talk.hello", map[string]any{"token": room.Present, "desk": "d1"})
		speaker.hear("talk.welcome", nil)
		return speaker
	}

	base, room, shut := open(nil)
	phone := takeSeat(t, base, room.Code, false)
	drive(base, room).say("talk.show", map[string]int{"slide": 1, "stop": 1})
	phone.hear("talk.state", at(1, 1))
	shut()
	was := kept.Load()
	if was == nil || was.Slide != 1 || was.Stop != 1 || was.Began == 0 {
		t.Fatalf("kept is %+v", was)
	}

	base, room, _ = open(was)
	phone = takeSeat(t, base, room.Code, false)
	phone.hear("talk.state", at(1, 1))
	desk := takeSeat(t, base, room.Code, false)
	desk.say("talk.hello", map[string]any{"token": room.Present, "desk": "d2"})
	if got := desk.hear("talk.desk", at(1, 1)); got["began"] != float64(was.Began) {
		t.Errorf("the talk's clock began at %v, want %d", got["began"], was.Began)
	}

	base, room, _ = open(was)
	phone = takeSeat(t, base, room.Code, false)
	phone.hear("talk.state", at(1, 1))
	ahead := takeSeat(t, base, room.Code, false)
	ahead.say("talk.hello", map[string]any{"token": room.Present, "desk": "d1", "saved": talk.Saved{Slide: 2, Began: was.Began}})
	if m := ahead.hear("talk.welcome", nil); m["restored"] != true {
		t.Errorf("a page that has stepped on is told %v", m)
	}
	phone.hear("talk.state", at(2, 0))

	other := talk.Saved{Slide: 1000}
	base, room, _ = open(&other)
	takeSeat(t, base, room.Code, false).hear("talk.state", at(0, 0))
}
