package talk

import (
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"
)

// Limits of a room.
const (
	// maxPieces and maxPoints bound the ink on a slide; the oldest pieces go first.
	maxPieces = 1024
	maxPoints = 16 << 10
	// piecePoints is how many points one piece may have.
	piecePoints = 64
	// maxVoters bounds who answers one question.
	maxVoters = 20_000
)

// Change says what a command has changed.
type Change uint8

const (
	// Shown: the slide, the stop, freeze or black.
	Shown Change = 1 << iota
	// Pointed: the pointer.
	Pointed
	// Drawn: the ink.
	Drawn
	// Voted: an answer was counted.
	Voted
)

// Pointer is where the speaker points, in parts of the width and height of what
// At names. Screens differ, so a place is told by what is there: a part of the
// slide, such as lane-a, and in a drawing a place or an engine, such as
// "lane-a page-cache".
type Pointer struct {
	On bool    `json:"on"`
	X  float64 `json:"x"`
	Y  float64 `json:"y"`
	At string  `json:"at,omitempty"`
}

// Piece is a part of a stroke: x and y in turn, in parts of the width and height
// of what At names. Pieces are only ever added; another epoch begins with none.
type Piece struct {
	Points []float64 `json:"points"`
	At     string    `json:"at,omitempty"`
}

// Ink is what was drawn on a slide.
type Ink struct {
	// Epoch changes when the ink is wiped; First is the number of the first piece
	// that is kept.
	Epoch, First int
	Pieces       []Piece
	points       int
}

// View is what one looks at.
type View struct {
	Slide, Stop int
	Pointer     Pointer
	Ink         Ink
}

// Room is the state of one talk. What the speaker sees (the desk's view) is what
// the audience sees, unless it is frozen.
type Room struct {
	mu     sync.Mutex
	plan   *Plan
	rev    uint64
	desk   View
	shown  View
	frozen bool
	black  bool
	began  time.Time
	polls  map[int]map[string]int // slide → voter → choice
	seat   string                 // the speaker's page that drives
	line   string                 // the connection over which it does
	done   int64                  // the number of the last thing that it asked for
	mover  string                 // the page that made every change after the rev moved; "" is a clicker
	moved  uint64
}

// NewRoom makes the room of a talk that has not begun.
func NewRoom(p *Plan) *Room {
	return &Room{plan: p, polls: map[int]map[string]int{}}
}

// State is all of a room but its votes, at one moment.
type State struct {
	Rev           uint64
	Desk, Shown   View
	Frozen, Black bool
	Began         time.Time // zero: not yet
	// Done is the number of the last event of the page that drives.
	Done int64
}

// State is the present one. Its slices must not be changed.
func (r *Room) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return State{r.rev, r.desk, r.shown, r.frozen, r.black, r.began, r.done}
}

// Plan is the room's talk.
func (r *Room) Plan() *Plan { return r.plan }

// Each of these does one kind of event; r.mu is held.

// showAt goes to a slide's stop; both are counted from 0.
func (r *Room) showAt(slide, stop int, at time.Time) (Change, error) {
	if slide < 0 || slide >= len(r.plan.Slides) {
		return 0, fmt.Errorf("slide %d: the talk has %d", slide+1, len(r.plan.Slides))
	}
	if most := r.plan.Slides[slide].Stops(); stop < 0 || stop >= most {
		return 0, fmt.Errorf("stop %d: slide %d has %d", stop+1, slide+1, most)
	}
	return r.show(slide, stop, at), nil
}

func (r *Room) show(slide, stop int, at time.Time) Change {
	if r.desk.Slide == slide && r.desk.Stop == stop {
		return 0
	}
	changed := Shown
	if slide != r.desk.Slide {
		changed |= r.wipe() | Pointed
		r.desk.Pointer = Pointer{}
	}
	r.desk.Slide, r.desk.Stop = slide, stop
	if r.began.IsZero() {
		r.began = at
	}
	return changed
}

// MaxMove bounds how far one event moves.
const MaxMove = 1000

// move goes so many stops on, or back if by is less than 0, as far as the talk
// reaches.
func (r *Room) move(by int, at time.Time) Change {
	slide, stop := r.desk.Slide, r.desk.Stop
	for ; by > 0; by-- {
		switch {
		case stop+1 < r.plan.Slides[slide].Stops():
			stop++
		case slide+1 < len(r.plan.Slides):
			slide, stop = slide+1, 0
		}
	}
	for ; by < 0; by++ {
		switch {
		case stop > 0:
			stop--
		case slide > 0:
			slide--
			stop = r.plan.Slides[slide].Stops() - 1
		}
	}
	return r.show(slide, stop, at)
}

