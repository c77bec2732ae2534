package web

import (
	"errors"
	"math"
	"time"

	"golang.org/x/time/rate"

	"copyscope/internal/locale"
	"copyscope/internal/talk"
)

// command is what a room does for a message; it fits into any of these bodies.
type command struct {
	// talk.hello
	Token string      `json:"token"`
	Role  talk.Role   `json:"role"`
	Desk  string      `json:"desk"`
	Saved *talk.Saved `json:"saved"`
	Lang  locale.Lang `json:"lang"`
	// The others
	Slide  int       `json:"slide"`
	Stop   int       `json:"stop"`
	Choice int       `json:"choice"`
	By     int       `json:"by"`
	On     bool      `json:"on"`
	X      float64   `json:"x"`
	Y      float64   `json:"y"`
	At     string    `json:"at"`
	Points []float64 `json:"points"`
	// Number counts what a speaker's page asks for.
	Number int64 `json:"number"`
}

// drives are the messages of those who change the room, and who may send each.
var drives = map[string]struct {
	clicker bool
	event   func(c command) talk.Event
}{
	"talk.show":   {false, func(c command) talk.Event { return talk.Event{Kind: talk.Shows, Slide: c.Slide, Stop: c.Stop} }},
	"talk.move":   {true, func(c command) talk.Event { return talk.Event{Kind: talk.Moves, By: c.By} }},
	"talk.freeze": {true, func(c command) talk.Event { return talk.Event{Kind: talk.Freezes, On: c.On} }},
	"talk.black":  {true, func(c command) talk.Event { return talk.Event{Kind: talk.Blackens, On: c.On} }},
	"talk.begin":  {true, func(command) talk.Event { return talk.Event{Kind: talk.Begins} }},
	"talk.point": {false, func(c command) talk.Event {
		return talk.Event{Kind: talk.Points, Pointer: &talk.Pointer{On: c.On, X: c.X, Y: c.Y, At: c.At}}
	}},
	"talk.draw": {false, func(c command) talk.Event {
		return talk.Event{Kind: talk.Draws, Piece: &talk.Piece{Points: rounded(c.Points), At: c.At}}
	}},
	"talk.wipe": {false, func(command) talk.Event { return talk.Event{Kind: talk.Wipes} }},
}

// rounded keeps a point to a ten-thousandth of what it lies in, which no screen
// shows more exactly.
func rounded(points []float64) []float64 {
	for i, v := range points {
		points[i] = math.Round(v*1e4) / 1e4
	}
	return points
}

// take does what a message asks for.
func (v *viewer) take(m Message) {
	var c command
	if err := m.Decode(&c); err != nil {
		v.fail(m.ID, "garbage")
		return
	}
	r := v.room
	switch m.Type {
	case "talk.hello":
		v.hello(m.ID, c)
		return
	case "talk.vote":
		v.vote(m.ID, c)
		return
	case "talk.take":
		v.takeOver(m.ID)
		return
	case "talk.ping":
		v.send("talk.pong", m.ID, nil)
		return
	}
	drive, known := drives[m.Type]
	if !known {
		v.fail(m.ID, "type", "Type", m.Type)
		return
	}
	desk, code := v.drives(drive.clicker)
	if code != "" {
		v.fail(m.ID, code)
		return
	}
	e := drive.event(c)
	if e.Desk = desk; desk != "" {
		e.Line, e.Number = v.line, c.Number
	}
	if e.Kind == talk.Points {
		r.point(e, v.done(m.ID))
		return
	}
	r.send(e, v.done(m.ID))
}

// done tells a viewer why what it asked for was not done.
func (v *viewer) done(id string) func(error) {
	return func(err error) {
		switch {
		case err == nil:
		case errors.Is(err, talk.ErrLost):
			v.fail(id, "feed")
		case errors.Is(err, talk.ErrSeat):
			v.fail(id, "seat")
		case errors.Is(err, talk.ErrClosed):
			v.fail(id, "closed")
		default:
			v.fail(id, "command", "Reason", locale.New(v.lang).Sentence(err.Error()))
		}
	}
}

// drives gives the desk for the events of a viewer who may change the room, or a code
// that says why it may not.
func (v *viewer) drives(clicker bool) (desk, code string) {
	v.room.mu.Lock()
	defer v.room.mu.Unlock()
	switch {
	case v.role == talk.Nobody:
		return "", "audience"
	case v.role == talk.Clicker && !clicker:
		return "", "clicker"
	case v.role == talk.Presenter && v.room.driver != v:
		return "", "seat"
	case v.room.shared.lost:
		return "", "feed"
	case v.role == talk.Clicker:
		return "", ""
	}
	return v.seal, ""
}

// welcomeBody is the answer to talk.hello.
type welcomeBody struct {
	Role talk.Role `json:"role"`
	// Server tells this run of the server from another one.
	Server string `json:"server"`
	Rev    uint64 `json:"rev"`
	// Moved is the newest rev up to which somebody else than this page may have moved
	// the talk: what came after is this page's own, said over a connection that broke.
	Moved uint64 `json:"moved"`
	// Seat is yours, taken (another page drives; this one may take over), or "".
	Seat string `json:"seat"`
	// Restored: the room had nothing and is where this page remembered it.
	Restored bool `json:"restored"`
	// Choice is what this browser has answered on the present slide; −1: nothing.
	Choice int `json:"choice"`
}

