package web

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"copyscope/internal/talk"
)

// How often a room tells what may change faster than eyes follow.
const (
	pointerEvery = time.Second / 30
	// pointerShare is what a viewer adds to that in a large audience: a moving
	// pointer takes at most 20,000 messages a second.
	pointerShare = time.Second / 20_000
	pollEvery    = 200 * time.Millisecond
	headsEvery   = 500 * time.Millisecond // how many are here
)

// frame is a message that is made once for everybody, with its number: who has
// seen a lower one is sent it.
type frame struct {
	version uint64
	message *websocket.PreparedMessage
}

// newFrame makes a message; without a body there is none.
func (f *frame) set(kind string, body any) error {
	text, err := encode(0, kind, "", body)
	if err != nil {
		return err
	}
	m, err := websocket.NewPreparedMessage(websocket.TextMessage, text)
	if err != nil {
		return err
	}
	f.version, f.message = f.version+1, m
	return nil
}

// screen is all that one kind of reader is to see at present. A reader who is
// slow is sent the present screen, and not what was on it meanwhile. A screen that
// readers have does not change: another one takes its place, so that thousands of
// them wait for no lock.
type screen struct {
	// state is the speaker's page's; the audience has steps, the newest last, so that
	// who was away is sent each that it missed.
	state, pointer, poll frame
	steps                []step
	rev                  uint64 // of the last of them
	// driven: a speaker's page is connected. feed: the room's log is away or back.
	driven, feed frame
	driving      bool
	pointed      talk.Pointer
	epoch, first int
	wiped        *websocket.PreparedMessage
	pieces       []*websocket.PreparedMessage
}

// step is where the audience was sent by the event at an offset of the room's log.
type step struct {
	offset  int64
	message *websocket.PreparedMessage
}

// maxSteps is how many steps are kept for who was away: a talk has a few hundred.
const maxSteps = 1024

// talkRoom is a room with those who are in it.
type talkRoom struct {
	*talk.Room
	code   string
	deck   string // the name of a deck that is shipped, or ""
	tokens talk.Tokens
	runs   talkRuns
	tries  talk.Tries
	log    *slog.Logger
	id     string // tells it from a room of the same code that an earlier run had
	shared shared
	keep   func(talk.Saved) // is told of each place; nil: nobody keeps it

	order sync.Mutex // one event after the other; before mu

	mu       sync.Mutex
	offset   int64 // of the last event that was applied
	viewers  map[*viewer]struct{}
	audience int             // viewers that are no speaker's
	driver   *viewer         // if it is connected here
	desks    map[string]bool // those that have shown the token, sealed
	// hall is what the audience sees, stage what the speaker does.
	hall, stage atomic.Pointer[screen]
	due         map[talk.Change]*time.Timer // what is told a little later
	closed      bool

	exported exportedTalk
}

func newTalkRoom(plan *talk.Plan, code, token string, runs talkRuns, log *slog.Logger) *talkRoom {
	r := &talkRoom{Room: talk.NewRoom(plan), code: code, tokens: talk.NewTokens(token), runs: runs, log: log, id: fmt.Sprintf("%x", time.Now().UnixNano()),
		viewers: map[*viewer]struct{}{}, desks: map[string]bool{}, due: map[talk.Change]*time.Timer{}}
	r.hall.Store(&screen{pointed: nowhere})
	r.stage.Store(&screen{pointed: nowhere})
	return r
}

// open shows the room's beginning, which is at an offset of its log.
func (r *talkRoom) open(begun int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.offset = begun
	r.publish(talk.Shown | talk.Pointed | talk.Drawn | talk.Voted)
}

// nowhere is where no pointer is.
var nowhere = talk.Pointer{X: -1}

// These are told beside the changes of the room itself: how many watch, and whether
// its log is there.
const (
	headsChanged talk.Change = 1 << 7
	feedChanged  talk.Change = 1 << 6
)

// stateBody is talk.state: where the audience is.
type stateBody struct {
	Rev    uint64 `json:"rev"`
	Offset int64  `json:"offset"` // of the event that led here, in the room's log
	Slide  int    `json:"slide"`
	Stop   int    `json:"stop"`
	Black  bool   `json:"black"`
	Driven bool   `json:"driven"` // a speaker's page is connected
}

// deskBody is talk.desk: all that a speaker's page shows of the room.
type deskBody struct {
	stateBody
	Frozen  bool  `json:"frozen"`
	Began   int64 `json:"began"` // ms since 1970; 0: not yet
	Now     int64 `json:"now"`
	Viewers int   `json:"viewers"`
	// Done is the number of the last of the driver's messages that is in this state.
	Done int64 `json:"done"`
	// Shown is where the audience is, if the talk is frozen.
	Shown [2]int `json:"shown"`
}