// freeze keeps the audience where it is while the speaker goes on, or lets it
// follow again.
func (r *Room) freeze(on bool) Change {
	if r.frozen == on {
		return 0
	}
	r.frozen = on
	return Shown | Pointed | Drawn
}

// blacken darkens the audience's screens.
func (r *Room) blacken(on bool) Change {
	if r.black == on {
		return 0
	}
	r.black = on
	return Shown
}

// far is how far outside of what it names a point may lie, in its widths and
// heights: strokes run over.
const far = 9

// place is the form of what a pointer or a stroke names.
var place = regexp.MustCompile(`^([a-z0-9-]{1,24}( [a-z0-9-]{1,24})?)?$`)

// near says whether numbers are parts of a width or height that may be.
func near(numbers ...float64) bool {
	for _, v := range numbers {
		if !(v >= -far && v <= far) { // false for NaN, too
			return false
		}
	}
	return true
}

func (r *Room) point(p *Pointer) (Change, error) {
	if p == nil || !near(p.X, p.Y) || !place.MatchString(p.At) {
		return 0, errors.New("the pointer is nowhere: x and y are parts of the width and height of what at names, such as lane-a")
	}
	r.desk.Pointer = *p
	return Pointed, nil
}

// draw adds a piece of a stroke. The oldest pieces go when there are too many.
func (r *Room) draw(p *Piece) (Change, error) {
	n := 0
	if p != nil {
		n = len(p.Points)
	}
	if n < 2 || n%2 != 0 || n > 2*piecePoints || !near(p.Points...) || !place.MatchString(p.At) {
		return 0, fmt.Errorf("a piece of a stroke has 1 to %d points, x and y in turn, as parts of the width and height of what at names, such as lane-a", piecePoints)
	}
	ink := &r.desk.Ink
	ink.Pieces = append(ink.Pieces, *p)
	ink.points += n / 2
	for len(ink.Pieces) > maxPieces || ink.points > maxPoints {
		ink.points -= len(ink.Pieces[0].Points) / 2
		ink.Pieces = ink.Pieces[1:]
		ink.First++
	}
	return Drawn, nil
}

// wipe takes the ink off the slide.
func (r *Room) wipe() Change {
	if len(r.desk.Ink.Pieces) == 0 {
		return 0
	}
	r.desk.Ink = Ink{Epoch: r.desk.Ink.Epoch + 1}
	return Drawn
}

// Saved is what a speaker's page, and who started the server, keep of a room, to bring it
// back after the server has started anew.
type Saved struct {
	Slide  int   `json:"slide"`
	Stop   int   `json:"stop"`
	Frozen bool  `json:"frozen"`
	Black  bool  `json:"black"`
	Began  int64 `json:"began"` // ms since 1970; 0: not yet
}

// Saved is what is kept of a state.
func (s State) Saved() Saved {
	out := Saved{Slide: s.Desk.Slide, Stop: s.Desk.Stop, Frozen: s.Frozen, Black: s.Black}
	if !s.Began.IsZero() {
		out.Began = s.Began.UnixMilli()
	}
	return out
}

// ErrBegun: something has happened in the room already.
var ErrBegun = errors.New("the talk has begun")

// BeginAt has a room in which nothing has happened yet begin where it was left. A
// speaker's page may still bring it elsewhere: it knows what came after.
func (r *Room) BeginAt(s Saved) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err := r.restore(&s)
	return err
}

// restore brings a room to where a speaker's page left it. Only a room in which
// nothing has happened yet takes it.
func (r *Room) restore(s *Saved) (Change, error) {
	if r.rev != 0 {
		return 0, ErrBegun
	}
	if s == nil || s.Slide < 0 || s.Slide >= len(r.plan.Slides) || s.Stop < 0 || s.Stop >= r.plan.Slides[s.Slide].Stops() {
		return 0, errors.New("the page remembers a place that this deck does not have; the deck has changed, so the talk begins at its first slide")
	}
	r.desk.Slide, r.desk.Stop = s.Slide, s.Stop
	r.shown = r.desk
	r.frozen, r.black = s.Frozen, s.Black
	if s.Began > 0 {
		r.began = time.UnixMilli(s.Began)
	}
	return Shown, nil
}
