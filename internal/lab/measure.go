package lab

import (
	"context"
	"fmt"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// measure runs a scenario on this host's kernel, over loopback, and lets the
// alias probe tell who copies on its path.
func (l *Lab) measure(ctx context.Context, s Scenario, o Options) (*Result, error) {
	l.real.Lock()
	defer l.real.Unlock()
	program, _ := transfer.Lookup(s.Path)
	run := &trace.Run{Path: s.Path, Side: trace.Real, Payload: s.Size, Base: trace.Measured, Watch: host.Watch(s.Cache == Cold)}
	rec := newRecorder(run, o)
	options := host.Options{Program: program, Size: s.Size, Chunk: s.Chunk, Cold: s.Cache == Cold, Touch: s.Touch, Dir: l.Dir, Recorder: rec}
	if o.Progress != nil {
		options.Progress = func(sent int64) { o.Progress(sent, s.Size) }
	}
	out, err := host.Run(ctx, options)
	if err != nil {
		return nil, err
	}
	alias, err := host.Alias(ctx, program, host.AliasOptions{Dir: l.Dir})
	if err != nil {
		return nil, err
	}
	return &Result{Scenario: s, Run: run, TotalEvents: rec.total, Counter: rec.counter, Listing: program.Lines(s.Touch), Notes: out.Notes, Alias: alias.Verdict,
		FileHash: hash(out.FileHash), ReceivedHash: hash(out.ReceivedHash)}, nil
}

func hash(h uint64) string { return fmt.Sprintf("%016x", h) }
