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
	if magic, err := b.Peek(2); err == nil && bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, err
		}
		defer z.Close()
		in = z
	}
	limited := &io.LimitedReader{R: in, N: maxTrace + 1}
	d := json.NewDecoder(limited)
	d.DisallowUnknownFields()
	run := &trace.Run{}
	err := d.Decode(run)
	switch {
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
