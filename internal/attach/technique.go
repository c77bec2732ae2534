package attach

import "fmt"

// part is what a technique has of a flow.
type part struct {
	technique Technique
	// bytes arrived; source were read for them; copied is what the CPU copied between
	// kernel and user for both.
	bytes, source, copied int64
	evidence              string
}

// split says by what technique a flow went, how much of it, and what of it no CPU copied.
func (g *group) split(h how, f *flow) []part {
	parts := g.techniques(h, f)
	for i := range parts {
		parts[i].evidence += g.uncopied(f)
	}
	return parts
}

// techniques are those of a flow. The rules of what is
// copied: a read copies what it returns into user memory, unless the file is open
// with O_DIRECT, and a write copies what it returns into the kernel, but for the devices
// of package memdev; sendfile, splice and tee hand over references to pages, but a regular
// file at their end is written to by a copy (iter_file_splice_write, fs/splice.c).
func (g *group) techniques(h how, f *flow) []part {
	if f.bytes == 0 {
		return nil
	}
	toFile := int64(0)
	if g.to.Kind == File {
		toFile = f.bytes
	}
	socketToSocket := g.from.Kind == Socket && g.to.Kind == Socket
	copied := g.copiedIn(f) + g.copiedOut(f)
	switch h {
	case byFile:
		return []part{{Sendfile, f.bytes, f.bytes, toFile, "sendfile(2) names both ends"}}
	case byPipe:
		t := Splice
		if socketToSocket {
			t = RelaySplice
		}
		return []part{{t, f.bytes, f.bytes, toFile, "splice(2) into a pipe and out of it"}}
	case byRange:
		return []part{{CopyFileRange, f.bytes, f.bytes, 0, "copy_file_range(2) names both ends"}}
	case byRing:
		return g.zeroCopied(f, part{IOUring, f.bytes, f.in, copied, "requests of io_uring: sent right after it was read"})
	case own:
		evidence := "written from memory that no call was seen to fill"
		if n := g.unaccounted(); n > 0 {
			evidence = fmt.Sprintf("where the memory was filled is not known: %d bytes that the process read of files were not seen to leave", n)
		}
		return g.zeroCopied(f, part{Write, f.bytes, f.bytes, g.copiedOut(f), evidence})
	case fromMap:
		return g.zeroCopied(f, part{MmapWrite, f.bytes, f.bytes, g.copiedOut(f), "written from an address inside a mapping of the file"})
	case changed:
		return []part{g.changed(f, copied)}
	}
	t, evidence := ReadWrite, "written from the address that it was read to"
	if h == following {
		evidence = "written right after it was read, by a call that tells no address"
	}
	if socketToSocket {
		t = RelayCopy
	}
	if taken, given := g.totals(); h == following && g.from.Kind == File && less(taken-g.inFlight, given) && g.mostly(following) {
		read := f.in + g.besides
		return []part{{Compress, f.bytes, read, copied + g.besides, lessSent(given, taken)}}
	}
	if g.fewer || g.other {
		return []part{g.rewritten(h, f, copied)}
	}
	return g.zeroCopied(f, part{t, f.bytes, f.in, copied, evidence})
}

// uncopied says what of a flow went by no copy that its calls would make elsewhere.
func (g *group) uncopied(f *flow) (said string) {
	if f.direct > 0 {
		said = directly
	}
	if g.from.zeroes && f.in > 0 {
		said += fmt.Sprintf("; %s clears the buffer, which copies nothing", g.from.Name)
	}
	if g.to.discards {
		said += fmt.Sprintf("; %s does not look at what is written to it", g.to.Name)
	}
	return said
}

// copiedIn is what the CPU copies into user memory.
func (g *group) copiedIn(f *flow) int64 {
	if g.from.zeroes {
		return 0
	}
	return f.in - f.direct
}

// copiedOut is what the CPU copies out of user memory.
func (g *group) copiedOut(f *flow) int64 {
	if g.to.discards {
		return 0
	}
	return f.bytes
}

// unsent is what was read of the sources and not seen to leave.
func (g *group) unsent() (n int64) {
	for o := range g.sources {
		n += o.pending + o.dropped
	}
	return n
}

