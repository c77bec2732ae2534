package attach

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
)

// zeroCopyTechniques are those in which no CPU copies a file's bytes on their way to
// a socket.
var zeroCopyTechniques = []Technique{Sendfile, Splice, RelaySplice}

// bulk is the share of the bytes that makes a verdict.
const bulk = 0.99

// FileToSocket is the kind of the paths that may be zero-copy.
const FileToSocket = "file-to-socket"

// Conclude writes what a person reads: of each path, and of them together. Advice is by
// whether this host has kernel TLS: noKernelTLS says why not.
func (r *Report) Conclude(noKernelTLS string) {
	who, runtime := r.who()
	compressor := r.compressor()
	for i := range r.Paths {
		p := &r.Paths[i]
		p.judgeLess(compressor)
		p.Blocker, p.Advice = advise(p, runtime, r.libraries(), compressor, noKernelTLS)
		p.Sentence = p.sentence()
	}
	kind, paths := r.subject()
	r.Verdict = verdictOf(kind, paths)
	r.notePlaces()
	if len(paths) == 0 {
		r.Sentence = r.nothing(who)
		return
	}
	v := r.Verdict
	var bytes, in, copied float64
	unaccounted := int64(0)
	known := true
	for _, p := range paths {
		bytes += p.Bytes.Value
		in += p.SourceBytes.Value
		unaccounted += p.unaccounted
		if !p.CPUCopiesPerByte.Known() {
			known = false
			continue
		}
		copied += p.CPUCopiesPerByte.Value * p.Bytes.Value
	}
	byFile, filling := r.detour(paths)
	copied += filling
	copies := "CPU copies per byte not measurable here"
	if known && bytes > 0 {
		copies = perByte(copied/bytes, bytes, in)
	}
	words := kindWords[kind]
	if unaccounted > 0 {
		words = fmt.Sprintf("memory to sockets (where it was filled is not known: %s that were read of files are in no path)", humanize.IBytes(uint64(unaccounted)))
	}
	lead := paths[0]
	if byFile > 0.05*bytes {
		words = fmt.Sprintf("sockets to sockets (a proxy that buffers on disk: %s by way of temporary files of its own)", humanize.IBytes(uint64(byFile)))
		lead = paths[slices.IndexFunc(paths, func(p Path) bool { return p.temporary })]
	}
	if bytes < 0.05*float64(r.swallowed) { // the answer to an upload is not the traffic
		r.Sentence = r.onlyArrived(who)
		return
	}
	r.Sentence = fmt.Sprintf("%s: %s from %s: %s, %s", who, humanize.IBytes(uint64(bytes)), words, techniques(v.Techniques), copies)
	if b := lead.Blocker; b != "" {
		r.Sentence += "; " + b
	}
	r.Advice = lead.Advice
}

// nothing says that there is no path to speak of, and what there was instead.
func (r *Report) nothing(who string) string {
	seen := r.Rest.Bytes
	for _, p := range r.Paths {
		seen += int64(p.Bytes.Value)
	}
	little := humanize.IBytes(uint64(seen))
	switch {
	case r.swallowed > seen:
		return r.onlyArrived(who)
	case r.Port != 0 && seen == 0:
		return fmt.Sprintf("%s: nothing moved at port %d. Send it a request while copyscope watches.", who, r.Port)
	case r.Port != 0:
		return fmt.Sprintf("%s: nothing to speak of moved at port %d, and %s elsewhere in these processes. Send it a request while copyscope watches.", who, r.Port, little)
	case seen == 0:
		return who + ": nothing that was seen went from a file or a socket to a socket or a file. Was there traffic? Send it a request while copyscope watches."
	}
	return fmt.Sprintf("%s: of all that was seen, %s, nothing went from a file or a socket to a socket or a file. Was there traffic? Send it a request while copyscope watches.", who, little)
}

// kindWords are the kinds of path as a sentence has them.
var kindWords = map[string]string{
	FileToSocket: "files to sockets", "socket-to-socket": "sockets to sockets (proxying)", "socket-to-file": "sockets to files",
	"memory-to-socket": "its own memory to sockets (no file was read for it)", "file-to-file": "files to files",
	"pipe-to-socket": "pipes to sockets", "memory-to-file": "its own memory to files",
	"file-to-device": "files to devices", "file-to-pipe": "files to pipes", "device-to-socket": "devices to sockets",
}

// subject is the kind of path that the answer is about, and its paths: files to
// sockets if there are any to speak of, else the kind that moved the most.
func (r *Report) subject() (string, []Path) {
	by, total := map[string]float64{}, 0.0
	answering := r.answering()
	detour, _ := r.detour(answering)
	for _, p := range answering {
		if p.fillsTemporary && detour > 0 {
			continue // half of the way of what is sent from there
		}
		if kind := p.as(); kindWords[kind] != "" {
			by[kind] += p.Bytes.Value
			total += p.Bytes.Value
		}
	}
	best := ""
	for kind := range kindWords {
		if best == "" || by[kind] > by[best] || by[kind] == by[best] && kind < best {
			best = kind
		}
	}
	if by[FileToSocket] > 0.05*total {
		best = FileToSocket
	}
	if by[best] == 0 {
		return "", nil
	}
	return best, r.of(best)
}

