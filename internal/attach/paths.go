package attach

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"copyscope/internal/trace"
)

// filesNamed is how many files a report names for one sink; the others stand together.
const filesNamed = 20

// A path of fewer bytes than both of these is not listed.
const (
	restBytes = 64 << 10
	restShare = 0.001 // of all bytes
)

// sharedCalls: a call that writes what came from several sources is counted once, at the
// path of the first.
const sharedCalls = "not measurable here, because its calls moved bytes of other paths as well, and are counted there"

// Seen is how many calls were booked and what they moved, so far.
func (l *Ledger) Seen() (calls, bytes int64) {
	for _, n := range l.calls {
		calls += n.Calls
		bytes += n.Bytes
	}
	return calls, bytes
}

// group are the flows between two ends that a person would call the same.
type group struct {
	from, to  End
	names     int // of its beginning
	sources   map[*object]bool
	sinks     map[*object]bool
	by        map[how]*flow
	localPeer bool
	// fromTemporary are the bytes from temporary files, toTemporary those to such.
	fromTemporary, toTemporary int64
	// files is what went of each; besides what was read of them and not seen to leave,
	// inFlight what of that may still do.
	files             map[fileKey]int64
	besides, inFlight int64
	// fewer bytes were sent than were read, from the same memory; other bytes: judged is
	// the evidence.
	fewer, other bool
	judged       string
}

type groupKey struct{ from, to string }

// Report makes paths of what was booked. It lacks what only who watches knows:
// processes, time, losses.
func (l *Ledger) Report() *Report {
	r := &Report{Schema: trace.Schema, Port: l.port, Calls: map[string]*Tally{}, Paths: []Path{}}
	for name, n := range l.calls {
		r.Calls[name] = &Tally{n.Calls, n.Errors, n.Bytes}
	}
	l.bookRest()
	for _, t := range l.tables {
		t.memory.dropped = t.fromFiles
	}
	var all []Path
	total := map[At]float64{} // a port with little traffic beside a busy one has its own measure
	for _, g := range l.groups() {
		if p, ok := g.path(); ok {
			if l.port != 0 {
				p.At = p.place(l.port)
			}
			all = append(all, p)
			total[p.At] += p.Bytes.Value
		}
	}
	for _, p := range all {
		other := p.From.Kind == Other || p.To.Kind == Other
		if other {
			r.Rest.OtherPaths++
			r.Rest.OtherBytes += int64(p.Bytes.Value)
		}
		if other || p.Bytes.Value < restBytes && p.Bytes.Value < restShare*total[p.At] {
			r.Rest.Paths++
			r.Rest.Bytes += int64(p.Bytes.Value)
			continue
		}
		r.Paths = append(r.Paths, p)
	}
	slices.SortFunc(r.Paths, func(a, b Path) int {
		return cmp.Or(cmp.Compare(b.Bytes.Value, a.Bytes.Value), cmp.Compare(a.From.Name+a.To.Name, b.From.Name+b.To.Name))
	})
	if l.untold > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d calls of sendmmsg say how many messages they sent, not how many bytes: those bytes are not counted here", l.untold))
	}
	l.noteArrivals(r)
	return r
}

// bookRest gives the calls that moved nothing (the read at the end of the file, the
// write that found no room), and the reads of what was sent without them, to the flow that their object has the most of.
func (l *Ledger) bookRest() {
	out, in := map[*object]*flow{}, map[*object]*flow{}
	for k, f := range l.flows {
		direct := k.how == byFile || k.how == byPipe || k.how == byRange
		if best := out[k.from]; (!direct || k.from.unsent() > 0) && (best == nil || f.bytes > best.bytes) {
			out[k.from] = f
		}
		if direct {
			continue
		}
		if best := in[k.to]; best == nil || f.bytes > best.bytes {
			in[k.to] = f
		}
	}
	for o, f := range out {
		f.take(o)
	}
	for o, f := range in {
		for name, n := range o.refused {
			f.calls[name] += n
		}
		clear(o.refused)
	}
}

// groups puts together what has the same ends: connections of one service, files of
// one name, and those of many names if there are too many.
func (l *Ledger) groups() map[groupKey]*group {
	names := map[string]map[string]int64{} // of files, by sink, with their bytes
	for k, f := range l.flows {
		if k.from.kind() == File {
			to := k.to.settled().Name
			if names[to] == nil {
				names[to] = map[string]int64{}
			}
			names[to][k.from.settled().Name] += f.bytes
		}
	}
	rest := map[string]map[string]bool{}
	for to, of := range names {
		if len(of) <= filesNamed {
			continue
		}
		order := slices.SortedFunc(maps.Keys(of), func(a, b string) int { return cmp.Compare(of[b], of[a]) })
		rest[to] = map[string]bool{}
		for _, name := range order[filesNamed:] {
			rest[to][name] = true
		}
	}
	groups := map[groupKey]*group{}
	for k, f := range l.flows {
		from, to, files := k.from.settled(), k.to.settled(), 1
		if rest[to.Name][from.Name] {
			files = len(rest[to.Name])
			from = End{Kind: File, Name: fmt.Sprintf("%d other files", len(rest[to.Name]))}
		}
		key := groupKey{string(from.Kind) + from.Name, string(to.Kind) + to.Name}
		g := groups[key]
		if g == nil {
			g = &group{from: from, to: to, names: files, sources: map[*object]bool{}, sinks: map[*object]bool{}, by: map[how]*flow{}, files: map[fileKey]int64{}}
			groups[key] = g
		}
		g.add(k, f)
	}
	sums := l.files()
	for _, g := range groups {
		g.share(sums)
		g.judge()
	}
	return groups
}

