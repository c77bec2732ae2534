package importer

import "copyscope/internal/trace"

// moved is what a call moves that returns n > 0.
type moved struct {
	from, to trace.Place
	kind     trace.Kind // of the event; "" if what moves is no payload
	detail   string
	measure  bool // it returns the number of bytes
	unknown  bool // because a descriptor is
	// hidden is why what moves cannot be told from the call at all.
	hidden string
	sends  bool // and it may have been to a socket
}

// Family groups the calls that move bytes in the same way, by where they name
// their descriptors.
type Family uint8

const (
	NoMove   Family = iota
	Reads           // (in, …) into user memory
	Writes          // (out, …) from user memory
	Receives        // (in, …): a socket, whatever the trace says of it
	Sends           // (out, …): a socket
	Sendfile        // (out, in, …)
	Splice          // (in, offset, out, …)
	Tee             // (in, out, …), both pipes
	Vmsplice        // (out, …), a pipe
	Hidden          // what moves is not in its arguments or its result
)

// families has the calls that move bytes, by the man page of each.
var families = map[string]Family{
	"read": Reads, "readv": Reads, "pread64": Reads, "pread": Reads, "preadv": Reads, "preadv2": Reads,
	"write": Writes, "writev": Writes, "pwrite64": Writes, "pwrite": Writes, "pwritev": Writes, "pwritev2": Writes,
	"recvfrom": Receives, "recvmsg": Receives, "recv": Receives,
	"sendto": Sends, "sendmsg": Sends, "send": Sends,
	"sendfile": Sendfile, "sendfile64": Sendfile,
	"splice": Splice, "tee": Tee, "vmsplice": Vmsplice,
	"recvmmsg": Hidden, "sendmmsg": Hidden, "io_uring_enter": Hidden, "copy_file_range": Hidden, "process_vm_readv": Hidden,
	"process_vm_writev": Hidden,
}

// FamilyOf is the family of a call, by its name.
func FamilyOf(name string) Family { return families[name] }

// hidden says why.
var hidden = map[string]string{
	"recvmmsg":          "recvmmsg returns how many messages it received, not how many bytes",
	"sendmmsg":          "sendmmsg returns how many messages it sent, not how many bytes",
	"io_uring_enter":    "what io_uring moves is in its rings, which a trace of system calls does not see",
	"copy_file_range":   "copy_file_range copies or shares extents, as the file system can",
	"process_vm_readv":  "process_vm_readv copies between processes, which has no place here",
	"process_vm_writev": "process_vm_writev copies between processes, which has no place here",
}

// Moves is the rule for what a call moves, by the kinds of its descriptors: a
// read copies what it returns into user memory, a write out of it; sendfile,
// splice and tee hand over references, unless they end in a file, into whose
// pages the kernel copies (iter_file_splice_write, fs/splice.c).
//
// User memory is a user buffer, unless mapped says that what is written lies in
// a mapping of a file: the trace of another program does not tell.
func Moves(name string, in, out FD, byReference, mapped bool) moved {
	m := moved{measure: true, kind: trace.CPUCopy}
	user := trace.UserBuffer
	if mapped {
		user = trace.UserMapping
	}
	switch families[name] {
	case NoMove:
		return moved{}
	case Hidden:
		return moved{hidden: hidden[name], sends: name == "sendmmsg" || name == "io_uring_enter"}
	case Reads:
		m.from, m.to = place(in), trace.UserBuffer
		if in == DirectFD {
			m.kind = trace.DMA
		}
	case Writes:
		m.from, m.to = user, place(out)
		if out == DirectFD {
			m.kind = trace.DMA
		}
	case Receives:
		m.from, m.to, in = trace.SocketBuffer, trace.UserBuffer, SocketFD
	case Sends:
		m.from, m.to, out = user, trace.SocketBuffer, SocketFD
		if byReference {
			m.hidden = "MSG_ZEROCOPY lends the pages or copies them all the same, which only the completion tells"
		}
	case Sendfile, Splice:
		m.from, m.to = place(in), place(out)
		if out != FileFD && out != DirectFD {
			m.kind, m.detail = trace.Descriptor, "lend"
		}
	case Tee:
		m.from, m.to, m.kind, m.detail, in, out = trace.Pipe, trace.Pipe, trace.Descriptor, "lend", PipeFD, PipeFD
	case Vmsplice:
		m.from, m.to, m.kind, m.detail, out = trace.UserBuffer, trace.Pipe, trace.Descriptor, "lend", PipeFD
	}
	if in == UnknownFD || out == UnknownFD {
		m.unknown, m.kind = true, ""
	}
	if in == OtherFD || out == OtherFD {
		return moved{} // no payload
	}
	return m
}

// place is where the bytes of a descriptor are.
func place(fd FD) trace.Place {
	switch fd {
	case FileFD:
		return trace.PageCache
	case SocketFD:
		return trace.SocketBuffer
	case PipeFD:
		return trace.Pipe
	case DirectFD:
		return trace.DiskPlace
	}
	return ""
}
