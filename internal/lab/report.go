package lab

import (
	"copyscope/internal/trace"
)

// Report is what `copyscope run --json` prints. Field names are stable within
// one schema version.
type Report struct {
	Schema  int                `json:"schema"`
	Runs    []RunReport        `json:"runs"`
	Compare []trace.Comparison `json:"compare"`
	// Forks tell where what-ifs part from the runs as they were.
	Forks []Fork `json:"forks,omitempty"`
	// Unavailable are the paths that were left out of all, because this host
	// cannot run them for real.
	Unavailable []*UnavailableError `json:"unavailable,omitempty"`
}

// RunReport is one run of a report.
type RunReport struct {
	Path string     `json:"path"`
	Side trace.Side `json:"side"`
	// Machine names the machine of a recorded run.
	Machine string `json:"machine,omitempty"`
	Model   Model  `json:"model,omitempty"`
	Bytes   int64  `json:"bytes"`
	Chunk   int64  `json:"chunk"`
	Cache   Cache  `json:"cache"`
	Net     Net    `json:"net"`
	// DMA and SG are the modelled machine's switches; of a real run, the lab
	// network's devices have SG.
	DMA   *bool `json:"dma,omitempty"`
	SG    *bool `json:"sg,omitempty"`
	Touch bool  `json:"touch,omitempty"`
	// ZeroCopy: the io-uring path sent by reference. CPUs are those of a modelled
	// machine with more than one, LLC is its last-level cache in bytes; WhatIf is how it changed while it ran.
	ZeroCopy bool   `json:"zerocopy,omitempty"`
	CPUs     int    `json:"cpus,omitempty"`
	LLC      int64  `json:"llc,omitempty"`
	WhatIf   string `json:"whatif,omitempty"`
	// Steps is set if the counts are those of the first so many events.
	Steps  int `json:"steps,omitempty"`
	Events int `json:"events"`
	// EventList are some of the events, if they were asked for.
	EventList []trace.Event `json:"event_list,omitempty"`

	Counts              trace.Counts     `json:"counts"`
	SyscallsByName      map[string]int64 `json:"syscalls_by_name"`
	SetupSyscallsByName map[string]int64 `json:"setup_syscalls_by_name"`
	// ReductionPercent is how much less this path needs than read-write in the
	// same report, by count; positive is less.
	ReductionPercent map[trace.CountName]float64 `json:"reduction_percent,omitempty"`

	Alias        string `json:"alias,omitempty"`
	FileHash     string `json:"file_hash,omitempty"`
	ReceivedHash string `json:"received_hash,omitempty"`
	Notes        []Note `json:"notes,omitempty"`
	// Samples of the sending thread's clock, if they were asked for.
	Samples *Samples `json:"samples,omitempty"`
}

// NewReport gathers results, in their order, and comparisons.
func NewReport(results []*Result, steps int, compare []trace.Comparison) Report {
	report := Report{Schema: trace.Schema, Runs: []RunReport{}, Compare: []trace.Comparison{}}
	report.Compare = append(report.Compare, compare...)
	for _, r := range results {
		s := r.Scenario
		run := RunReport{Path: s.Path, Side: s.Side, Machine: r.Machine, Model: s.Model, Bytes: s.Size, Chunk: s.Chunk, Cache: s.Cache, Net: s.Net,
			Touch: s.Touch, ZeroCopy: s.ZeroCopy, CPUs: s.CPUs, LLC: s.LLC, WhatIf: s.WhatIf, Steps: steps, Events: r.TotalEvents, Counts: r.Counter.Counts(), SyscallsByName: r.Counter.SyscallsByName(),
			SetupSyscallsByName: r.Counter.SetupSyscallsByName(), ReductionPercent: reduction(r, results),
			Alias: r.Alias, FileHash: r.FileHash, ReceivedHash: r.ReceivedHash, Notes: r.Notes, Samples: r.Samples}
		if s.Side == trace.Sim {
			run.DMA = &s.DMA
		}
		if s.Side == trace.Sim || s.Net == Veth {
			run.SG = &s.SG
		}
		report.Runs = append(report.Runs, run)
	}
	return report
}

// List adds the events that the results kept.
func (r *Report) List(results []*Result) {
	for i := range r.Runs {
		r.Runs[i].EventList = results[i].Run.Events
	}
}

// reduced lists the counts for which a reduction is computed.
var reduced = []trace.CountName{trace.CPUCopies, trace.DMATransfers, trace.ModeSwitches, trace.Syscalls, trace.UserBufferBytes}

// reduction compares a result with read-write of the same scenario; nil if
// there is none.
func reduction(r *Result, all []*Result) map[trace.CountName]float64 {
	s := r.Scenario
	s.Path = "read-write"
	for _, base := range all {
		if base.Scenario != s || base == r {
			continue
		}
		out := map[trace.CountName]float64{}
		for _, name := range reduced {
			b, n := base.Counter.Count(name), r.Counter.Count(name)
			if b.Known() && n.Known() && b.Value != 0 {
				out[name] = 100 * (b.Value - n.Value) / b.Value
			}
		}
		return out
	}
	return nil
}
