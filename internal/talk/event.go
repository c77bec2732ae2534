package talk

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"
)

// Kind says what an event does to a room.
type Kind string

// The kinds of events. What a speaker's page or a clicker does:
const (
	Shows    Kind = "show"
	Moves    Kind = "move"
	Freezes  Kind = "freeze"
	Blackens Kind = "black"
	Begins   Kind = "begin"
	Points   Kind = "point"
	Draws    Kind = "draw"
	Wipes    Kind = "wipe"
	Restores Kind = "restore"
	// Seats gives the driver's seat to a speaker's page.
	Seats Kind = "seat"
	// Votes is an answer of somebody of the audience.
	Votes Kind = "vote"
	// Here says how many a server has connected; it changes nothing in the room.
	Here Kind = "here"
)

// Event is all that changes a room: what somebody did, when, and from where. The
// state of a room is what its events make of it, in their order, so servers that
// apply the same events have the same room.
type Event struct {
	Kind Kind  `json:"kind"`
	At   int64 `json:"at"` // ms since 1970, by the clock of the server that took it
	// Desk is the speaker's page that it came from, as [Seal] names it; "" for a
	// clicker, which drives beside the page that has the seat.
	Desk string `json:"desk,omitempty"`
	// Line is the connection over which that page drives. A page whose network stood
	// still comes back over another one, and says what it did meanwhile; what it had
	// said over the old one may arrive after that, and is not done twice.
	Line string `json:"line,omitempty"`
	// Number counts what a speaker's page asks for, so that it knows what was done.
	Number  int64    `json:"number,omitempty"`
	Voter   string   `json:"voter,omitempty"` // as [Seal] names it
	Slide   int      `json:"slide,omitempty"`
	Stop    int      `json:"stop,omitempty"`
	Choice  int      `json:"choice,omitempty"`
	By      int      `json:"by,omitempty"`
	On      bool     `json:"on,omitempty"`
	Pointer *Pointer `json:"pointer,omitempty"`
	Piece   *Piece   `json:"piece,omitempty"`
	Saved   *Saved   `json:"saved,omitempty"`
	// Viewers and Drives are of a server that says what it has: so many of the
	// audience, and the page with the driver's seat.
	Viewers int  `json:"viewers,omitempty"`
	Drives  bool `json:"drives,omitempty"`
}

// ErrSeat: the event came from a speaker's page that does not drive.
var ErrSeat = errors.New("another page drives")

// Seal names a browser or a page without giving away the number by which it is
// known to the server: who reads events cannot answer in its stead.
func Seal(number string) string {
	if number == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(number))
	return base64.RawURLEncoding.EncodeToString(sum[:15])
}

// Apply does what an event says, and tells what it has changed. An error means that
// it changed nothing.
func (r *Room) Apply(e Event) (Change, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed, err := r.do(e)
	if err != nil {
		return 0, err
	}
	if changed&Shown != 0 {
		if e.Desk != r.mover {
			r.mover, r.moved = e.Desk, r.rev
		}
		r.rev++
	}
	if e.Desk != "" && e.Number != 0 {
		r.done = e.Number
	}
	if !r.frozen {
		r.shown = r.desk // the audience follows
	}
	return changed, nil
}

// do is Apply with r.mu held.
func (r *Room) do(e Event) (Change, error) {
	if e.Kind != Seats && e.Kind != Votes && e.Desk != "" && (e.Desk != r.seat || e.Line != r.line) {
		return 0, ErrSeat
	}
	at := time.UnixMilli(e.At)
	switch e.Kind {
	case Shows:
		return r.showAt(e.Slide, e.Stop, at)
	case Moves:
		return r.move(max(-MaxMove, min(e.By, MaxMove)), at), nil
	case Freezes:
		return r.freeze(e.On), nil
	case Blackens:
		return r.blacken(e.On), nil
	case Begins:
		r.began = at
		return Shown, nil
	case Points:
		return r.point(e.Pointer)
	case Draws:
		return r.draw(e.Piece)
	case Wipes:
		return r.wipe(), nil
	case Restores:
		return r.restore(e.Saved)
	case Votes:
		return r.vote(e.Voter, e.Slide, e.Choice)
	case Seats:
		if e.Desk != r.seat {
			r.done = 0 // another page counts for itself
		}
		r.seat, r.line = e.Desk, e.Line
		return 0, nil
	case Here:
		return 0, nil
	}
	return 0, fmt.Errorf("an event of the kind %.20q, which this version does not know", e.Kind)
}

// Seat is the speaker's page that drives, as [Seal] names it; "" if none has yet.
func (r *Room) Seat() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seat
}

// OthersMoved is the newest rev up to which somebody else than this speaker's page may
// have moved the talk; every change after it is that page's own.
func (r *Room) OthersMoved(desk string) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if desk != "" && desk == r.mover {
		return r.moved
	}
	return r.rev
}
