package talk_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"copyscope/internal/talk"
)

func room(t *testing.T) driven {
	t.Helper()
	d, err := talk.Load("zero-copy")
	if err != nil {
		t.Fatal(err)
	}
	p, err := talk.Make(t.Context(), "zero-copy.yaml", d, noHost(t))
	if err != nil {
		t.Fatal(err)
	}
	return driven{talk.NewRoom(p)}
}

// Going on stop by stop reaches the end and no further; going back is the same way.
func TestMove(t *testing.T) {
	r := room(t)
	type place struct{ slide, stop int }
	at := func() place { s := r.State(); return place{s.Desk.Slide, s.Desk.Stop} }
	trail := []place{at()}
	for range 200 {
		if _, err := r.Move(1); err != nil {
			t.Fatal(err)
		}
		if at() != trail[len(trail)-1] {
			trail = append(trail, at())
		}
	}
	stops := 0
	for _, s := range r.Plan().Slides {
		stops += s.Stops()
	}
	if len(trail) != stops || at().slide != len(r.Plan().Slides)-1 {
		t.Fatalf("%d places of %d, the last one %v", len(trail), stops, at())
	}
	for i := len(trail) - 2; i >= 0; i-- {
		r.Move(-1)
		if at() != trail[i] {
			t.Fatalf("back at %v, not at %v", at(), trail[i])
		}
	}
	if changed, _ := r.Move(-1); changed != 0 {
		t.Error("going back from the first stop changes something")
	}
}

// While frozen the speaker goes on alone; what is drawn and pointed at stays with
// the speaker, too.
func TestFreeze(t *testing.T) {
	r := room(t)
	r.Move(1)
	r.Draw(talk.Piece{Points: []float64{.1, .1}})
	r.Freeze(true)
	frozen := r.State().Shown
	r.Draw(talk.Piece{Points: []float64{.2, .2}})
	r.Point(talk.Pointer{On: true, X: .5, Y: .5, At: "lane-a page-cache"})
	r.Move(3)
	s := r.State()
	if s.Shown.Slide != frozen.Slide || s.Shown.Stop != frozen.Stop || len(s.Shown.Ink.Pieces) != 1 || s.Shown.Pointer.On {
		t.Errorf("the audience sees %+v, not %+v", s.Shown, frozen)
	}
	if s.Desk.Slide == s.Shown.Slide {
		t.Error("the speaker is frozen as well")
	}
	r.Freeze(false)
	if s := r.State(); s.Shown.Slide != s.Desk.Slide || s.Shown.Stop != s.Desk.Stop {
		t.Errorf("after the freeze the audience is at %+v", s.Shown)
	}
}

// Each voter has one vote, which may change until the answers are shown.
func TestVotes(t *testing.T) {
	r := room(t)
	if _, err := r.Vote("x", 1, 0); !errors.Is(err, talk.ErrClosed) {
		t.Errorf("a vote on a slide that nobody sees: %v", err)
	}
	r.Show(1, 0)
	for _, v := range []struct {
		who    string
		choice int
	}{{"x", 0}, {"y", 1}, {"x", 1}, {"x", 1}} {
		if _, err := r.Vote(v.who, 1, v.choice); err != nil {
			t.Fatal(err)
		}
	}
	p, ok := r.Poll(1)
	if !ok || !p.Open || p.Total != 2 || p.Counts[0] != 0 || p.Counts[1] != 2 || r.Answered("x", 1) != 1 || r.Answered("z", 1) != -1 {
		t.Errorf("the poll is %+v", p)
	}
	for _, choice := range []int{-1, 3, math.MaxInt} {
		if _, err := r.Vote("z", 1, choice); err == nil || errors.Is(err, talk.ErrClosed) {
			t.Errorf("choice %d: %v", choice, err)
		}
	}
	r.Black(true)
	if _, err := r.Vote("z", 1, 1); !errors.Is(err, talk.ErrClosed) {
		t.Error("a vote in the dark counts")
	}
	r.Black(false)
	r.Show(1, 1)
	if _, err := r.Vote("z", 1, 1); !errors.Is(err, talk.ErrClosed) {
		t.Error("a vote counts after the answers were shown")
	}
}

