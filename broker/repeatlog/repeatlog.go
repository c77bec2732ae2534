// Package repeatlog has a logger that tells an error which comes again and again now
// and then, and how often it came.
package repeatlog

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Pause is how soon an error that has been logged is logged again. A full disk
// fails each request of each producer in the same way.
const Pause = 10 * time.Second

// mostRepeats bounds how many different errors are known.
const mostRepeats = 1000

type handler struct {
	slog.Handler
	fixed string // what a line has of the logger: its attributes and groups
	known *knownErrors
}

type knownErrors struct {
	mu  sync.Mutex
	all map[string]*knownError // by message and attributes
}

type knownError struct {
	told  time.Time
	since int // how often it came after that
}

// New is a logger that logs the same error, with the same attributes, once for each
// [Pause]; the next time with the attribute times_since: how often it came meanwhile.
// What is no error passes.
func New(l *slog.Logger) *slog.Logger {
	return slog.New(handler{Handler: l.Handler(), known: &knownErrors{all: map[string]*knownError{}}})
}

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelError {
		return h.Handler.Handle(ctx, r)
	}
	key := &strings.Builder{}
	key.WriteString(h.fixed + r.Message)
	r.Attrs(func(a slog.Attr) bool {
		key.WriteString("\x00" + a.String())
		return true
	})
	times, tell := h.known.comes(key.String(), r.Time)
	if !tell {
		return nil
	}
	if times > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("times_since", times))
	}
	return h.Handler.Handle(ctx, r)
}

// comes says whether an error is to be told, and how often it came since it was.
func (k *knownErrors) comes(key string, at time.Time) (times int, tell bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.all[key]
	switch {
	case e == nil:
		if len(k.all) >= mostRepeats {
			clear(k.all) // and tells some once more
		}
		k.all[key] = &knownError{told: at}
		return 0, true
	case at.Sub(e.told) < Pause:
		e.since++
		return 0, false
	}
	times = e.since
	*e = knownError{told: at}
	return times, true
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		h.fixed += a.String() + "\x00"
	}
	h.Handler = h.Handler.WithAttrs(attrs)
	return h
}

func (h handler) WithGroup(name string) slog.Handler {
	h.fixed += name + "\x00"
	h.Handler = h.Handler.WithGroup(name)
	return h
}
