package lab

import (
	"context"
	"errors"
	"fmt"

	"copyscope/internal/host"
	"copyscope/internal/labnet"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// UnavailableError: this host's kernel cannot run a path.
type UnavailableError struct {
	Path string `json:"path"`
	// Reason is what the attempt met, and what would help.
	Reason string `json:"reason"`
	// Net: it is the network that cannot be had, not the path.
	Net bool `json:"-"`
}

func (e *UnavailableError) Error() string {
	return fmt.Sprintf("%s cannot run for real here: %s", e.Path, e.Reason)
}

// network is the lab network of a scenario, or nil: it goes over loopback, or sends
// nothing.
func network(s Scenario, p transfer.Program) (*labnet.Network, error) {
	if s.Net != Veth {
		return nil, nil
	}
	n, err := labnet.Open(labnet.Options{SG: s.SG, Links: max(p.Sinks, 1), Upstream: p.Source == transfer.FromSocket})
	if not := (*labnet.UnavailableError)(nil); errors.As(err, &not) {
		return nil, &UnavailableError{Path: s.Path, Reason: not.Error(), Net: true}
	}
	return n, err
}

// measure runs a scenario on this host's kernel, over loopback or the lab network,
// and lets the alias probe tell who copies on its path, if it has something to tell of it.
func (l *Lab) measure(ctx context.Context, s Scenario, o Options) (*Result, error) {
	l.real.Lock()
	defer l.real.Unlock()
	if ok, why := host.Available(s.Path); !ok {
		return nil, &UnavailableError{Path: s.Path, Reason: why}
	}
	program, _ := transfer.Lookup(s.Path)
	net, err := network(s, program)
	if err != nil {
		return nil, err
	}
	if net != nil {
		defer net.Close()
	}
	// A direct read goes to the disk, whatever the cache holds.
	disk := s.Cache == Cold || s.Path == "direct"
	options := host.Options{Program: program, Size: s.Size, Chunk: s.Chunk, Cold: s.Cache == Cold, Touch: s.Touch, ZeroCopy: s.ZeroCopy, Dir: l.Dir, Net: net, Untraced: o.Untraced}
	watch := options
	watch.Cold = disk
	run := &trace.Run{Path: s.Path, Side: trace.Real, Payload: s.Size, Base: trace.Measured, Watch: host.Watch(watch)}
	rec := newRecorder(run, o)
	options.Recorder = rec
	if o.Progress != nil {
		options.Progress = func(sent int64) { o.Progress(sent, s.Size) }
	}
	var samples *Samples
	if o.Samples {
		samples = &Samples{}
		options.Beside = samples.beside
	}
	out, err := host.Run(ctx, options)
	if err != nil {
		return nil, err
	}
	host.Lost(options, run.Watch, out)
	var alias host.AliasResult
	if host.Aliased(program) {
		if alias, err = host.Alias(ctx, program, host.AliasOptions{Dir: l.Dir, Net: net}); err != nil {
			return nil, err
		}
	}
	r := &Result{Scenario: s, Run: run, TotalEvents: rec.total, Counter: rec.counter, Listing: program.Lines(s.Touch), Notes: out.Notes, Alias: alias.Verdict, Samples: samples,
		FileHash: hash(out.FileHash), ReceivedHash: hash(out.ReceivedHash)}
	r.Absent = out.Absent(s.Cache != Cold)
	return r, nil
}

func hash(h uint64) string { return fmt.Sprintf("%016x", h) }