// Ink is bounded, goes with the slide, and keeps the newest.
func TestInk(t *testing.T) {
	r := room(t)
	for range 3000 {
		if _, err := r.Draw(talk.Piece{Points: make([]float64, 64)}); err != nil {
			t.Fatal(err)
		}
	}
	ink := r.State().Desk.Ink
	points := 0
	for _, p := range ink.Pieces {
		points += len(p.Points) / 2
	}
	if points > 16<<10 || ink.First+len(ink.Pieces) != 3000 {
		t.Errorf("%d points, pieces %d to %d", points, ink.First, ink.First+len(ink.Pieces))
	}
	r.Show(2, 0)
	if now := r.State().Desk.Ink; len(now.Pieces) != 0 || now.Epoch == ink.Epoch {
		t.Errorf("ink of the slide before: %d pieces", len(now.Pieces))
	}
	for _, points := range [][]float64{nil, {1}, {1, 2, 3}, make([]float64, 200), {math.NaN(), 0}, {math.Inf(1), 0}, {10, 0}} {
		if _, err := r.Draw(talk.Piece{Points: points}); err == nil {
			t.Errorf("%v was drawn", points)
		}
	}
	for _, at := range []string{"<script>", "lane-a\nb", strings.Repeat("a", 60), "a b c", `a"]`} {
		if _, err := r.Draw(talk.Piece{Points: []float64{0, 0}, At: at}); err == nil {
			t.Errorf("%q was drawn on", at)
		}
		if _, err := r.Point(talk.Pointer{At: at}); err == nil {
			t.Errorf("%q was pointed at", at)
		}
	}
}

// What cannot be is refused and changes nothing.
func TestRefusals(t *testing.T) {
	r := room(t)
	before := r.State().Rev
	for _, at := range [][2]int{{-1, 0}, {13, 0}, {0, 1}, {1, 2}, {1, -1}, {math.MaxInt, math.MaxInt}} {
		if _, err := r.Show(at[0], at[1]); err == nil {
			t.Errorf("%v is shown", at)
		}
	}
	if r.State().Rev != before {
		t.Error("a refusal changed the room")
	}
}

// A fresh room takes what a speaker's page remembers, one in which something has
// happened does not.
func TestRestore(t *testing.T) {
	r := room(t)
	began := time.Now().Add(-time.Minute).UnixMilli()
	if ok, err := r.Restore(talk.Saved{Slide: 3, Stop: 2, Frozen: true, Began: began}); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if s := r.State(); s.Desk.Slide != 3 || s.Shown.Stop != 2 || !s.Frozen || s.Began.UnixMilli() != began {
		t.Errorf("restored to %+v", s)
	}
	if ok, _ := r.Restore(talk.Saved{Slide: 1}); ok {
		t.Error("restored twice")
	}
	if ok, err := room(t).Restore(talk.Saved{Slide: 99}); ok || err == nil {
		t.Error("restored to a slide that there is not")
	}
}

func TestTokens(t *testing.T) {
	token := talk.NewToken()
	tokens := talk.NewTokens(token)
	for given, want := range map[string]talk.Role{token: talk.Presenter, tokens.Click(): talk.Clicker, "": talk.Nobody, token + "x": talk.Nobody, token[1:]: talk.Nobody} {
		if got := tokens.Role(given); got != want {
			t.Errorf("%q is %q, not %q", given, got, want)
		}
	}
	if len(token) < 130/5 || len(tokens.Click()) < 120/5 { // a letter of base32 has 5 bits
		t.Errorf("tokens of %d and %d letters can be guessed", len(token), len(tokens.Click()))
	}
	if talk.NewTokens(talk.NewToken()).Click() == tokens.Click() {
		t.Error("two rooms have one clicker")
	}
}

// Five wrong tokens, then one in six seconds; each address for itself.
func TestTries(t *testing.T) {
	var tries talk.Tries
	now := time.Now()
	for range 5 {
		if wait := tries.Wait("a", now); wait != 0 {
			t.Fatalf("waits %v", wait)
		}
		tries.Wrong("a", now)
	}
	if wait := tries.Wait("a", now); wait <= 0 || wait > 6*time.Second {
		t.Errorf("the sixth waits %v", wait)
	}
	if tries.Wait("b", now) != 0 {
		t.Error("another address waits")
	}
	if tries.Wait("a", now.Add(7*time.Second)) != 0 {
		t.Error("it waits for ever")
	}
}

func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		code := talk.NewCode()
		if !talk.KnownCode(code) || seen[code] {
			t.Fatalf("code %q", code)
		}
		seen[code] = true
	}
	for _, code := range []string{"", "abc", "abcdefg", "ABCDEF", "abc/de", "abcde0", "../../"} {
		if talk.KnownCode(code) {
			t.Errorf("%q is a code", code)
		}
	}
}