// totals is what came out of the sources into user memory, and what of it was seen to
// leave, by whatever technique and to whomever.
func (g *group) totals() (taken, given int64) {
	for o := range g.sources {
		taken += o.taken
		given += o.given
	}
	return taken, given
}

// lessLeast is how much must have been read, in bytes, before less or more of it says
// anything.
const lessLeast = 1 << 16

// less says whether so little left that something was done to it.
func less(taken, given int64) bool { return taken >= lessLeast && given < taken*9/10 }

// mostly says whether nothing else has more of the bytes.
func (g *group) mostly(h how) bool {
	for other, f := range g.by {
		if other != h && f.bytes > g.by[h].bytes {
			return false
		}
	}
	return true
}

// direct says whether most of what was read was read with O_DIRECT.
func (g *group) direct(in int64) bool {
	n := int64(0)
	for _, f := range g.by {
		n += f.direct
	}
	return n > in/2
}

// unaccounted is how much the process read of files and was not seen to send, if what
// it sent of its own memory may be of that: as much of it at least as a sixth.
func (g *group) unaccounted() int64 {
	f := g.by[own]
	if f == nil || f.bytes < alikeLeast || g.unsent() < f.bytes/6 {
		return 0
	}
	return g.unsent()
}

// chunked says whether the writes are those of net/http for an answer without a
// Content-Length: of each piece the first 4 KiB go through a buffer, after the chunk's
// length, and the rest as it is (http.checkConnErrorWriter, bufio.Writer).
func (g *group) chunked() bool {
	const buffer = 4096
	large, small := g.by[same], g.by[changed]
	if large == nil || small == nil || small.records > 0 {
		return false
	}
	n := small.calls["write"]
	return n > 0 && small.bytes <= n*buffer && 2*n >= large.calls["write"]
}

// directly is added to the evidence of what was read with O_DIRECT.
const directly = "; the file is read with O_DIRECT, which no CPU copies"

func lessSent(sent, read int64) string {
	return fmt.Sprintf("%d bytes were read and %d sent: %.0f %%", read, sent, 100*float64(sent)/float64(read))
}

// zeroCopied takes the bytes apart that were sent with MSG_ZEROCOPY: those the kernel
// does not copy, but to a receiver on this host.
func (g *group) zeroCopied(f *flow, p part) []part {
	if f.zeroCopy == 0 {
		return []part{p}
	}
	z := p
	z.technique, z.bytes, z.evidence = MsgZerocopy, f.zeroCopy, "sent with MSG_ZEROCOPY"
	z.source = p.source * f.zeroCopy / p.bytes
	z.copied = p.copied * f.zeroCopy / p.bytes
	if g.localPeer {
		z.evidence += "; to a receiver on this host, so the kernel copied it all the same"
	} else {
		z.copied -= z.bytes
	}
	p.bytes, p.source, p.copied = p.bytes-z.bytes, p.source-z.source, p.copied-(p.copied*f.zeroCopy/max(f.bytes, 1))
	if p.bytes == 0 {
		return []part{z}
	}
	return []part{z, p}
}

// changed is what was written from other memory than it was read to: encrypted,
// compressed, or copied by the program. What is neither less nor more than was read is
// taken for a copy.
func (g *group) changed(f *flow, copied int64) part {
	p := part{Rewrite, f.bytes, f.in, copied, fmt.Sprintf("written from another address than it was read to, and other bytes: %d were read and %d sent", f.in, f.bytes)}
	taken, given := g.totals()
	switch {
	case f.records > 0:
		p.technique = TLS
		p.evidence = fmt.Sprintf("%d of the writes begin with the header of a TLS record", f.records)
	case less(taken-g.inFlight, given) && g.mostly(changed):
		p.technique, p.evidence = Compress, lessSent(given, taken)
	case g.fewer || g.other:
		p.evidence = g.judged
	case f.bytes >= f.in*97/100 && f.bytes <= f.in, g.by[same] != nil && g.by[same].bytes > f.bytes && f.bytes <= f.in*11/10:
		p.technique, p.evidence = ReadWrite, userCopy
		if g.from.Kind == Socket && g.to.Kind == Socket {
			p.technique = RelayCopy
		}
	}
	return p
}

// userCopy is the evidence of a program that copies between its own buffers.
const userCopy = "written from another address than it was read to: the program copies it once more, in user space, which is not counted here"