// pollBody is talk.poll: how a question was answered.
type pollBody struct {
	Slide  int   `json:"slide"`
	Counts []int `json:"counts"`
	Total  int   `json:"total"`
	Open   bool  `json:"open"`
	Right  int   `json:"right"` // the choice that is right; −1: none is, or it is not told yet
}

// inkBody is talk.ink: the numbers of the pieces that are kept; pieces follow.
type inkBody struct {
	Epoch int `json:"epoch"`
	First int `json:"first"`
}

// pieceBody is talk.piece: a part of a stroke.
type pieceBody struct {
	Epoch  int `json:"epoch"`
	Number int `json:"number"`
	talk.Piece
}

// changed tells what a command has changed, at once or, where changes come
// faster than anybody sees, a little later.
func (r *talkRoom) changed(c talk.Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c&(talk.Shown|headsChanged) != 0 {
		r.tellOthers()
	}
	if c&talk.Shown != 0 && r.keep != nil {
		r.keep(r.State().Saved())
	}
	now := c &^ (talk.Pointed | talk.Voted | headsChanged)
	if now&talk.Shown != 0 { // what belongs to the new place goes with it
		now |= talk.Pointed | talk.Voted | talk.Drawn
		c = now
	}
	for slow, every := range map[talk.Change]time.Duration{talk.Pointed: max(pointerEvery, time.Duration(r.audience)*pointerShare), talk.Voted: pollEvery, headsChanged: headsEvery} {
		if c&slow != 0 && now&slow == 0 {
			r.later(slow, every)
		}
	}
	if now != 0 {
		r.publish(now)
	}
}

// later tells a change at once if the last of its kind is long enough ago, else
// when it is; those that come meanwhile are told with it. r.mu is held.
func (r *talkRoom) later(c talk.Change, every time.Duration) {
	if r.closed || r.due[c] != nil {
		return
	}
	r.publish(c)
	told := r.version(c)
	r.due[c] = time.AfterFunc(every, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.due, c)
		if !r.closed && r.version(c) != told {
			r.later(c, every)
		}
	})
}

// version is what the room's own state is for a slow kind of change: another one
// means that there is something to tell. r.mu is held.
func (r *talkRoom) version(c talk.Change) any {
	switch c {
	case talk.Pointed:
		return r.State().Desk.Pointer
	case talk.Voted:
		p, _ := r.Poll(r.State().Desk.Slide)
		return [2]any{p.Slide, sum(p.Counts)}
	}
	return r.heads()
}

// sum tells two polls apart: the counts as one text would, without making one.
func sum(counts []int) (total uint64) {
	for _, n := range counts {
		total = total*20_021 + uint64(n)
	}
	return total
}

// publish makes the messages of what has changed and wakes who is to send
// them. r.mu is held.
func (r *talkRoom) publish(c talk.Change) {
	s := r.State()
	fail := func(err error) {
		if err != nil {
			r.log.Error("talk message", "room", r.code, "err", err)
		}
	}
	stage, hall := *r.stage.Load(), *r.hall.Load()
	if c&(talk.Shown|headsChanged) != 0 {
		fail(stage.state.set("talk.desk", r.deskOf(s)))
	}
	if c&(talk.Shown|headsChanged) != 0 {
		fail(hall.step(r.stateOf(s, s.Shown)))
	}
	if lost := r.shared.lost; c&feedChanged != 0 {
		fail(stage.feed.set("talk.feed", map[string]bool{"lost": lost}))
		fail(hall.feed.set("talk.feed", map[string]bool{"lost": lost}))
	}
	if c&talk.Pointed != 0 {
		fail(stage.point(s.Desk.Pointer))
		fail(hall.point(s.Shown.Pointer))
	}
	if c&talk.Drawn != 0 {
		fail(stage.draw(s.Desk.Ink))
		fail(hall.draw(s.Shown.Ink))
	}
	if c&talk.Voted != 0 {
		if body, ok := r.pollOf(s.Desk, true); ok {
			fail(stage.poll.set("talk.poll", body))
		}
		// The audience is told when the answers are shown, not before.
		if body, ok := r.pollOf(s.Shown, false); ok && s.Shown.Stop > 0 {
			fail(hall.poll.set("talk.poll", body))
		}
	}
	r.stage.Store(&stage)
	r.hall.Store(&hall)
	desk := c&^headsChanged == 0 // the audience sees no difference
	for v := range r.viewers {
		if v.role != talk.Nobody || !desk {
			v.poke()
		}
	}
}

func (r *talkRoom) stateOf(s talk.State, v talk.View) stateBody {
	return stateBody{Rev: s.Rev, Offset: r.offset, Slide: v.Slide, Stop: v.Stop, Black: s.Black, Driven: r.driven()}
}

