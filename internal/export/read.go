package export

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"copyscope/internal/trace"
)

// maxTrace bounds, in bytes, what a trace file unpacks to: about four million events.
const maxTrace = 1 << 30

// Read reads a trace file, compressed by gzip or not, and checks all that the
// other formats rely on.
func Read(in io.Reader) (*trace.Run, error) {
	b := bufio.NewReader(in)
	in = b
	if magic, err := b.Peek(2); err == nil && bytes.Equal(magic, gzipMagic) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, err
		}
		defer z.Close()
		in = z
	}
	return read(in, 0)
}

// ReadPlain reads a trace that a stranger sends: it is not unpacked, and it has at
// most so many events, each of which takes 256 bytes of memory, in however few it is
// written.
func ReadPlain(in io.Reader, most int) (*trace.Run, error) {
	b := bufio.NewReader(in)
	if magic, err := b.Peek(2); err == nil && bytes.Equal(magic, gzipMagic) {
		return nil, errors.New("it is compressed; unpack it first")
	}
	return read(b, most)
}

var gzipMagic = []byte{0x1f, 0x8b}

// errTooMany: the trace has more events than are taken.
type errTooMany int

func (most errTooMany) Error() string {
	return fmt.Sprintf("it has more than %d events, which is the limit here; use copyscope import or copyscope export", int(most))
}

// eventList is a run's events as they are read, most of them at most; 0: all.
type eventList struct {
	most int
	all  []trace.Event
}

// UnmarshalJSON reads event by event: it stops before too many are in memory.
func (l *eventList) UnmarshalJSON(text []byte) error {
	if bytes.Equal(text, []byte("null")) {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return errors.New("events are no list")
	}
	for d.More() {
		if l.most > 0 && len(l.all) == l.most {
			return errTooMany(l.most)
		}
		var e trace.Event
		if err := d.Decode(&e); err != nil {
			return fmt.Errorf("event %d: %w", len(l.all)+1, err)
		}
		l.all = append(l.all, e)
	}
	return nil
}

// read reads a trace, with at most so many events; 0: as many as fit.
func read(in io.Reader, most int) (*trace.Run, error) {
	limited := &io.LimitedReader{R: in, N: maxTrace + 1}
	d := json.NewDecoder(limited)
	d.DisallowUnknownFields()
	file := struct {
		trace.Run
		Events eventList `json:"events"` // instead of the run's
	}{Events: eventList{most: most}}
	err := d.Decode(&file)
	run := &file.Run
	run.Events = file.Events.all
	var tooMany errTooMany
	switch {
	case errors.As(err, &tooMany):
		return nil, tooMany
	case limited.N == 0:
		return nil, fmt.Errorf("it has more than %d bytes, as no trace for this has; write fewer events", maxTrace)
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty; want a trace, as copyscope run --trace-out or copyscope import -o writes it")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("it is cut off after %d bytes", d.InputOffset())
	case err != nil:
		return nil, fmt.Errorf("%w, near byte %d; want a trace, as copyscope run --trace-out or copyscope import -o writes it", err, d.InputOffset())
	}
	return run, Check(run)
}

// Check names the first thing in a run that cannot be.
func Check(run *trace.Run) error {
	switch {
	case run.Path == "" || run.Base == "" || run.Side == "":
		return errors.New("path, side or base is missing; want a trace, as copyscope run --trace-out or copyscope import -o writes it")
	case len(run.Events) == 0:
		return errors.New("the trace has no events; there is nothing to show")
	case run.Payload < 0:
		return fmt.Errorf("bytes %d: a payload is not below 0", run.Payload)
	}
	last := trace.Ns(0)
	for i, e := range run.Events {
		switch {
		case e.At < last:
			return fmt.Errorf("event %d is at %d ns, before the one before it, at %d ns; events stand in the order of their start", i+1, e.At, last)
		case e.Dur < 0 || e.Dur > maxTime || e.At > maxTime:
			return fmt.Errorf("event %d is at %d ns for %d ns; times are 0 to %d ns", i+1, e.At, e.Dur, int64(maxTime))
		case e.Thread < 0:
			return fmt.Errorf("event %d is of thread %d; threads count from 0", i+1, e.Thread)
		case e.Kind == "" || e.Actor == "" || e.Provenance == "":
			return fmt.Errorf("event %d lacks its kind, actor or provenance", i+1)
		}
		last = e.At
	}
	return nil
}

// maxTime is a hundred years in nanoseconds: far within what adds up.
const maxTime trace.Ns = 100 * 365 * 24 * 3600 * 1e9
