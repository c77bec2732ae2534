package web

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"copyscope/internal/attach"
	"copyscope/internal/locale"
	"copyscope/templates"
)

// attachDesk runs one watch at a time. Its lock is the desk's.
type attachDesk struct {
	desk
	state  templates.AttachState
	told   time.Time      // when the feed last heard of it
	news   *attach.Report // what it has not heard yet
	result *Attached
	flame  *templates.FlameView
}

func newAttachDesk(s *Server, feed *Feed) *attachDesk {
	return &attachDesk{desk: desk{server: s, feed: feed}, state: templates.AttachState{Phase: "idle"}}
}

// begin starts a watch and gives its number, or says who is being watched.
func (d *attachDesk) begin(w AttachWatch, who string) (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state.Phase == "watching" {
		return 0, Problem{"watching", "somebody is watching " + d.state.Who + " already", "follow that watch on this page, or wait until it is over"}
	}
	ctx, cancel := context.WithCancel(d.server.hub.ctx)
	n := d.state.Watch + 1
	d.state = templates.AttachState{Watch: n, Phase: "watching", Who: who, ForMs: w.For.Milliseconds(), Calls: measured("0"), Bytes: measured(templates.Size(0))}
	d.began, d.news, d.cancel, d.result, d.flame = time.Now(), nil, cancel, nil, nil
	d.publish()
	w.Snapshot = func(r *attach.Report) { d.hear(n, func() { d.news = r }) }
	w.Progress = func(calls, bytes int64) {
		d.hear(n, func() {
			d.state.Calls, d.state.Bytes = measured(humanize.Comma(calls)), measured(templates.Size(bytes))
		})
	}
	d.done.Go(func() {
		defer cancel()
		result, err := d.run(ctx, w)
		var beside *templates.AttachBeside
		if err == nil {
			// Not the watch's context, which a reader may have ended.
			if beside, err = d.beside(d.server.hub.ctx, result.Report); err != nil {
				d.server.config.Log.Warn("the simulation beside a watch", "err", err)
				err = nil
			}
		}
		d.end(result, beside, err)
	})
	return n, nil
}

// run watches.
func (d *attachDesk) run(ctx context.Context, w AttachWatch) (result *Attached, err error) {
	defer d.rescue("a watch", &err)
	result, err = d.server.config.Attach.Watch(ctx, w)
	if err == nil && (result == nil || result.Report == nil) {
		err = errors.New("the watch gave no report")
	}
	return result, err
}

// hear takes news of a watch under way. Pages hear of it some times a second at the
// most, then of the newest.
func (d *attachDesk) hear(n int64, take func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state.Watch != n || d.state.Phase != "watching" {
		return
	}
	take()
	if time.Since(d.told) < attachEvery {
		return
	}
	if d.news != nil {
		d.state.Report, d.news = attachView(d.news), nil
	}
	d.publish()
}

// end shows what was found, or why nothing was.
func (d *attachDesk) end(result *Attached, beside *templates.AttachBeside, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cancel = nil
	if err != nil {
		d.state.Phase, d.state.Error = "failed", locale.Speak(err.Error())
		d.publish()
		return
	}
	d.result = result
	d.state.Phase, d.state.Report, d.state.Beside = "done", attachView(result.Report), beside
	d.flame = flameView(result.Stacks, result.Lent, d.state.Who)
	if result.Trace != nil {
		d.state.Trace, d.state.Kept = traceName(result.Report, d.began), keptCalls(result.Trace)
	}
	d.state.Profile, d.state.Flame = result.Profile != nil, d.flame != nil
	switch {
	case result.NoProfile != "":
		d.state.NoFlame = locale.Speak(result.NoProfile)
	case d.flame == nil:
		d.state.NoFlame = locale.Speak("no byte was copied between kernel and user while it was watched")
	}
	for _, n := range result.Notes {
		d.state.FlameNotes = append(d.state.FlameNotes, templates.AttachNote{Text: locale.Speak(n)})
	}
	d.publish()
}

// publish tells the feed how the watch stands; the caller holds the lock.
func (d *attachDesk) publish() {
	d.told = time.Now()
	d.state.ElapsedMs = d.elapsedMs(d.state.ForMs)
	d.tell("attach.state", d.state)
}

// shown is how the watch stands now, and its flame graph if it has ended.
func (d *attachDesk) shown() (templates.AttachState, *templates.FlameView) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.state
	if s.Phase == "watching" {
		s.ElapsedMs = d.elapsedMs(s.ForMs)
	}
	return s, d.flame
}

// last is what the last watch found; nil if none has ended.
func (d *attachDesk) last() *Attached {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.result
}

// close ends the watch, if there is one, and waits for it, though not for ever.
func (d *attachDesk) close() {
	d.stop()
	over := make(chan struct{})
	go func() {
		d.done.Wait()
		close(over)
	}()
	select {
	case <-over:
	case <-time.After(closeWait):
		d.server.config.Log.Warn("a watch is still under way at the end", "who", fmt.Sprint(d.state.Who))
	}
}
