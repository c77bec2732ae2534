package talk_test

import (
	"errors"
	"time"

	"copyscope/internal/talk"
)

// driven is a room whose events are made by their names.
type driven struct{ *talk.Room }

func (r driven) event(e talk.Event) (talk.Change, error) {
	e.At = time.Now().UnixMilli()
	return r.Apply(e)
}

func (r driven) Show(slide, stop int) (talk.Change, error) {
	return r.event(talk.Event{Kind: talk.Shows, Slide: slide, Stop: stop})
}
func (r driven) Move(by int) (talk.Change, error) {
	return r.event(talk.Event{Kind: talk.Moves, By: by})
}
func (r driven) Freeze(on bool) (talk.Change, error) {
	return r.event(talk.Event{Kind: talk.Freezes, On: on})
}
func (r driven) Black(on bool) (talk.Change, error) {
	return r.event(talk.Event{Kind: talk.Blackens, On: on})
}
func (r driven) Point(p talk.Pointer) (talk.Change, error) {
	return r.event(talk.Event{Kind: talk.Points, Pointer: &p})
}
func (r driven) Draw(p talk.Piece) (talk.Change, error) {
	return r.event(talk.Event{Kind: talk.Draws, Piece: &p})
}
func (r driven) Vote(voter string, slide, choice int) (talk.Change, error) {
	return r.event(talk.Event{Kind: talk.Votes, Voter: voter, Slide: slide, Choice: choice})
}

func (r driven) Restore(s talk.Saved) (bool, error) {
	changed, err := r.event(talk.Event{Kind: talk.Restores, Saved: &s})
	if errors.Is(err, talk.ErrBegun) {
		err = nil
	}
	return changed != 0, err
}
