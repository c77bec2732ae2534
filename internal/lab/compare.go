package lab

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// predicted lists the counts that the linux model predicts for a real run, and
// how far each may be off. Times are shown beside each other but not judged:
// the shipped profiles are not this host's.
var predicted = []struct {
	count trace.CountName
	bound trace.Bound
}{
	{count: trace.Syscalls},
	{count: trace.ModeSwitches},
	{count: trace.CPUCopiedBytes},
	{count: trace.CPUCopiesPerByte},
	{count: trace.BytesSent},
	{count: trace.UserBufferBytes},
	{count: trace.PageFaults, bound: trace.Bound{Abs: 32, Fewer: true,
		Why: "a fault maps up to 16 pages, or a whole larger folio, so that there may be fewer; the Go runtime has some of its own"}},
	{count: trace.ContextSwitches, bound: trace.Bound{Free: true,
		Why: "a call may wake the receiver, which takes the processor; a sender waits where its socket's queue is full, which begins at 16 KiB (tcp_wmem), and gives way when its time slice ends; how often, receiver and scheduler decide"}},
	{count: trace.LinearPayloadBytes},
	{count: trace.PagedPayloadBytes},
	{count: trace.Packets, bound: trace.Bound{Rel: 3, Abs: 64, Fewer: true,
		Why: "TCP makes segments smaller than 64 KiB where its window ends, and while it is small (tcp_tso_autosize, net/ipv4/tcp_output.c); what is still queued takes the next bytes as well"}},
	{count: trace.DMATransfers, bound: requests},
	{count: trace.DMABytes},
	{count: trace.Interrupts, bound: coalesced},
	{count: trace.PageCacheInsertions},
	{count: trace.DiskReads, bound: requests},
	{count: trace.DiskReadBytes},
}

// requests is how far the disk's commands may be off, beside one more for each
// [smallRequest] bytes.
var requests = trace.Bound{Rel: 1, Abs: 8,
	Why: "a request collects at most so many pieces of memory (max_segments); how many a page cache of small folios is in, nobody can predict"}

// coalesced is how far the interrupts may be off, as the commands may.
var coalesced = trace.Bound{Rel: requests.Rel, Abs: requests.Abs, Fewer: true,
	Why: "an interrupt may tell of several commands that are done, and how many commands there are, nobody can predict"}

// smallRequest is half of what 254 pieces of a page hold, the most of a virtio disk
// here: a request may begin or end before it has so many.
const smallRequest = 512 << 10

// cutPackets is how far the packets may be off that software cut: each is full but for
// the last of a segment.
var cutPackets = trace.Bound{Rel: 0.05, Abs: 64, Fewer: true,
	Why: "a packet is as large as the device's MTU allows, and the last of a segment takes the rest; how long segments are, the window decides, and what is still queued takes the next bytes as well"}

// looser are the counts of some paths that depend on what no model of the
// kernel knows, and how far those may be off; stated before anything runs.
var looser = []struct {
	path   string
	counts []trace.CountName
	bound  trace.Bound
}{
	{"relay-copy", []trace.CountName{trace.Syscalls, trace.ModeSwitches, trace.UserBufferBytes}, trace.Bound{Rel: 1,
		Why: "a read of a chunk larger than half the receive buffer takes what has come"}},
	{relaySplice, []trace.CountName{trace.Syscalls, trace.ModeSwitches}, trace.Bound{Rel: 1, Abs: 8,
		Why: "splice from a socket takes what has come, one packet at least: SO_RCVLOWAT holds a read back, not a splice"}},
	{relaySplice, []trace.CountName{trace.Packets}, trace.Bound{Rel: 45, Abs: 64,
		Why: "a relay passes on what has come, and that may be one packet of the device's MTU at a time"}},
	{"compress", []trace.CountName{trace.CPUCopiedBytes, trace.BytesSent, trace.LinearPayloadBytes, trace.PagedPayloadBytes}, trace.Bound{Rel: 0.25, Abs: 64, Why: ratioVaries}},
	{"compress", []trace.CountName{trace.CPUCopiesPerByte}, trace.Bound{Rel: 0.25, Why: ratioVaries}},
}

const ratioVaries = "what gzip leaves depends on the bytes; the model has one ratio for all"

const relaySplice = "relay-splice"

// boundOf is how far a count of a path may be off.
func boundOf(path string, name trace.CountName, usual trace.Bound) trace.Bound {
	for _, l := range looser {
		if l.path == path && slices.Contains(l.counts, name) {
			return l.bound
		}
	}
	return usual
}

// boundIn is how far a count of one run may be off.
func boundIn(prediction, measured *Result, name trace.CountName, usual trace.Bound) trace.Bound {
	path, p := measured.Scenario.Path, prediction.Counter
	b := boundOf(path, name, usual)
	switch name {
	case trace.Packets:
		if !measured.Scenario.SG && path != relaySplice {
			b = cutPackets
		}
	case trace.DiskReads, trace.DMATransfers, trace.Interrupts:
		b.Abs += p.Count(trace.DiskReadBytes).Value / smallRequest
	case trace.PageFaults: // a long run gives the Go runtime more time for its own
		b.Abs += p.Count(trace.Syscalls).Value / 1000
	case trace.Syscalls, trace.ModeSwitches:
		if path == relaySplice {
			packets := p.Count(trace.Packets).Value
			if measured.Scenario.Net == Veth { // of which each may come by itself
				packets = max(packets, p.Count(trace.BytesSent).Value/packetPayload)
			}
			b.Abs = max(b.Abs, relayedCalls(packets, name)-p.Count(name).Value)
		}
	}
	return missing(b, name, measured.Absent)
}

