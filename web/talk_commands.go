package web

import (
	"errors"
	"fmt"
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
	Rev   uint64      `json:"rev"`
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
}

// drives are the messages of those who change the room, and who may send each.
var drives = map[string]struct {
	clicker bool
	do      func(r *talkRoom, c command) (talk.Change, error)
}{
	"talk.show":   {false, func(r *talkRoom, c command) (talk.Change, error) { return r.Show(c.Slide, c.Stop) }},
	"talk.move":   {true, func(r *talkRoom, c command) (talk.Change, error) { return r.Move(clamp(c.By, talk.MaxMove)) }},
	"talk.freeze": {true, func(r *talkRoom, c command) (talk.Change, error) { return r.Freeze(c.On) }},
	"talk.black":  {true, func(r *talkRoom, c command) (talk.Change, error) { return r.Black(c.On) }},
	"talk.begin":  {true, func(r *talkRoom, c command) (talk.Change, error) { return r.Begin() }},
	"talk.point": {false, func(r *talkRoom, c command) (talk.Change, error) {
		return r.Point(talk.Pointer{On: c.On, X: c.X, Y: c.Y, At: c.At})
	}},
	"talk.draw": {false, func(r *talkRoom, c command) (talk.Change, error) {
		return r.Draw(talk.Piece{Points: rounded(c.Points), At: c.At})
	}},
	"talk.wipe": {false, func(r *talkRoom, c command) (talk.Change, error) { return r.Wipe() }},
}

func clamp(v, most int) int { return max(-most, min(v, most)) }

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
	}
	drive, known := drives[m.Type]
	if !known {
		v.fail(m.ID, "type", "Type", m.Type)
		return
	}
	if code := v.refused(drive.clicker); code != "" {
		v.fail(m.ID, code)
		return
	}
	changed, err := drive.do(r, c)
	if err != nil {
		v.fail(m.ID, "command", "Reason", locale.New(v.lang).Sentence(err.Error()))
		return
	}
	r.changed(changed)
}

// refused says why a viewer may not change the room; "" if it may.
func (v *viewer) refused(clicker bool) string {
	v.room.mu.Lock()
	defer v.room.mu.Unlock()
	switch {
	case v.role == talk.Nobody:
		return "audience"
	case v.role == talk.Clicker && !clicker:
		return "clicker"
	case v.role == talk.Presenter && v.room.driver != v:
		return "seat"
	}
	return ""
}

// welcomeBody is the answer to talk.hello.
type welcomeBody struct {
	Role talk.Role `json:"role"`
	// Server tells this run of the server from another one.
	Server string `json:"server"`
	Rev    uint64 `json:"rev"`
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
	if role == talk.Presenter && seat == "yours" && c.Saved != nil {
		restored, err := r.Restore(*c.Saved)
		if err != nil {
			v.fail(id, "restore", "Reason", locale.New(v.lang).Sentence(err.Error()))
		}
		answer.Restored = restored
	}
	answer.Rev = r.State().Rev
	v.send("talk.welcome", id, answer)
	r.changed(talk.Shown)
}

// role is what a token lets one do; wait is for how many seconds none from that
// address is looked at, because too many were wrong. Behind a hall's router all
// have one address: so a page that has shown the token before, which the number of
// its desk tells, does not wait for what others do.
func (r *talkRoom) role(token, from, desk string) (role talk.Role, wait int) {
	now := time.Now()
	r.mu.Lock()
	known := desk != "" && r.desks[desk]
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
		r.desks[desk] = true
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
	v.role, v.id = role, c.Desk
	v.desk.Store(true)
	v.rate.SetLimit(rate.Limit(speakerRate))
	v.rate.SetBurst(speakerBurst)
	if role == talk.Clicker {
		return "", true
	}
	if r.driver != nil && r.driver != v && (v.id == "" || r.desk != v.id) {
		return "taken", true
	}
	if former := r.driver; former != nil && former != v {
		former.end(4000, "this page has connected anew") // its old connection, not yet found dead
	}
	r.driver, r.desk = v, v.id
	return "yours", true
}

// takeOver moves the driver's seat to this page and tells the one that had it.
func (v *viewer) takeOver(id string) {
	r := v.room
	r.mu.Lock()
	if v.role != talk.Presenter {
		r.mu.Unlock()
		v.fail(id, "audience")
		return
	}
	former := r.driver
	r.driver, r.desk = v, v.id
	r.mu.Unlock()
	if former != nil && former != v {
		former.send("talk.seat", "", map[string]string{"seat": "taken"})
	}
	v.send("talk.seat", id, map[string]string{"seat": "yours"})
	r.changed(talk.Shown)
}

// vote takes an answer: one for each browser.
func (v *viewer) vote(id string, c command) {
	if v.voter == "" {
		v.fail(id, "cookie")
		return
	}
	changed, err := v.room.Vote(v.voter, c.Slide, c.Choice)
	switch {
	case errors.Is(err, talk.ErrClosed):
		v.fail(id, "closed")
	case err != nil:
		v.fail(id, "command", "Reason", err.Error())
	default:
		v.send("talk.voted", id, map[string]int{"slide": c.Slide, "choice": c.Choice})
		v.room.changed(changed)
	}
}

// server tells this room from one of the same code that an earlier run of the
// server had.
func (r *talkRoom) server() string { return fmt.Sprintf("%x", r.born.UnixNano()) }
