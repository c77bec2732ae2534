//go:build linux

package main

import (
	"context"
	"math/rand/v2"
	"runtime"
	"time"

	"copyscope/internal/spread"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

func simulatorEvents() *curve {
	return &curve{
		name: "events", title: "Events of a simulated run", size: "events",
		about: "The linux model sends a file with `sendfile` in chunks of 64 KiB, warm, as large as it must be for so many events; all are kept. *Time* and *rate* are those of the run, *memory* is what the heap holds afterwards for an event, after a collection. A run has one before it, so that it has its memory; of small runs, which are over in a moment, the median of several counts. A *jump* computes the counts at a random step; the median of 101 of them.",
		why:   "*Time* is linear from where making the machine and its first blocks no longer counts. The log grows by blocks and never copies what it has, so *memory* stays; it is a little more in short runs, whose last block is partly empty. *Events per second* stay, too, while nobody else wants the processor: the first touch of memory, a page fault for every hundred events or so, is paid by the run before. On a machine that others use, runs longer than a turn of the scheduler share it, and there both bend.\n\n*Jump* bends downwards at the key frames: the counts are kept at every 65,536th event, and a jump replays what follows the nearest one, on average half of that. A shorter run has no frame but the first, so there a jump replays half of all events; in a longer one it takes the same however long the run is.",
		sizes: []int{10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000}, quick: []int{10_000, 100_000, 1_000_000},
		series: []series{
			{name: "time", title: "Time of the run", unit: "ms", work: true},
			{name: "rate", title: "Events per second", unit: "million/s"},
			{name: "memory", title: "Memory of an event", unit: "bytes", work: true},
			{name: "jump", title: "Jump to a step", unit: "µs", work: true},
		},
		open: func(context.Context, setting) (measurer, error) { return eventCurve{}, nil },
	}
}

// eventCurve has nothing that its points share.
type eventCurve struct{}

func (eventCurve) Close() error { return nil }

// measure simulates a run of about n events. A run is not cut short: the
// longest takes seconds.
func (eventCurve) measure(ctx context.Context, n int) (figures, error) {
	const chunk, trial = 64 << 10, 64 << 20
	small, err := simulate(trial, chunk)
	if err != nil {
		return nil, err
	}
	bytes := int64(n) * trial / int64(small.Len()) / chunk * chunk
	var before, after runtime.MemStats
	var log *trace.Log
	var took []float64
	// The first run is for the memory: to touch what is new to the process costs more
	// than all that the log does, and is the kernel's.
	for range 1 + max(1, min(21, 1_000_000/n)) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		log = nil
		runtime.GC()
		runtime.ReadMemStats(&before)
		began := time.Now()
		if log, err = simulate(bytes, chunk); err != nil {
			return nil, err
		}
		took = append(took, ms(time.Since(began)))
	}
	took = took[1:]
	runtime.GC()
	runtime.ReadMemStats(&after)
	median := spread.Of(took).Median
	f := figures{"time": median, "rate": float64(log.Len()) / median / 1e3,
		"memory": float64(int64(after.HeapAlloc)-int64(before.HeapAlloc)) / float64(log.Len()), "jump": jump(log)}
	runtime.KeepAlive(log)
	return f, nil
}

// jump is the median time of jumps to random steps, in µs.
func jump(log *trace.Log) float64 {
	dice := rand.New(rand.NewPCG(1, 2))
	var took []float64
	for range 101 {
		step := dice.IntN(log.Len())
		began := time.Now()
		log.CounterAt(step).Count(trace.BytesSent)
		took = append(took, us(time.Since(began)))
	}
	return spread.Of(took).Median
}

// simulate sends a file on the linux model and keeps all events.
func simulate(bytes int64, chunk int) (*trace.Log, error) {
	c := sim.MachineConfig()
	profile, err := sim.LookupProfile("")
	if err != nil {
		return nil, err
	}
	c.Profile, c.Warm, c.FileBytes = profile, true, bytes
	log := trace.NewLog(trace.NewCounter(bytes, trace.Modelled, nil), trace.LogOptions{Keep: -1})
	m, err := sim.New(c, log)
	if err != nil {
		return nil, err
	}
	program, _ := transfer.Lookup("sendfile")
	k := m.Kernel()
	if _, err := program.Send(k, transfer.Job{In: k.File(), Out: k.Socket(), Bytes: bytes, Chunk: chunk, UsePosition: true}); err != nil {
		return nil, err
	}
	return log, m.Finish()
}
