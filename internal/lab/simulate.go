package lab

import (
	"context"
	"fmt"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// simulate runs a scenario on the modelled computer.
func (l *Lab) simulate(ctx context.Context, s Scenario, o Options) (*Result, error) {
	program, _ := transfer.Lookup(s.Path)
	config, err := l.config(s, o)
	if err != nil {
		return nil, err
	}
	run := &trace.Run{Path: s.Path, Side: trace.Sim, Payload: s.Size, Base: trace.Modelled, Watch: unmodelled(s)}
	rec := newRecorder(run, o)
	machine, err := sim.New(config, rec)
	if err != nil {
		return nil, err
	}
	k := machine.Kernel()
	sent, err := program.Send(&stoppable{Kernel: k, ctx: ctx, total: s.Size, progress: o.Progress}, s.job(k.File(), k.Socket()))
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	if err := machine.Finish(); err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	if a := machine.Arrived(); len(a) != 1 || a[0].Off != 0 || a[0].Len != sent {
		return nil, fmt.Errorf("%s: the program sent %d bytes, %v arrived", s, sent, a)
	}
	return &Result{Scenario: s, Run: run, TotalEvents: rec.total, Counter: rec.counter, Listing: program.Lines(s.Touch)}, nil
}

// unmodelled tells the counts that the machine of a scenario cannot know.
func unmodelled(s Scenario) trace.Watch {
	if s.Net == Loopback {
		return nil
	}
	return trace.Watch{trace.ReceiverCopiedBytes: {Provenance: trace.Unavailable, Reason: "the machine at the other end of the wire is not modelled"}}
}

// config is the machine that a scenario asks for.
func (l *Lab) config(s Scenario, o Options) (sim.Config, error) {
	profile, err := sim.LookupProfile(s.Profile)
	if err != nil {
		return sim.Config{}, err
	}
	settings := sim.DefaultSettings()
	if o.AsThisHost {
		settings = l.settings()
	}
	return sim.Config{Model: sim.Model(s.Model), Net: sim.Net(s.Net), DMA: s.DMA, SG: s.SG, Warm: s.Cache == Warm,
		FileBytes: s.Size, Profile: profile, Settings: settings}, nil
}

// job is the scenario as a program gets it. Programs use the file's position,
// as the textbook calls do.
func (s Scenario) job(in, out transfer.FD) transfer.Job {
	return transfer.Job{In: in, Out: out, Bytes: s.Size, Chunk: int(s.Chunk), UsePosition: true, Touch: s.Touch}
}

// stoppable lets a context end a simulated run, and tells how far it is.
type stoppable struct {
	*sim.Kernel
	ctx      context.Context
	total    int64
	done     int64
	told     int64 // what progress was told last
	progress func(done, total int64)
}

func (k *stoppable) Read(l transfer.Label, in transfer.FD, dst transfer.Mem, off *int64) (int, error) {
	if err := k.ctx.Err(); err != nil {
		return 0, err
	}
	return k.Kernel.Read(l, in, dst, off)
}

func (k *stoppable) Write(l transfer.Label, out transfer.FD, src transfer.Mem) (int, error) {
	n, err := k.Kernel.Write(l, out, src)
	return n, k.sent(n, err)
}

func (k *stoppable) Sendfile(l transfer.Label, out, in transfer.FD, off *int64, n int) (int, error) {
	n, err := k.Kernel.Sendfile(l, out, in, off, n)
	return n, k.sent(n, err)
}

func (k *stoppable) Splice(l transfer.Label, in transfer.FD, off *int64, out transfer.FD, n int, more bool) (int, error) {
	n, err := k.Kernel.Splice(l, in, off, out, n, more)
	if out != k.Socket() {
		return n, err
	}
	return n, k.sent(n, err)
}

// sent looks up from the work after every call; one call is at most 2 GiB.
func (k *stoppable) sent(n int, err error) error {
	if err != nil {
		return err
	}
	k.done += int64(n)
	if k.progress != nil && (k.done-k.told >= k.total/100 || k.done == k.total) {
		k.told = k.done
		k.progress(k.done, k.total)
	}
	return k.ctx.Err()
}
