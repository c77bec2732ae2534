package talk_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"copyscope/internal/talk"
)

// Servers that apply the same events have the same room, whatever their clocks say.
func TestSameEventsSameRoom(t *testing.T) {
	one, two := room(t), room(t)
	at := time.Now().Add(-time.Hour).UnixMilli()
	events := []talk.Event{
		{Kind: talk.Seats, Desk: "a"}, {Kind: talk.Shows, Desk: "a", Slide: 1}, {Kind: talk.Votes, Voter: "x", Slide: 1, Choice: 1}, {Kind: talk.Votes, Voter: "y", Slide: 1, Choice: 7},
		{Kind: talk.Draws, Desk: "a", Piece: &talk.Piece{Points: []float64{.1, .2}}}, {Kind: talk.Moves, By: 3}, {Kind: talk.Freezes, On: true}, {Kind: talk.Shows, Desk: "a", Slide: 99},
		{Kind: talk.Moves, By: 1 << 40}, {Kind: talk.Blackens, On: true}, {Kind: talk.Points, Desk: "a", Pointer: &talk.Pointer{On: true, X: .5}}, {Kind: talk.Here, Viewers: 7}, {Kind: "dance"},
		{Kind: talk.Points}, {Kind: talk.Draws}, {Kind: talk.Restores},
	}
	refused := 0
	for i, e := range events {
		e.At = at + int64(i)
		c1, err1 := one.Apply(e)
		c2, err2 := two.Apply(e)
		if c1 != c2 || (err1 == nil) != (err2 == nil) {
			t.Errorf("%+v: %v and %v, %v and %v", e, c1, c2, err1, err2)
		}
		if err1 != nil {
			refused++
		}
	}
	if s := one.State(); !reflect.DeepEqual(s, two.State()) || s.Began.UnixMilli() != at+1 {
		t.Errorf("the rooms are %+v and %+v", s, two.State())
	}
	if p, _ := one.Poll(1); p.Total != 1 {
		t.Errorf("%d answers count", p.Total)
	}
	if refused != 6 { // a choice and a slide that there are not, what has no content, what nobody knows
		t.Errorf("%d events are refused", refused)
	}
}

// What a page says that has lost the seat has no effect, wherever it was said; a
// clicker drives beside the page that has it.
func TestEventsOfAnotherPage(t *testing.T) {
	r := room(t)
	apply := func(e talk.Event) error { _, err := r.Apply(e); return err }
	for _, e := range []talk.Event{{Kind: talk.Seats, Desk: "a"}, {Kind: talk.Shows, Desk: "a", Slide: 1}, {Kind: talk.Seats, Desk: "b"}} {
		if err := apply(e); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range []talk.Event{{Kind: talk.Shows, Slide: 2}, {Kind: talk.Moves, By: 1}, {Kind: talk.Points, Pointer: &talk.Pointer{}}, {Kind: talk.Wipes}, {Kind: talk.Begins}, {Kind: talk.Blackens, On: true}} {
		e.Desk = "a"
		if err := apply(e); !errors.Is(err, talk.ErrSeat) {
			t.Errorf("%+v: %v", e, err)
		}
	}
	if s := r.State(); s.Desk.Slide != 1 || s.Rev != 1 || r.Seat() != "b" {
		t.Errorf("the room is %+v, the seat is %s's", s, r.Seat())
	}
	if err := apply(talk.Event{Kind: talk.Moves, By: 1}); err != nil || r.State().Rev != 2 {
		t.Errorf("a clicker: %v", err)
	}
}

// What a deck says has one hash, however its file is laid out.
func TestHashOfADeck(t *testing.T) {
	hash := func(text string) string {
		d, err := talk.Parse("d.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return d.Hash()
	}
	const deck = "schema: 1\nname: d\ntitle: {en: A}\nslides:\n  - title: {en: B}\n    scope: {a: \"sendfile\", stops: [start, {lane: a, kind: dma}]}\n"
	if hash(deck) != hash("# a comment\n"+deck+"\n\n") {
		t.Error("a comment is another deck")
	}
	for was, is := range map[string]string{"{en: A}": "{en: AA}", "name: d": "name: e", "[start, ": "[end, ", "kind: dma": "kind: descriptor", "sendfile": "splice"} {
		if hash(deck) == hash(strings.Replace(deck, was, is, 1)) {
			t.Errorf("with %s it has the same hash", is)
		}
	}
}

// A page drives over one connection: what it said over the one before, and what arrives
// after it has come back, is not done.
func TestEventsOfAnotherConnection(t *testing.T) {
	r := room(t)
	do := func(e talk.Event) error {
		t.Helper()
		_, err := r.Apply(e)
		return err
	}
	move := func(line string) talk.Event {
		return talk.Event{Kind: talk.Moves, Desk: "d", Line: line, By: 1, Number: 3}
	}
	for _, e := range []talk.Event{{Kind: talk.Seats, Desk: "d", Line: "one"}, move("one"), {Kind: talk.Seats, Desk: "d", Line: "two"}} {
		if err := do(e); err != nil {
			t.Fatal(e, err)
		}
	}
	if err := do(move("one")); !errors.Is(err, talk.ErrSeat) {
		t.Errorf("over the old connection: %v", err)
	}
	if s := r.State(); s.Rev != 1 || s.Done != 3 || r.OthersMoved("d") != 0 || r.OthersMoved("e") != 1 {
		t.Errorf("the room is %+v, moved by others up to %d", s, r.OthersMoved("d"))
	}
	if err := do(move("two")); err != nil {
		t.Error(err)
	}
}
