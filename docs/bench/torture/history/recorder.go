package history

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"sync"
	"time"
)

// Recorder takes down operations of many goroutines.
type Recorder struct {
	began time.Time
	mu    sync.Mutex
	ops   []Op
}

// NewRecorder begins a history.
func NewRecorder() *Recorder { return &Recorder{began: time.Now()} }

// Invoke begins an operation, and gives its number.
func (r *Recorder) Invoke(o Op) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	o.Number, o.Invoked, o.Completed, o.Outcome = len(r.ops), time.Since(r.began), 0, Open
	r.ops = append(r.ops, o)
	return o.Number
}

// Complete ends an operation; told, which may be nil, adds what it was told.
func (r *Recorder) Complete(number int, what Outcome, err error, told func(*Op)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := &r.ops[number]
	if told != nil {
		told(o)
	}
	if o.Completed, o.Outcome = time.Since(r.began), what; err != nil {
		o.Error = err.Error()
	}
}

// Now is the time, as the history counts it.
func (r *Recorder) Now() time.Duration { return time.Since(r.began) }

// Done takes down an operation that is over, and was invoked when it says.
func (r *Recorder) Done(o Op) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o.Number, o.Completed = len(r.ops), time.Since(r.began)
	r.ops = append(r.ops, o)
}

// Ops are the operations so far, by number.
func (r *Recorder) Ops() []Op {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ops)
}

// Write writes the history: one operation a line, as JSON.
func Write(w io.Writer, ops []Op) error {
	buffered := bufio.NewWriter(w)
	to := json.NewEncoder(buffered)
	var err error
	for _, o := range ops {
		err = errors.Join(err, to.Encode(o))
	}
	return errors.Join(err, buffered.Flush())
}