// packetPayload is what a full packet of Ethernet's MTU carries: 1500 bytes less the
// headers of IPv4 and TCP with timestamps.
const packetPayload = 1448

// relayedCalls are the calls or mode switches of a relay that gets every packet by
// itself: one splice brings it into the pipe, one takes it out.
func relayedCalls(packets float64, name trace.CountName) float64 {
	calls := 2 * packets
	if name == trace.ModeSwitches {
		return 2 * calls
	}
	return calls
}

// missing widens the bound of what the disk was to be asked for, by the pages that may
// not have been in the cache, or not any more.
func missing(b trace.Bound, name trace.CountName, absent int64) trace.Bound {
	if absent <= 0 {
		return b
	}
	switch name {
	case trace.DiskReads, trace.DMATransfers, trace.Interrupts, trace.PageCacheInsertions:
		b.Abs += float64(absent)
	case trace.DiskReadBytes, trace.DMABytes:
		b.Abs += float64(absent * sim.PageBytes)
	default:
		return b
	}
	b.Why = "the kernel took pages of the file out of the page cache while the run went on, or the cache did not take all of it; what was missing was read again"
	return b
}

// Compare runs the linux model of this host for a real result's scenario and
// holds the prediction against what was measured.
func (l *Lab) Compare(ctx context.Context, measured *Result) ([]trace.Comparison, error) {
	prediction, err := l.Predict(ctx, measured.Scenario)
	if err != nil {
		return nil, err
	}
	return CompareResults(prediction, measured), nil
}

// Predict runs the linux model, with this host's kernel settings, for a real
// scenario. It also lets the modelled file be overwritten between send and
// receive, so that who copies and who lends is predicted as well.
//
// A recorded scenario is predicted as on the machine that it was recorded on.
func (l *Lab) Predict(ctx context.Context, s Scenario) (*Result, error) {
	if s.Side == trace.RecordedSide {
		return l.on(s).Run(ctx, asModelled(s), Options{AsThisHost: true})
	}
	s = asModelled(s)
	r, err := l.Run(ctx, s, Options{AsThisHost: true})
	if err != nil {
		return nil, err
	}
	if program, _ := transfer.Lookup(s.Path); host.Aliased(program) {
		r.Alias, err = l.simulateAlias(s)
	}
	return r, err
}

// asModelled is the scenario of the linux model that stands for a real run.
func asModelled(s Scenario) Scenario {
	s.Side, s.Model, s.DMA = trace.Sim, Linux, true
	if s.Net != Veth {
		s.Net, s.SG = Loopback, true
	}
	return s
}

// CompareResults holds a prediction against a measurement of the same
// scenario.
func CompareResults(prediction, measured *Result) []trace.Comparison {
	path := measured.Scenario.Path
	p, m := prediction.Counter, measured.Counter
	var rows []trace.Comparison
	for _, c := range predicted {
		rows = append(rows, trace.Compare(path, c.count, p.Count(c.count), m.Count(c.count), boundIn(prediction, measured, c.count, c.bound)))
	}
	names := boundIn(prediction, measured, trace.Syscalls, trace.Bound{})
	rows = append(rows, compareNames(path, p.SyscallsByName(), m.SyscallsByName(), m.Count(trace.Syscalls).Provenance, names)...)
	if prediction.Alias != "" || measured.Alias != "" { // else nobody asked
		rows = append(rows, trace.CompareWords(path, "who_copies", prediction.Alias, trace.Modelled, measured.Alias, trace.Measured))
	}
	if measured.FileHash != "" { // a recording keeps no bytes
		rows = append(rows, trace.CompareWords(path, "received_hash", measured.FileHash, trace.Measured, measured.ReceivedHash, trace.Measured))
	}
	return rows
}

// NotMeasurable holds a prediction for a path that this host cannot run: all
// that would be compared, and for each the reason why it cannot be.
func NotMeasurable(prediction *Result, reason string) []trace.Comparison {
	path, p := prediction.Scenario.Path, prediction.Counter
	none := trace.Count{Provenance: trace.Unavailable, Reason: reason}
	var rows []trace.Comparison
	for _, c := range predicted {
		rows = append(rows, trace.Compare(path, c.count, p.Count(c.count), none, c.bound))
	}
	for _, name := range slices.Sorted(maps.Keys(p.SyscallsByName())) {
		made := trace.Count{Value: float64(p.SyscallsByName()[name]), Provenance: trace.Modelled}
		c := trace.Compare(path, trace.Syscalls, made, none, trace.Bound{})
		c.Count = fmt.Sprintf("syscalls_by_name.%s", name)
		rows = append(rows, c)
	}
	return rows
}

// compareNames compares the syscalls of each name, those included that only
// one side made.
func compareNames(path string, predicted, measured map[string]int64, by trace.Provenance, bound trace.Bound) []trace.Comparison {
	var names []string
	for _, m := range []map[string]int64{predicted, measured} {
		for name := range m {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	var rows []trace.Comparison
	for _, name := range names {
		c := trace.Compare(path, trace.Syscalls,
			trace.Count{Value: float64(predicted[name]), Provenance: trace.Modelled},
			trace.Count{Value: float64(measured[name]), Provenance: by}, bound)
		c.Count = fmt.Sprintf("syscalls_by_name.%s", name)
		rows = append(rows, c)
	}
	return rows
}
