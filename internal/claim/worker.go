package claim

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"copyscope/internal/lab"
)

// WorkerCommand begins the arguments with which this binary measures as a process
// of its own: its threads stay on the processors that it is given, ten thousand of
// them harm nobody else, and a kernel that has no room for more ends the worker
// alone. The kind and its request, as JSON, follow.
var WorkerCommand = []string{"claims", "worker"}

// line is what a worker says, one JSON value after the other.
type line struct {
	Done   int64           `json:"done,omitempty"`
	Total  int64           `json:"total,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  string          `json:"error,omitempty"`
}

// asked is what the workers of whole claims are asked for.
type asked struct {
	Quick bool   `json:"quick,omitempty"`
	Rate  int64  `json:"rate,omitempty"`
	Dir   string `json:"dir,omitempty"`
}

// remote is a claim that a worker measures.
func remote(kind string) func(context.Context, *lab.Lab, Options) (*Report, error) {
	return func(ctx context.Context, l *lab.Lab, o Options) (*Report, error) {
		stand := l.Stand() // nothing else is measured meanwhile
		defer stand.Close()
		r := &Report{}
		return r, ask(ctx, workerOptions{}, kind, asked{o.Quick, o.Rate, l.Dir}, r, o.Progress)
	}
}

// workerOptions are how a worker is started.
type workerOptions struct {
	// cpu is the processor that all of it runs on, from 1 on; 0 is any.
	cpu int
	// env is added to the environment, files follow the standard ones.
	env   []string
	files []*os.File
}

// ask starts a worker, waits for its result, and ends it with the context.
func ask(ctx context.Context, o workerOptions, kind string, request, result any, progress func(done, total int64)) error {
	arg, err := json.Marshal(request)
	if err != nil {
		return err
	}
	binary, err := os.Executable()
	if err != nil {
		return fmt.Errorf("start a process to measure in: %w", err)
	}
	cmd := exec.CommandContext(ctx, binary, append(append([]string{}, WorkerCommand...), kind, string(arg))...)
	cmd.Args[0] = "copyscope"
	cmd.Env, cmd.ExtraFiles = append(os.Environ(), o.env...), o.files
	// A worker may have a worker of its own: it is asked to end, and its standard
	// input ends with this process, however that does.
	cmd.Cancel = func() error { return endGently(cmd.Process) }
	cmd.WaitDelay = 3 * time.Second
	if _, err := cmd.StdinPipe(); err != nil { // Wait closes it
		return err
	}
	said := &bytes.Buffer{}
	cmd.Stderr = said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := startOn(cmd, o.cpu); err != nil {
		return fmt.Errorf("start a process to measure in: %w", err)
	}
	heard := listen(out, result, progress)
	ended := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case heard != nil && !errors.Is(heard, io.ErrUnexpectedEOF):
		return heard
	case ended != nil || heard != nil:
		first, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return fmt.Errorf("the process that measures ended early (%v): %s", ended, first)
	}
	return nil
}

// listen takes what a worker says; without a result it ended too early.
func listen(out io.Reader, result any, progress func(done, total int64)) error {
	d := json.NewDecoder(bufio.NewReader(out))
	for {
		var l line
		if err := d.Decode(&l); err != nil {
			return io.ErrUnexpectedEOF
		}
		switch {
		case l.Error != "":
			return errors.New(l.Error)
		case l.Result != nil:
			return json.Unmarshal(l.Result, result)
		case progress != nil:
			progress(l.Done, l.Total)
		}
	}
}

// deafTime is how long a worker may go on when it is to end.
const deafTime = time.Second

// Work is what a worker does: one kind of measurement. It writes its lines to out
// and returns the error that it has told there. When its caller is gone, which is
// when in ends, so is the worker, whatever it is doing.
func Work(ctx context.Context, kind, request string, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, in)
		cancel()
	}()
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(deafTime, func() { os.Exit(1) }) // raw calls hear of nothing
	})
	defer stop() // before cancel: what has ended need not be made to
	e := json.NewEncoder(out)
	var last time.Time
	result, err := work(ctx, kind, []byte(request), func(done, total int64) {
		if time.Since(last) > 100*time.Millisecond {
			last = time.Now()
			_ = e.Encode(line{Done: done, Total: total})
		}
	})
	if err == nil {
		var text []byte
		if text, err = json.Marshal(result); err == nil {
			return e.Encode(line{Result: text})
		}
	}
	_ = e.Encode(line{Error: err.Error()})
	return err
}