// closedFiles stands for the names of files that nobody could look at.
const closedFiles = "files that were closed before they could be looked at"

// settled is an object's end with the name that a person gets to see.
func (o *object) settled() End {
	e := o.end
	if e.Kind == Socket && o.listener != nil {
		if at := o.listener.end; at.Name != "" {
			e.Name, e.Protocol, e.Local = at.Name, at.Protocol, at.Local
		}
	}
	if e.Name != "" {
		return e
	}
	switch {
	case e.Kind == File:
		e.Name = closedFiles
	case e.Kind == Socket && o.dialed != nil:
		if e = *o.dialed; e.Name == "" {
			e.Name = "connections that it opened itself, and closed before they could be looked at"
		}
		e.Kind, e.outgoing = Socket, true
	case e.Kind == Socket:
		e.Name = "connections that were closed before they could be looked at"
	default:
		e.Name = "descriptors that were closed before they could be looked at"
	}
	return e
}

func (g *group) add(k flowKey, f *flow) {
	g.sources[k.from], g.sinks[k.to] = true, true
	g.localPeer = g.localPeer || local(k.to.settled().Peer)
	if k.from.kind() == File {
		g.files[k.from.key()] += f.bytes
	}
	if k.from.temporary() {
		g.fromTemporary += f.bytes
	}
	if k.to.temporary() {
		g.toTemporary += f.bytes
	}
	sum := g.by[k.how]
	if sum == nil {
		sum = &flow{calls: map[string]int64{}}
		g.by[k.how] = sum
	}
	sum.bytes += f.bytes
	sum.in += f.in
	sum.zeroCopy += f.zeroCopy
	sum.direct += f.direct
	sum.records += f.records
	sum.excess += f.excess
	for name, n := range f.calls {
		sum.calls[name] += n
	}
}

// local says whether an address is this host's own, whose receiver gets a copy even of
// what was sent with MSG_ZEROCOPY (Documentation/networking/msg_zerocopy.rst, Loopback).
func local(peer string) bool {
	return strings.HasPrefix(peer, "127.") || strings.HasPrefix(peer, "[::1]")
}

// path makes a path of a group; there is none where no byte arrived.
func (g *group) path() (Path, bool) {
	p := Path{From: g.from, To: g.to, Kind: string(g.from.Kind) + "-to-" + string(g.to.Kind), Calls: map[string]int64{}}
	p.From.Descriptors, p.To.Descriptors = len(g.sources), len(g.sinks)
	if len(g.sinks) > 1 {
		p.To.Peer = ""
	}
	if len(g.sources) > 1 {
		p.From.Peer = ""
	}
	shares := map[Technique]*Share{}
	var bytes, in, copied int64
	var calls, requests int64
	for h, f := range g.by {
		for name, n := range f.calls {
			p.Calls[name] += n
			if isRequest(name) {
				requests += n
				continue
			}
			calls += n
		}
		for _, part := range g.split(h, f) {
			s := shares[part.technique]
			if s == nil {
				s = &Share{Technique: part.technique, Evidence: part.evidence}
				shares[part.technique] = s
			}
			s.Bytes += part.bytes
			bytes += part.bytes
			in += part.source
			copied += part.copied
		}
	}
	if bytes == 0 {
		return p, false
	}
	for _, s := range shares {
		s.Share = float64(s.Bytes) / float64(bytes)
		p.Techniques = append(p.Techniques, *s)
	}
	slices.SortFunc(p.Techniques, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Technique, b.Technique))
	})
	besides, all := g.readToo()
	copied += besides
	if p.alsoRead = float64(all) > headPart*float64(bytes); p.alsoRead {
		noteReadToo(p.Techniques, all)
	}
	p.Technique = dominant(p.Techniques)
	p.Bytes = trace.Count{Value: float64(bytes), Provenance: trace.Measured}
	p.SourceBytes = trace.Count{Value: float64(in), Provenance: trace.Measured}
	p.ModeSwitches = trace.Count{Value: float64(2 * calls), Provenance: trace.Derived}
	if calls == 0 {
		p.ModeSwitches = trace.Count{Provenance: trace.Unavailable, Reason: sharedCalls}
	}
	if requests > 0 {
		p.ModeSwitches = trace.Count{Provenance: trace.Unavailable, Reason: "not measurable here, because one io_uring_enter(2) carries requests of several paths, or none is made at all"}
	}
	p.CPUCopiesPerByte = g.copies(copied, in, bytes)
	p.names = g.names
	p.temporary, p.fillsTemporary = 2*g.fromTemporary > bytes, 2*g.toTemporary > bytes
	p.less, p.other = g.fewer, g.other
	p.chunked, p.direct, p.unaccounted = g.chunked(), g.direct(in), g.unaccounted()
	return p, true
}

func dominant(shares []Share) Technique {
	if shares[0].Share >= 0.99 {
		return shares[0].Technique
	}
	return Mixed
}

func (g *group) copies(copied, in, bytes int64) trace.Count {
	switch {
	case g.by[byRange] != nil:
		return trace.Count{Provenance: trace.Unavailable, Reason: "not measurable here, because copy_file_range(2) does not tell whether the file system copied the bytes or shares their blocks"}
	case in == 0:
		return trace.Count{Provenance: trace.Unavailable, Reason: "not measurable here, because no read of what was sent was seen"}
	}
	return trace.Count{Value: float64(copied) / float64(bytes), Provenance: trace.Derived}
}
