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
	log := trace.NewLog(run.Counter(), trace.LogOptions{Keep: max(o.MaxEvents, o.Whole), Steps: o.Steps})
	machine, err := sim.New(config, log)
	if err != nil {
		return nil, err
	}
	if s.WhatIf != "" {
		change, err := parseWhatIf(s.WhatIf)
		if err != nil {
			return nil, err
		}
		if err := machine.WhatIf(*change); err != nil {
			return nil, &FieldError{"whatif", s.WhatIf, err.Error()}
		}
	}
	watch(ctx, machine, program, s, o.Progress)
	if o.Connections > 1 {
		err = sendAll(machine, program, s, o.Connections)
	} else {
		err = sendOne(machine, program, s)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	if o.Progress != nil {
		o.Progress(s.Size, s.Size)
	}
	for i := o.SkipEvents; i < min(log.Len(), o.MaxEvents); i++ {
		run.Events = append(run.Events, log.Event(i)) // numbered as in the run
	}
	r := &Result{Scenario: s, Run: run, TotalEvents: log.Len(), Counter: log.Counter(), Listing: program.Lines(s.Touch)}
	if o.Whole > 0 {
		r.Log = log
	}
	return r, nil
}

// sendOne lets the machine's one program send the file, and checks that it
// arrived.
func sendOne(machine *sim.Machine, program transfer.Program, s Scenario) error {
	k := machine.Kernel()
	sent, err := program.Send(k, s.job(k, program, 0, s.Size))
	if err != nil {
		return err
	}
	if err := machine.Finish(); err != nil {
		return err
	}
	if program.Sinks > 0 {
		if a := machine.Arrived(); len(a) != 1 || a[0].Off != 0 || a[0].Len != sent {
			return fmt.Errorf("the program sent %d bytes, %v arrived", sent, a)
		}
	}
	return nil
}

// unmodelled tells the counts that the machine of a scenario cannot know.
func unmodelled(s Scenario) trace.Watch {
	w := trace.Watch{}
	if s.Model == Textbook {
		packets := trace.Basis{Provenance: trace.Unavailable, Reason: "the textbook knows no packets"}
		w[trace.Packets], w[trace.LinearPayloadBytes], w[trace.PagedPayloadBytes] = packets, packets, packets
	}
	if s.Net == Loopback {
		none := trace.Basis{Provenance: trace.Unavailable, Reason: "loopback has no device that could gather or not"}
		w[trace.LinearPayloadBytes], w[trace.PagedPayloadBytes] = none, none
	}
	w[trace.RetransmittedBytes] = trace.Basis{Provenance: trace.Unavailable, Reason: "no packet is lost in the model"}
	if s.Net == NIC {
		w[trace.ReceiverCopiedBytes] = trace.Basis{Provenance: trace.Unavailable, Reason: "the machine at the other end of the wire is not modelled"}
	}
	if s.LLC == 0 {
		out := trace.Basis{Provenance: trace.Unavailable, Reason: "this run leaves the last-level cache and the memory bus out of the model; --llc 32MiB takes them in"}
		w[trace.MemoryBusBytes], w[trace.LLCEvictedBytes] = out, out
	}
	return w
}

// machine is the machine that a scenario asks for; what it leaves open is as
// shipped.
func (s Scenario) machine() (c sim.Config, err error) {
	c = sim.MachineConfig()
	c.Model, c.Net, c.DMA, c.SG, c.TSO = sim.Model(s.Model), sim.Net(s.Net), s.DMA, s.SG, s.SG
	c.Warm, c.FileBytes = s.Cache == Warm, s.Size
	c.CPUs, c.LLCBytes = max(s.CPUs, 1), s.LLC
	c.Profile, err = sim.LookupProfile(s.Profile)
	return c, err
}

// config is the machine of a scenario in this lab.
func (l *Lab) config(s Scenario, o Options) (sim.Config, error) {
	c, err := s.machine()
	if s.Profile == "" && l.Profile != nil {
		c.Profile = *l.Profile
	}
	if o.AsThisHost {
		c.Settings = l.settings()
		c.ReaderRate = c.Profile.ReaderRate // which is this lab's, and holds the sender back
		c.PeerCPUs = max(l.facts().CPUs-1, 1)
	}
	return c, err
}

// job is the scenario's program for n bytes of the file from off on, with the
// thread's file and socket, or what the program needs in their place. Programs
// use the file's position, as the textbook calls do.
func (s Scenario) job(k *sim.Kernel, program transfer.Program, off, n int64) transfer.Job {
	job := transfer.Job{In: k.File(), Out: k.Socket(), Offset: off, Bytes: n, Chunk: int(s.Chunk), UsePosition: true, Touch: s.Touch, ZeroCopy: s.ZeroCopy}
	if program.Source == transfer.FromSocket {
		job.In = k.Source(off, n)
	}
	if program.Sinks == 2 {
		job.Out2 = k.NewSocket()
	}
	return job
}

// watch lets a context end a simulated run, and tells how far it is: by what has
// arrived or, of a program that sends nothing, by what has come into memory.
func watch(ctx context.Context, machine *sim.Machine, program transfer.Program, s Scenario, progress func(done, total int64)) {
	moved := machine.Loaded
	if program.Sinks > 0 {
		moved = func() int64 { return machine.Carried() / int64(program.Sinks) }
	}
	told := int64(0)
	machine.Watch(func() error {
		if done := min(moved(), s.Size); progress != nil && done-told >= s.Size/100 {
			told = done
			progress(done, s.Size)
		}
		return ctx.Err()
	})
}
