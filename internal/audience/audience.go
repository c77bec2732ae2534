//go:build linux

// Package audience measures a talk with a large audience on one machine: how long
// a step takes until every viewer has it, and what a viewer costs the server.
//
// The server is this process, the viewers are a second one, both on loopback: so
// the memory that is measured is the server's alone, and both share the machine's
// processors, which makes the times worse than in a lecture hall.
package audience

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime/debug"
	"runtime/metrics"
	"syscall"
	"time"

	"copyscope/internal/lab"
	"copyscope/internal/talk"
	"copyscope/web"
)

// Plan is what the viewers are to do.
type Plan struct {
	Viewers int
	Deaf    int // of them, who never read
	Steps   int
	Every   time.Duration // between two steps
	Pointer bool          // the speaker points all the while, 30 times a second
}

// Figures are what came of a plan.
type Figures struct {
	// Connect is the time until all were connected.
	Connect time.Duration
	// P50 and P99 are of the time until a viewer has a step, StepP99 is of the time
	// until the last one has it.
	P50, P99, StepP99 time.Duration
	// Missed is how often a viewer was sent a newer state instead.
	Missed int
	// Heap, Stack and Total are the bytes that a viewer costs the server; Total is
	// of all that its runtime holds.
	Heap, Stack, Total float64
}

// task is what the second process is told.
type task struct {
	Plan
	Address, Code, Token string
}

// childArgument is before the task, when this program is started as the audience.
const childArgument = "-audience"

// Main is the audience, if this process was started as one, and says whether it
// was. A program that calls [Measure] or [Survive] calls it first of all.
func Main() bool {
	if len(os.Args) != 3 {
		return false
	}
	be := map[string]func(string) error{childArgument: watch, lossArgument: lose}[os.Args[1]]
	if be == nil {
		return false
	}
	raise()
	if err := be(os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "audience:", err)
		os.Exit(1)
	}
	return true
}

// raise lets the process have as many descriptors as it may.
func raise() {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) == nil {
		l.Cur = l.Max
		syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
	}
}

// Measure serves a talk and has a second process watch it, until ctx ends.
func Measure(ctx context.Context, p Plan) (f Figures, err error) {
	raise()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return f, err
	}
	pages, err := web.New(web.Config{Addr: listener.Addr().String(), Lab: lab.New("")})
	if err != nil {
		return f, errors.Join(err, listener.Close())
	}
	server := pages.HTTPServer()
	go server.Serve(listener)
	defer server.Close()
	defer pages.Close()
	deck, err := talk.Load("zero-copy")
	if err != nil {
		return f, err
	}
	room, err := pages.OpenTalk(ctx, "zero-copy.yaml", deck, web.TalkOptions{})
	if err != nil {
		return f, err
	}
	text, err := json.Marshal(task{p, listener.Addr().String(), room.Code, room.Present})
	if err != nil {
		return f, err
	}
	before := memory()
	child := exec.CommandContext(ctx, "/proc/self/exe", childArgument, string(text))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		return f, err
	}
	in, err := child.StdinPipe()
	if err != nil {
		return f, err
	}
	if err := child.Start(); err != nil {
		return f, err
	}
	// It writes at the end, while all are still connected.
	err = json.NewDecoder(out).Decode(&f)
	after := memory()
	n := float64(p.Viewers)
	f.Heap, f.Stack, f.Total = (after.heap-before.heap)/n, (after.stack-before.stack)/n, (after.total-before.total)/n
	in.Close()
	if waited := child.Wait(); waited != nil {
		err = waited // what it wrote ended early
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return f, err
}

type held struct{ heap, stack, total float64 }

// memory is what the runtime holds after what is garbage has gone.
func memory() held {
	debug.FreeOSMemory()
	names := []string{"/memory/classes/heap/objects:bytes", "/memory/classes/heap/stacks:bytes", "/memory/classes/total:bytes", "/memory/classes/heap/released:bytes"}
	samples := make([]metrics.Sample, len(names))
	for i, name := range names {
		samples[i].Name = name
	}
	metrics.Read(samples)
	v := func(i int) float64 { return float64(samples[i].Value.Uint64()) }
	return held{v(0), v(1), v(2) - v(3)}
}
