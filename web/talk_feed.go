package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"copyscope/internal/lab"
	"copyscope/internal/talk"
	"copyscope/internal/trace"
)

// TalkFeed is the log of a room that several servers serve. What somebody does at
// one of them is written to it, and takes effect in all when they read it back: its
// order is the room's.
type TalkFeed interface {
	// Join gives the room of this talk. Without one in the log it begins one; one of
	// another deck is an error.
	Join(ctx context.Context, print talk.Print) (talk.Joined, error)
	// Follow calls take with each event after those that Join has given, in the log's
	// order and each once, until ctx ends, which is no error, or the log cannot be
	// followed any more. take's error is of the event alone.
	Follow(ctx context.Context, take func(talk.Entry) error) error
	// Send writes an event to the log, without waiting. done is told what became of
	// it, once: what take gave; or an error that wraps [talk.ErrLost]. It may be called
	// before Send returns.
	Send(e talk.Event, done func(error))
}

const (
	// beatEvery is how often a server with readers tells the others what it has, and
	// sees by it whether the log can be written and read.
	beatEvery = 2 * time.Second
	// lostAfter is how long that may take until the log counts as away.
	lostAfter = 3 * time.Second
	// forgetAfter is how long a server counts that tells nothing.
	forgetAfter = 7 * time.Second
	// pointEvery is how often a moving pointer is written: often enough for eyes, and
	// half an hour of it is 3 MB.
	pointEvery = time.Second / 15
)

// shared is what a room has besides if other servers serve it as well. Without a
// feed it stands still. All but feed and kick is under the room's mu.
type shared struct {
	feed TalkFeed
	kick chan struct{} // there is something to tell the others
	lost bool
	// others are the other servers, by their number.
	others map[string]presence
	// pointing: a pointer has been written a moment ago; next is the newest since.
	pointing bool
	next     *talk.Event
}

// presence is what another server has said of itself.
type presence struct {
	viewers int
	drives  bool
	heard   time.Time
}

// send has an event take effect: at once, or once it is in the log. done may be nil.
func (r *talkRoom) send(e talk.Event, done func(error)) {
	e.At = time.Now().UnixMilli()
	if done == nil {
		done = func(error) {}
	}
	if r.shared.feed != nil {
		r.shared.feed.Send(e, done)
		return
	}
	r.order.Lock()
	r.mu.Lock()
	next := r.offset + 1
	r.mu.Unlock()
	err := r.take(talk.Entry{Offset: next, Own: true, Event: e})
	r.order.Unlock()
	done(err)
}

// take applies an event. Events come one at a time, so every step is told.
func (r *talkRoom) take(e talk.Entry) error {
	if e.Kind == talk.Here {
		r.heard(e)
		return nil
	}
	r.mu.Lock()
	changed, err := r.Apply(e.Event)
	if err == nil {
		r.offset = e.Offset
	}
	r.mu.Unlock()
	if err != nil {
		return err
	}
	if e.Kind == talk.Seats {
		r.seated(e)
		changed |= talk.Shown // whether it is driven
	}
	r.changed(changed)
	return nil
}

// seated has this server's page that drove leave the seat that another one has got.
func (r *talkRoom) seated(e talk.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.desks[e.Desk] = true     // it has shown its token, here or at another server
	for v := range r.viewers { // to whom it was offered, perhaps
		if v.role == talk.Presenter && v != r.driver && v.seal != e.Desk {
			v.send("talk.seat", "", map[string]string{"seat": "taken"})
		}
	}
	switch former := r.driver; {
	case former != nil && former.seal != e.Desk:
		former.send("talk.seat", "", map[string]string{"seat": "taken"})
		r.driver = nil
	case former != nil && !e.Own:
		former.end(4000, "this page has connected anew")
		r.driver = nil
	}
}

// sit notes that a page drives which has been given the seat.
func (r *talkRoom) sit(v *viewer) {
	r.mu.Lock()
	if _, here := r.viewers[v]; here && r.Seat() == v.seal {
		r.driver = v
	}
	r.mu.Unlock()
	r.changed(talk.Shown)
}

// offer tells the speakers' pages that look on that nobody drives any more: the next key
// that is pressed at one of them takes the seat. The page that has gone may come back,
// and finds it free unless somebody has. r.mu is held.
func (r *talkRoom) offer() {
	if r.driven() {
		return
	}
	for v := range r.viewers {
		if v.role == talk.Presenter {
			v.send("talk.seat", "", map[string]string{"seat": "free"})
		}
	}
}

// point moves the pointer. A log is not for every place where it was: of many the
// newest is written.
func (r *talkRoom) point(e talk.Event, done func(error)) {
	if r.shared.feed == nil {
		r.send(e, done)
		return
	}
	r.mu.Lock()
	if r.shared.pointing {
		r.shared.next = &e
		r.mu.Unlock()
		return
	}
	r.shared.pointing = true
	r.mu.Unlock()
	r.send(e, done)
	time.AfterFunc(pointEvery, func() {
		r.mu.Lock()
		next := r.shared.next
		r.shared.pointing, r.shared.next = false, nil
		r.mu.Unlock()
		if next != nil {
			r.point(*next, done)
		}
	})
}

