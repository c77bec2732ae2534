package sweep

import (
	"math"
	"slices"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// Figure names a figure of a point.
type Figure string

const (
	CPUPerGB         Figure = "cpu_ns_per_gb" // of the sending side, a gigabyte is 10⁹ bytes
	Throughput       Figure = "bytes_per_second"
	Syscalls         Figure = "syscalls"
	ModeSwitches     Figure = "mode_switches"
	ContextSwitches  Figure = "context_switches"
	CPUCopiesPerByte Figure = "cpu_copies_per_byte"
	Packets          Figure = "packets"
)

// FigureNames lists them in the order in which they are shown.
func FigureNames() []Figure {
	return []Figure{CPUPerGB, Throughput, Syscalls, ModeSwitches, ContextSwitches, CPUCopiesPerByte, Packets}
}

// Figures are the figures of one point.
type Figures map[Figure]trace.Count

func figuresOf(r *lab.Result) Figures {
	c, bytes := r.Counter, float64(r.Scenario.Size)
	return Figures{
		CPUPerGB:         ratio(c.Count(trace.CPUTime), func(ns float64) float64 { return ns * 1e9 / bytes }),
		Throughput:       ratio(c.Count(trace.WallTime), func(ns float64) float64 { return bytes * 1e9 / ns }),
		Syscalls:         c.Count(trace.Syscalls),
		ModeSwitches:     c.Count(trace.ModeSwitches),
		ContextSwitches:  c.Count(trace.ContextSwitches),
		CPUCopiesPerByte: c.Count(trace.CPUCopiesPerByte),
		Packets:          c.Count(trace.Packets),
	}
}

// ratio makes a figure of a time; its provenance stays. A thousandth is more than
// any clock knows, and the same on every processor.
func ratio(n trace.Count, of func(float64) float64) trace.Count {
	if !n.Known() {
		return n
	}
	if n.Value <= 0 {
		return trace.Count{Provenance: trace.Unavailable, Reason: "it took less time than the clock can tell"}
	}
	n.Value = math.Round(of(n.Value)*1000) / 1000
	return n
}

// median is that of each figure; the upper one of two in the middle is a
// measurement, their mean would be none.
func median(rounds []Figures) Figures {
	out := Figures{}
	for _, name := range FigureNames() {
		var known []trace.Count
		for _, f := range rounds {
			if f[name].Known() {
				known = append(known, f[name])
			}
		}
		if len(known) == 0 {
			out[name] = rounds[0][name]
			continue
		}
		slices.SortFunc(known, func(a, b trace.Count) int {
			switch {
			case a.Value < b.Value:
				return -1
			case a.Value > b.Value:
				return 1
			}
			return 0
		})
		out[name] = known[len(known)/2]
	}
	return out
}