func (r *talkRoom) deskOf(s talk.State) deskBody {
	d := deskBody{stateBody: r.stateOf(s, s.Desk), Frozen: s.Frozen, Now: time.Now().UnixMilli(), Viewers: r.heads(), Done: s.Done, Shown: [2]int{s.Shown.Slide, s.Shown.Stop}}
	if !s.Began.IsZero() {
		d.Began = s.Began.UnixMilli()
	}
	return d
}

// pollOf is the poll of the slide that a view shows; whole tells the right choice
// before the answers are shown.
func (r *talkRoom) pollOf(v talk.View, whole bool) (pollBody, bool) {
	p, ok := r.Poll(v.Slide)
	if !ok {
		return pollBody{}, false
	}
	right := -1
	if whole || v.Stop > 0 {
		right = r.Plan().Slides[v.Slide].Right
	}
	return pollBody{p.Slide, p.Counts, p.Total, p.Open, right}, true
}

// step adds a step, if the talk is elsewhere, and tells whether it is driven if that
// has changed.
func (s *screen) step(at stateBody) error {
	if s.driven.message == nil || at.Driven != s.driving {
		s.driving = at.Driven
		if err := s.driven.set("talk.driven", map[string]bool{"driven": at.Driven}); err != nil {
			return err
		}
	}
	if len(s.steps) > 0 && s.rev == at.Rev {
		return nil
	}
	var f frame
	if err := f.set("talk.state", at); err != nil {
		return err
	}
	s.rev, s.steps = at.Rev, append(s.steps[max(0, len(s.steps)-maxSteps+1):], step{at.Offset, f.message})
	return nil
}

// after is what follows the step at an offset; for who has none, the newest.
func (s *screen) after(offset int64) []step {
	if offset < 0 {
		return s.steps[len(s.steps)-1:]
	}
	first, _ := slices.BinarySearchFunc(s.steps, offset+1, func(s step, at int64) int { return cmp.Compare(s.offset, at) })
	return s.steps[first:]
}

// point moves the pointer, if it is elsewhere.
func (s *screen) point(p talk.Pointer) error {
	if p == s.pointed {
		return nil
	}
	s.pointed = p
	return s.pointer.set("talk.pointer", p)
}

// draw brings the pieces up to date.
func (s *screen) draw(ink talk.Ink) error {
	if s.wiped == nil || ink.Epoch != s.epoch || ink.First < s.first {
		s.epoch, s.first, s.pieces = ink.Epoch, ink.First, nil
		var f frame
		if err := f.set("talk.ink", inkBody{ink.Epoch, ink.First}); err != nil {
			return err
		}
		s.wiped = f.message
	}
	if gone := ink.First - s.first; gone > 0 {
		s.pieces = s.pieces[min(gone, len(s.pieces)):]
		s.first = ink.First
	}
	for i := len(s.pieces); i < len(ink.Pieces); i++ {
		var f frame
		if err := f.set("talk.piece", pieceBody{ink.Epoch, ink.First + i, ink.Pieces[i]}); err != nil {
			return err
		}
		s.pieces = append(s.pieces, f.message)
	}
	return nil
}

// seen is what a viewer has been sent of a screen.
type seen struct {
	desk                               bool   // of the speaker's
	step                               int64  // the offset of the last one; −1: none yet
	state, pointer, poll, driven, feed uint64 // versions
	epoch, next                        int    // of the ink; epoch −1: none yet
}

// unseen is of one that has been sent nothing.
func unseen(desk bool) seen { return seen{desk: desk, step: -1, epoch: -1} }

// news is what a viewer has not seen, and notes that it has. The viewer's writer
// alone calls it.
func (r *talkRoom) news(v *viewer) []*websocket.PreparedMessage {
	if desk := v.desk.Load(); desk != v.seen.desk {
		v.seen = unseen(desk)
	}
	s, at := r.hall.Load(), &v.seen
	if at.desk {
		s = r.stage.Load()
	}
	out := v.out[:0]
	if !at.desk {
		for _, step := range s.after(at.step) {
			at.step = step.offset
			out = append(out, step.message)
		}
	}
	for _, f := range [...]struct {
		frame *frame
		seen  *uint64
	}{{&s.state, &at.state}, {&s.driven, &at.driven}, {&s.feed, &at.feed}, {&s.poll, &at.poll}, {&s.pointer, &at.pointer}} {
		if f.frame.message != nil && f.frame.version != *f.seen {
			*f.seen = f.frame.version
			out = append(out, f.frame.message)
		}
	}
	if at.epoch != s.epoch {
		at.epoch, at.next = s.epoch, s.first
		out = append(out, s.wiped)
	}
	for at.next = max(at.next, s.first); at.next < s.first+len(s.pieces); at.next++ {
		out = append(out, s.pieces[at.next-s.first])
	}
	v.out = out
	if cap(out) > 16 {
		v.out = nil // much ink at once is rare; its room is not kept
	}
	return out
}
