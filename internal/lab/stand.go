package lab

import (
	"context"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// Stand makes many real runs one after the other, of files that are made once. It
// has the host to itself until it is closed: other real runs of the lab wait.
type Stand struct {
	lab     *Lab
	sources map[int64]*host.Source // by size
	// Wrap, if set, is put between every run's program and its kernel, on the
	// sending thread.
	Wrap func(transfer.Kernel) transfer.Kernel
}

// Stand sets one up; Close takes it down.
func (l *Lab) Stand() *Stand {
	l.real.Lock()
	return &Stand{lab: l, sources: map[int64]*host.Source{}}
}

// Close removes the files and lets others run.
func (s *Stand) Close() {
	for _, src := range s.sources {
		src.Close()
	}
	s.lab.real.Unlock()
}

// Source is the file of a size, made when it is first asked for.
func (s *Stand) Source(ctx context.Context, size int64) (*host.Source, error) {
	if src := s.sources[size]; src != nil {
		return src, nil
	}
	src, err := host.NewSource(ctx, s.lab.Dir, size)
	if err != nil {
		return nil, err
	}
	s.sources[size] = src
	return src, nil
}

// Timing is how long a run took, in ns.
type Timing struct {
	// CPU is the sending thread's processor time, ReaderCPU the receiver's.
	CPU, ReaderCPU float64
	// Wall is how long the program took to hand everything over, Delivered until
	// the receiver had the last byte.
	Wall, Delivered float64
	// Congestion is the congestion control in force at the sender.
	Congestion string
}

// Time runs a real scenario, without the kernel's tracepoints, whose hits would be
// in the times.
func (s *Stand) Time(ctx context.Context, scenario Scenario) (t Timing, err error) {
	if ok, why := host.Available(scenario.Path); !ok {
		return t, &UnavailableError{Path: scenario.Path, Reason: why}
	}
	program, _ := transfer.Lookup(scenario.Path)
	net, err := network(scenario, program)
	if err != nil {
		return t, err
	}
	if net != nil {
		defer net.Close()
	}
	var src *host.Source
	if !program.Reshapes { // what that sends is not just anything: it makes its own file
		if src, err = s.Source(ctx, scenario.Size); err != nil {
			return t, err
		}
	}
	o := host.Options{Program: program, Size: scenario.Size, Chunk: scenario.Chunk, Cold: scenario.Cache == Cold, Touch: scenario.Touch,
		ZeroCopy: scenario.ZeroCopy, Dir: s.lab.Dir, Net: net, Source: src, Untraced: true, Fault: s.Wrap}
	counter := trace.NewCounter(scenario.Size, trace.Measured, host.Watch(o))
	o.Recorder = counter
	out, err := host.Run(ctx, o)
	if err != nil {
		return t, err
	}
	return Timing{CPU: counter.Count(trace.CPUTime).Value, Wall: counter.Count(trace.WallTime).Value,
		ReaderCPU: float64(out.ReaderCPU), Delivered: float64(out.Delivered), Congestion: out.Congestion}, nil
}
