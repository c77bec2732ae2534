package host

import (
	"slices"

	"copyscope/internal/trace"
)

// Partly: some of a layer's checks work and some do not.
const Partly Status = "partly"

// Layer is one way of witnessing a transfer; the best is the first, and each
// works without those before it. The field names are stable.
type Layer struct {
	// ID is stable; Number is its place, "1b" for one that stands beside another.
	ID     string `json:"id"`
	Number string `json:"layer"`
	// TitleKey and GivesKey name messages of the catalogues; Gives says in
	// English what the layer tells.
	TitleKey string `json:"title_key"`
	GivesKey string `json:"gives_key"`
	Gives    string `json:"gives"`
	Status   Status `json:"status"`
	// Counts are those that a run knows by this layer, or knows better.
	Counts []trace.CountName `json:"counts"`
	// Checks are those that it stands on, Lacks those of them that do not work.
	Checks []string `json:"checks"`
	Lacks  []string `json:"lacks,omitempty"`
	// Why is what is missing, in the words of the first check that is.
	Why string `json:"why,omitempty"`
	// Enable are commands, each of which would enable what is missing.
	Enable []string `json:"enable,omitempty"`
}

// layerOf is what a layer stands on.
type layerOf struct {
	id, number, gives string
	counts            []trace.CountName
	checks            []string
}

// layersOf lists the layers of the witness, the best first.
var layersOf = []layerOf{
	{"tracepoints", "1", "pages that come into the page cache and leave it, requests and interrupts of the disk, packets of the lab network, page faults, context switches, softirqs and readahead windows, one by one",
		[]trace.CountName{trace.PageCacheInsertions, trace.PageCacheEvictions, trace.DiskReads, trace.DMATransfers, trace.DMABytes, trace.DiskReadBytes,
			trace.Interrupts, trace.Packets, trace.LinearPayloadBytes, trace.PagedPayloadBytes, trace.RetransmittedBytes},
		[]string{"tracefs", "timeline"}},
	{"samples", "1b", "in which routines of the kernel a thread's time goes, as evidence of copies that no rule is needed for",
		nil, []string{"thread-samples", "kernel-names"}},
	{"alias", "2", "who copies and who lends the page, found by changing the file while it is under way",
		nil, []string{"alias"}},
	{"procfs", "3", "faults, context switches, bytes from disks, and what the kernel tells of the host and of connections",
		[]trace.CountName{trace.PageFaults, trace.MajorFaults, trace.ContextSwitches, trace.DiskReadBytes},
		[]string{"rusage", "thread-io", "procfs", "tcp-info"}},
	{"syscalls", "4", "calls by name, what they returned and how long they took; copies follow from that by rule",
		[]trace.CountName{trace.Syscalls, trace.ModeSwitches, trace.CPUCopies, trace.CPUCopiedBytes, trace.Descriptors, trace.BytesSent,
			trace.ReceiverCopiedBytes, trace.UserBufferBytes, trace.CPUTime, trace.WallTime},
		[]string{"clock", "thread-clock"}},
}

// layers says of each layer whether it is active. A check that was not made
// counts as one that does not work: nothing was found to work here.
func layers(checks []Check, around Surroundings) []Layer {
	byID := map[string]Check{}
	for _, c := range checks {
		byID[c.ID] = c
	}
	out := make([]Layer, len(layersOf))
	for i, of := range layersOf {
		l := Layer{ID: of.id, Number: of.number, TitleKey: "doctor.layer." + of.id + ".title", GivesKey: "doctor.layer." + of.id + ".gives",
			Gives: of.gives, Status: Active, Counts: of.counts, Checks: of.checks}
		worst := NotHere
		for _, id := range of.checks {
			c, made := byID[id]
			if made && c.Status == Active {
				continue
			}
			l.Lacks = append(l.Lacks, id)
			if !made {
				c = Check{Status: NotHere, Why: checks[0].Why} // the system's, which has none of it
			}
			if l.Why == "" {
				l.Why = c.Why
			}
			if c.Status == Missing {
				worst = Missing
				l.Enable = append(l.Enable, around.remedies(of.id, c.Enable)...)
			}
		}
		switch len(l.Lacks) {
		case 0:
		case len(of.checks):
			l.Status = worst
		default:
			l.Status = Partly
		}
		l.Enable = distinct(l.Enable)
		out[i] = l
	}
	return out
}

// distinct keeps the first of each, and drops what is empty.
func distinct(all []string) (out []string) {
	for _, s := range all {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
