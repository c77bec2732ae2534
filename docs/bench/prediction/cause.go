package main

import (
	"fmt"
	"io"

	"copyscope/internal/lab"
)

// cause is why predictions of some scenarios are off, as far as it is known.
type cause struct {
	of   func(outcome) bool
	text string
}

func path(names ...string) func(outcome) bool {
	return func(o outcome) bool {
		for _, name := range names {
			if o.scenario.Path == name {
				return true
			}
		}
		return false
	}
}

// causes are looked through from the first on.
var causes = []cause{
	{path("relay-copy", "relay-splice"), "relays: the model's source brings 64 KiB at a time and never waits; the real one is a thread that shares the other processor with the receiver, and over a device that does not gather it brings each packet by itself, for which the relay is woken"},
	{path("msg-zerocopy"), "`msg-zerocopy`: each send waits until the receiver has read and acknowledged, so that two threads wake each other; how long an idle processor takes to wake up is not modelled"},
	{path("direct"), "`direct`: the disk's speed is measured into memory in large pages; into pages of 4 KiB it takes more pieces for each request, and so more time"},
	{func(o outcome) bool { return o.net == "veth-nosg" && o.scenario.Chunk >= 16<<10 }, "large chunks over a device that does not gather: each segment is copied and cut where it is sent. What the receiver's acknowledgements let out is sent on the receiver's processor; how much that is depends on how the window grew, which the model takes as half the receive buffer's maximum from the start"},
	{func(o outcome) bool { return o.scenario.Cache == lab.Cold }, "cold runs: how soon a disk answers depends on what else its host does and has in memory"},
	{path("io-uring"), "`io-uring`: where a send would block, the kernel waits for room in task work (io_uring/poll.c) and tries again; the model blocks once"},
}

// explain tells the causes of the outcomes that are listed, each once, and of how
// many none is known.
func explain(w io.Writer, listed []outcome) {
	told := map[string]bool{}
	unknown := 0
	fmt.Fprint(w, "\nWhere the largest come from, as far as it is known:\n\n")
rows:
	for _, o := range listed {
		for _, c := range causes {
			if c.of(o) {
				if !told[c.text] {
					fmt.Fprintf(w, "- %s.\n", c.text)
				}
				told[c.text] = true
				continue rows
			}
		}
		unknown++
	}
	if unknown > 0 {
		fmt.Fprintf(w, "- of %d of them no cause is known: something on the machine may have disturbed all of their runs.\n", unknown)
	}
}
