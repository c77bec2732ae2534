package sim_test

import (
	"errors"
	"strconv"
	"testing"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// simulate runs a path once and keeps so many events; it returns how many there
// were.
func simulate(b testing.TB, path string, chunk int, keep int, c sim.Config) int {
	program, _ := transfer.Lookup(path)
	log := trace.NewLog(trace.NewCounter(c.FileBytes, trace.Modelled, nil), trace.LogOptions{Keep: keep})
	m, err := sim.New(c, log)
	if err != nil {
		b.Fatal(err)
	}
	k := m.Kernel()
	job := transfer.Job{In: k.File(), Out: k.Socket(), Bytes: c.FileBytes, Chunk: chunk, UsePosition: true}
	if program.Source == transfer.FromSocket {
		job.In = k.Source(0, c.FileBytes)
	}
	if program.Sinks == 2 {
		job.Out2 = k.NewSocket()
	}
	if _, err := program.Send(k, job); err != nil {
		b.Fatal(err)
	}
	if err := m.Finish(); err != nil {
		b.Fatal(err)
	}
	return log.Len()
}

// BenchmarkGiB is 1 GiB in chunks of 64 KiB by each path, warm and cold, with
// all events kept: how long a run takes, and how fast events are made.
func BenchmarkGiB(b *testing.B) {
	for _, cache := range []string{"warm", "cold"} {
		for _, path := range transfer.Paths() {
			b.Run(path+"/"+cache, func(b *testing.B) {
				c := machine(sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, Warm: cache == "warm", FileBytes: 1 << 30})
				n := 0
				for b.Loop() {
					n += simulate(b, path, 64<<10, -1, c)
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds()/1e6, "Mevents/s")
				b.ReportMetric(float64(n)/float64(b.N), "events")
			})
		}
	}
}

// BenchmarkConnections is so many connections that each send 64 KiB on two
// processors.
func BenchmarkConnections(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			c := machine(sim.Config{Model: sim.Linux, Net: sim.NIC, CPUs: 2, DMA: true, SG: true, Warm: true, FileBytes: 64 << 10})
			events := 0
			for b.Loop() {
				log := trace.NewLog(trace.NewCounter(c.FileBytes*int64(n), trace.Modelled, nil), trace.LogOptions{Keep: -1})
				m, err := sim.New(c, log)
				if err != nil {
					b.Fatal(err)
				}
				program, _ := transfer.Lookup("sendfile")
				for range n {
					m.Go("consumer", func(k *sim.Kernel) error {
						_, err := program.Send(k, transfer.Job{In: k.File(), Out: k.Socket(), Bytes: c.FileBytes, Chunk: 16 << 10})
						return err
					})
				}
				if err := errors.Join(m.Run(), m.Finish()); err != nil {
					b.Fatal(err)
				}
				events += log.Len()
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds()/1e6, "Mevents/s")
		})
	}
}