// hello tells the room who one is. Without a token one is of the audience.
func (v *viewer) hello(id string, c command) {
	r := v.room
	if c.Lang.Known() {
		v.lang = c.Lang
	}
	if c.Token == "" {
		s := r.State()
		v.send("talk.welcome", id, welcomeBody{Server: r.server(), Rev: s.Rev, Choice: r.Answered(v.voter, s.Shown.Slide)})
		v.poke()
		return
	}
	role, wait := r.role(c.Token, v.from, c.Desk)
	switch {
	case wait > 0:
		v.fail(id, "wait", "Count", wait)
		return
	case role == talk.Nobody:
		v.fail(id, "token")
		return
	}
	if role == talk.Presenter && c.Role == talk.Clicker {
		role = talk.Clicker // a phone may be given the speaker's link
	}
	seat, ok := r.seat(v, role, c)
	if !ok {
		v.fail(id, "speakers", "Count", maxSpeakers)
		return
	}
	answer := welcomeBody{Role: role, Server: r.server(), Seat: seat, Choice: -1}
	welcome := func() {
		answer.Rev, answer.Moved = r.State().Rev, r.OthersMoved(v.seal)
		v.send("talk.welcome", id, answer)
		r.changed(talk.Shown)
	}
	if seat != "yours" {
		welcome()
		return
	}
	r.send(talk.Event{Kind: talk.Seats, Desk: v.seal, Line: v.line}, func(err error) {
		r.sit(v)
		switch {
		case err != nil:
			v.done(id)(err)
		case c.Saved == nil || r.State().Rev != 0:
			welcome()
		default:
			r.send(talk.Event{Kind: talk.Restores, Desk: v.seal, Line: v.line, Saved: c.Saved}, func(err error) {
				if answer.Restored = err == nil; !answer.Restored && !errors.Is(err, talk.ErrBegun) {
					v.fail(id, "restore", "Reason", locale.New(v.lang).Sentence(err.Error()))
				}
				welcome()
			})
		}
	})
}

// role is what a token lets one do; wait is for how many seconds none from that
// address is looked at, because too many were wrong. Behind a hall's router all
// have one address: so a page that has shown the token before, which the number of
// its desk tells, does not wait for what others do.
func (r *talkRoom) role(token, from, desk string) (role talk.Role, wait int) {
	now := time.Now()
	r.mu.Lock()
	known := desk != "" && r.desks[talk.Seal(desk)]
	r.mu.Unlock()
	if w := r.tries.Wait(from, now); w > 0 && !known {
		return talk.Nobody, int(math.Ceil(w.Seconds()))
	}
	role = r.tokens.Role(token)
	if role == talk.Nobody {
		r.tries.Wrong(from, now)
		r.log.Warn("talk: a wrong token", "room", r.code, "from", from)
		return role, 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(desk) >= minDesk && len(desk) <= maxDesk && len(r.desks) < maxDesks {
		r.desks[talk.Seal(desk)] = true
	}
	return role, 0
}

// A desk's number is one that nobody guesses; so many are remembered.
const minDesk, maxDesk, maxDesks = 16, 64, 64

// seat gives a viewer its role, and a speaker's page the driver's seat if nobody
// has it, or if it is the page that had it.
func (r *talkRoom) seat(v *viewer, role talk.Role, c command) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v.role == talk.Nobody {
		if len(r.viewers)-r.audience >= maxSpeakers {
			return "", false
		}
		r.audience--
	}
	if v.id = c.Desk; v.id == "" {
		v.id = talk.NewToken() // a page that no other connection is of
	}
	v.role, v.seal = role, talk.Seal(v.id)
	v.desk.Store(true)
	v.rate.SetLimit(rate.Limit(speakerRate))
	v.rate.SetBurst(speakerBurst)
	if role == talk.Clicker {
		return "", true
	}
	if r.driven() && r.driver != v && r.Seat() != v.seal {
		return "taken", true
	}
	if former := r.driver; former != nil && former != v {
		former.end(4000, "this page has connected anew") // its old connection, not yet found dead
	}
	r.driver = v
	return "yours", true
}

// takeOver moves the driver's seat to this page; the one that had it is told.
func (v *viewer) takeOver(id string) {
	r := v.room
	r.mu.Lock()
	role, desk, lost := v.role, v.seal, r.shared.lost
	r.mu.Unlock()
	switch {
	case role != talk.Presenter:
		v.fail(id, "audience")
		return
	case lost:
		v.fail(id, "feed")
		return
	}
	r.send(talk.Event{Kind: talk.Seats, Desk: desk, Line: v.line}, func(err error) {
		if err != nil {
			v.done(id)(err)
			return
		}
		r.sit(v)
		v.send("talk.seat", id, map[string]string{"seat": "yours"})
	})
}

// vote takes an answer: one for each browser.
func (v *viewer) vote(id string, c command) {
	if v.voter == "" {
		v.fail(id, "cookie")
		return
	}
	if v.room.isLost() {
		v.fail(id, "feed")
		return
	}
	v.room.send(talk.Event{Kind: talk.Votes, Voter: v.voter, Slide: c.Slide, Choice: c.Choice}, func(err error) {
		if err != nil {
			v.done(id)(err)
			return
		}
		v.send("talk.voted", id, map[string]int{"slide": c.Slide, "choice": c.Choice})
	})
}

// server tells this room from one of the same code that an earlier run of the
// server had. Servers of one feed have one room.
func (r *talkRoom) server() string { return r.id }