// Answer are the paths that the verdict is of: of its kind and, where a port was asked
// about, of that port.
func (r *Report) Answer() []Path { return r.of(r.Verdict.Kind) }

// of are the paths of a kind, the largest first.
func (r *Report) of(kind string) (out []Path) {
	for _, p := range r.answering() {
		if p.as() == kind {
			out = append(out, p)
		}
	}
	return out
}

func verdictOf(kind string, paths []Path) Verdict {
	v := Verdict{Kind: kind, Techniques: []Share{}}
	sums := map[Technique]*Share{}
	for _, p := range paths {
		for _, s := range p.Techniques {
			if sums[s.Technique] == nil {
				sums[s.Technique] = &Share{Technique: s.Technique, Evidence: s.Evidence}
			}
			sums[s.Technique].Bytes += s.Bytes
			v.Bytes += s.Bytes
		}
	}
	if v.Bytes == 0 {
		return v
	}
	zero := 0.0
	for _, s := range sums {
		s.Share = float64(s.Bytes) / float64(v.Bytes)
		v.Techniques = append(v.Techniques, *s)
		if slices.Contains(zeroCopyTechniques, s.Technique) {
			zero += s.Share
		}
	}
	slices.SortFunc(v.Techniques, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Technique, b.Technique))
	})
	v.Technique = dominant(v.Techniques)
	if kind == FileToSocket {
		is := zero >= bulk && !alsoRead(paths)
		v.ZeroCopy = &is
	}
	return v
}

// alsoRead says whether of what was sent without a copy more than a head was read as
// well, and copied so.
func alsoRead(paths []Path) bool {
	var read, bytes float64
	for _, p := range paths {
		bytes += p.Bytes.Value
		if p.alsoRead && p.CPUCopiesPerByte.Known() {
			read += p.CPUCopiesPerByte.Value * p.Bytes.Value
		}
	}
	return read > headPart*bytes
}

// Foremost are the n processes that moved the most, by their numbers, and how many others
// there are: whoever watches a shell may have thousands.
func (r *Report) Foremost(n int) (shown []Process, others int) {
	shown = slices.Clone(r.Processes)
	slices.SortStableFunc(shown, func(a, b Process) int { return cmp.Compare(b.Bytes, a.Bytes) })
	shown = shown[:min(n, len(shown))]
	slices.SortFunc(shown, func(a, b Process) int { return a.PID - b.PID })
	return shown, len(r.Processes) - len(shown)
}

// endedNamed is how many processes that ended have a note each.
const endedNamed = 8

func (r *Report) noteEnded() {
	var ended []Process
	for _, p := range r.Processes {
		if p.Ended {
			ended = append(ended, p)
		}
	}
	if n := len(ended); n > endedNamed {
		r.Notes = append(r.Notes, fmt.Sprintf("%d processes ended while they were watched", n))
		return
	}
	for _, p := range ended {
		r.Notes = append(r.Notes, fmt.Sprintf("process %d (%s) ended while it was watched", p.PID, p.Name))
	}
}

// who is the process that moved the most.
func (r *Report) who() (name, runtime string) {
	foremost, _ := r.Foremost(1)
	for _, p := range foremost {
		name, runtime = p.Name, p.Runtime
	}
	if len(r.Processes) > 1 {
		name += fmt.Sprintf(" (%d processes)", len(r.Processes))
	}
	return cmp.Or(name, "the process"), runtime
}

func (r *Report) libraries() (out []string) {
	for _, p := range r.Processes {
		out = append(out, p.Libraries...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// sentence says of a path what went how.
func (p *Path) sentence() string {
	copies := "CPU copies per byte " + p.CPUCopiesPerByte.Reason
	if p.CPUCopiesPerByte.Known() {
		copies = perByte(p.CPUCopiesPerByte.Value, p.Bytes.Value, p.SourceBytes.Value)
	}
	s := fmt.Sprintf("%s → %s: %s, %s", p.From.Name, p.To.Name, techniques(p.Techniques), copies)
	if p.Blocker != "" {
		s += "; " + p.Blocker
	}
	return s
}

// perByte says how often the CPU copied each byte; where other bytes were sent than
// were read, that it is of those that were sent.
func perByte(copies, sent, read float64) string {
	text := strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", copies), "0"), ".")
	switch {
	case sent < 0.9*read:
		return text + " CPU copies per byte sent"
	case text == "1":
		return "1 CPU copy per byte"
	}
	return text + " CPU copies per byte"
}

// techniques lists them with their shares; one that has nearly all stands alone.
func techniques(shares []Share) string {
	if len(shares) == 1 || shares[0].Share >= 0.9995 {
		return string(shares[0].Technique)
	}
	var words []string
	for _, s := range shares {
		words = append(words, fmt.Sprintf("%s %s", s.Technique, percent(s.Share)))
	}
	return strings.Join(words, ", ")
}

func percent(share float64) string {
	if p := 100 * share; p > 0 && p < 0.1 {
		return "less than 0.1 %"
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", 100*share), ".0") + " %"
}
