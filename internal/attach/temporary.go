package attach

import "strings"

// A proxy that gets an answer faster than its client takes it may keep it in a file of
// its own and send it from there: such a file is no source of the bytes, but a detour.

// createExclusive is O_CREAT|O_EXCL, include/uapi/asm-generic/fcntl.h.
const createExclusive = 0x40 | 0x80

// deleted ends the name of a file in /proc/PID/fd that no folder has any more.
const deleted = " (deleted)"

// temporary says whether a file is one that the process made for itself: it wrote to it,
// and the file has no name any more, or was new and gone before it could be looked at; or
// it was new, and filled from sockets (what a cache keeps has a name). A log that is
// appended to and served is none.
func (o *object) temporary() bool {
	return o.kind() == File && o.written > 0 &&
		(strings.HasSuffix(o.end.Name, deleted) || o.exclusive && (o.end.Name == "" || 2*o.filled > o.written))
}

// detoured is why a proxy's bytes go by way of a file: one that is gone was in the way of a
// client, one that has a name is kept by a cache, and of one that nobody could look at it
// is not known.
func detoured(name string, runtime string) (blocker, advice string) {
	advice = buffering[runtimeOr(buffering, runtime)]
	switch {
	case strings.HasSuffix(name, deleted):
		return "the file is the proxy's own, written from a socket before: the client was slower than what the proxy got it from", advice
	case name == closedFiles:
		return "the file is the proxy's own, written from a socket before: the client was slower than what the proxy got it from, or a cache did not have it yet", advice
	}
	return "the file is the proxy's own, written from a socket before: a cache did not have it yet", "nothing for the first answer; what the cache has is sent from its file alone"
}

// relayed is the kind of the paths of a proxy.
const relayed = "socket-to-socket"

// as is the kind of path that it counts as: what is sent from a temporary file came from
// elsewhere.
func (p *Path) as() string {
	if p.temporary && p.Kind == FileToSocket {
		return relayed
	}
	return p.Kind
}

// detour is how many of the paths' bytes went by way of temporary files, and what the
// CPU copied to write these.
func (r *Report) detour(paths []Path) (bytes, copied float64) {
	for _, p := range paths {
		if p.temporary {
			bytes += p.Bytes.Value
		}
	}
	if bytes == 0 {
		return 0, 0
	}
	for _, p := range r.Paths {
		if p.fillsTemporary && p.CPUCopiesPerByte.Known() {
			copied += p.CPUCopiesPerByte.Value * p.Bytes.Value
		}
	}
	return bytes, copied
}