// heard notes what a server says of itself.
func (r *talkRoom) heard(e talk.Entry) {
	if e.Own {
		return
	}
	r.mu.Lock()
	was := r.shared.others[e.Server]
	if r.shared.others == nil {
		r.shared.others = map[string]presence{}
	}
	r.shared.others[e.Server] = presence{e.Viewers, e.Drives, time.Now()}
	if was.drives && !e.Drives {
		r.offer()
	}
	r.mu.Unlock()
	switch {
	case was.drives != e.Drives:
		r.changed(talk.Shown)
	case was.viewers != e.Viewers:
		r.changed(headsChanged)
	}
}

// heads is how many are watching, at all servers. r.mu is held.
func (r *talkRoom) heads() int {
	n := r.audience
	for _, p := range r.shared.others {
		n += p.viewers
	}
	return n
}

// driven: a speaker's page that drives is connected, here or elsewhere. r.mu is held.
func (r *talkRoom) driven() bool {
	for _, p := range r.shared.others {
		if p.drives {
			return true
		}
	}
	return r.driver != nil
}

// forget drops the servers that have told nothing for long.
func (r *talkRoom) forget(now time.Time) {
	r.mu.Lock()
	gone := false
	for name, p := range r.shared.others {
		if now.Sub(p.heard) > forgetAfter {
			delete(r.shared.others, name)
			gone = gone || p.drives || p.viewers > 0
			if p.drives {
				r.offer()
			}
		}
	}
	r.mu.Unlock()
	if gone {
		r.changed(talk.Shown)
	}
}

// beat tells the other servers what this one has, when that changes and now and
// then, and finds by it whether the feed is there, until ctx ends.
func (r *talkRoom) beat(ctx context.Context) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	told := false // the others believe that somebody is here
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.shared.kick:
		case <-tick.C:
		}
		r.forget(time.Now())
		r.mu.Lock()
		e := talk.Event{Kind: talk.Here, Viewers: r.audience, Drives: r.driver != nil}
		here := len(r.viewers) > 0
		r.mu.Unlock()
		if !here && !told {
			continue
		}
		if !r.beatOnce(ctx, e) {
			return
		}
		told = here
		select { // changes come in crowds
		case <-ctx.Done():
			return
		case <-time.After(headsEvery):
		}
	}
}

// beatOnce waits until a beat has come back, or ctx has ended.
func (r *talkRoom) beatOnce(ctx context.Context, e talk.Event) bool {
	back := make(chan error, 1)
	r.send(e, func(err error) { back <- err })
	late := time.NewTimer(lostAfter)
	defer late.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case err := <-back:
			r.away(err != nil)
			return true
		case <-late.C:
			r.away(true)
		}
	}
}

// away notes that the feed is away, or back, and has all be told.
func (r *talkRoom) away(is bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shared.lost == is {
		return
	}
	r.shared.lost = is
	if is {
		r.log.Warn("talk: the feed is away: pages keep what they show, and steps are refused until it is back", "room", r.code)
	} else {
		r.log.Info("talk: the feed is back", "room", r.code)
	}
	r.publish(feedChanged)
}

func (r *talkRoom) isLost() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.shared.lost
}

// tellOthers has the other servers told soon.
func (r *talkRoom) tellOthers() {
	select {
	case r.shared.kick <- struct{}{}:
	default:
	}
}

// join opens a room whose events are in a feed: it applies those that are there and
// then follows. ended is told why it follows no more, if it was not this server that
// has ended.
func (r *talkRoom) join(t *talks, joined talk.Joined, ended func(error)) {
	for _, e := range joined.Past {
		if e.Kind != talk.Here {
			r.take(e) // what was refused then is refused now
		}
	}
	t.done.Add(2)
	go func() {
		defer t.done.Done()
		r.beat(t.ctx)
	}()
	go func() {
		defer t.done.Done()
		err := r.shared.feed.Follow(t.ctx, r.take)
		if t.ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("the feed has ended")
		}
		r.log.Error("talk: the feed cannot be followed any more", "room", r.code, "err", err)
		r.close("this server has lost the talk")
		ended(err)
	}()
}

// recordedOnly runs a deck for one of several servers: what is measured differs from
// one to the next, so the runs that were recorded stand in for real ones.
func (t *talks) recordedOnly(ctx context.Context, s lab.Scenario) (*lab.Result, error) {
	if s.Side == trace.Real {
		return nil, errors.New("several servers give this talk, and each would measure another run")
	}
	return t.runner(ctx, s)
}

// hash is of all the runs, as the pages are sent them.
func (runs talkRuns) hash() string {
	var names []string
	for name := range runs.docs {
		names = append(names, name) // which says what is in it
	}
	slices.Sort(names)
	sum := sha256.Sum256([]byte(strings.Join(names, " ")))
	return hex.EncodeToString(sum[:])
}

// after reads which step of this room a page that connects anew has seen last, from
// its address: SERVER.OFFSET. Without one, or with one of another room, it is −1.
func (r *talkRoom) after(text string) int64 {
	server, offset, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(offset, 10, 64)
	if err != nil || n < 0 || server != r.server() {
		return -1
	}
	return n
}
