package attach

import "copyscope/internal/trace"

// Kind is what a path begins or ends at.
type Kind string

const (
	File   Kind = "file"
	Socket Kind = "socket"
	Pipe   Kind = "pipe"
	Device Kind = "device"
	Memory Kind = "memory" // of the process: no source was seen
	Other  Kind = "other"  // an eventfd, a memfd, …, or what was closed too soon to be looked at
)

// Kinds are all kinds.
func Kinds() []Kind { return []Kind{File, Socket, Pipe, Device, Memory, Other} }

// Technique is how bytes went from one end to the other. Those that copyscope runs
// itself have the names that `copyscope run` knows.
type Technique string

const (
	ReadWrite     Technique = "read-write"
	MmapWrite     Technique = "mmap-write"
	Sendfile      Technique = "sendfile"
	Splice        Technique = "splice"
	IOUring       Technique = "io-uring"
	MsgZerocopy   Technique = "msg-zerocopy"
	TLS           Technique = "tls"      // in user space
	Compress      Technique = "compress" // less is sent than was read
	Rewrite       Technique = "rewrite"  // other bytes are sent than were read, or copied in user space between
	RelayCopy     Technique = "relay-copy"
	RelaySplice   Technique = "relay-splice"
	CopyFileRange Technique = "copy-file-range"
	Write         Technique = "write" // from the process's own memory
)

// Techniques are all techniques, those that read a file and feed a socket first.
func Techniques() []Technique {
	return []Technique{ReadWrite, MmapWrite, Sendfile, Splice, IOUring, MsgZerocopy, TLS, Compress, Rewrite,
		RelayCopy, RelaySplice, CopyFileRange, Write}
}

// Mixed stands in a path's technique where none has 99 % of its bytes.
const Mixed Technique = "mixed"

// Report is what was seen of the watched processes. As JSON it is held by
// docs/schema/attach.schema.json.
type Report struct {
	Schema    int       `json:"schema"`
	Processes []Process `json:"processes"`
	ForNs     int64     `json:"for_ns"`
	// Port is the local TCP port that the verdict and the sentence are of; 0: of all.
	Port int `json:"port,omitempty"`
	// Lost is how many records found no room in the kernel's rings: calls that are
	// missing in all that follows.
	Lost int64 `json:"lost"`
	// Hits is how many records were read.
	Hits int64 `json:"hits"`
	// OwnCPU is the processor time that reading took, in ns; what the watched
	// process pays besides is in docs/attach.md.
	OwnCPU trace.Count `json:"own_cpu_ns"`
	// CPU is the processor time that the processes took while they were watched, and
	// CopyCPU what of it the kernel spent in copy routines, both in ns: so many Samples
	// of their clocks tell, a millisecond of processor time apart, if Options.Samples
	// asked for them. Processes that were started meanwhile are not in it.
	CPU     trace.Count `json:"cpu_ns"`
	CopyCPU trace.Count `json:"copy_cpu_ns"`
	Samples int64       `json:"samples"`
	// Calls are all data-moving calls of the processes, by name: also those that
	// belong to no path.
	Calls map[string]*Tally `json:"calls"`
	Paths []Path            `json:"paths"`
	// Rest are the paths that are not listed.
	Rest Rest `json:"rest"`
	// Verdict is of the file→socket paths together, or of what there was instead.
	Verdict Verdict `json:"verdict"`
	// Sentence says it to a person; Advice says what would change it.
	Sentence string `json:"sentence"`
	Advice   string `json:"advice,omitempty"`
	// Notes are what limits the rest: gaps, a process that ended.
	Notes []string `json:"notes,omitempty"`

	// swallowed is what came from sockets and is in no path, in bytes.
	swallowed int64
}

// Rest is what is not listed: paths that are too small, and those that begin or end at
// [Other].
type Rest struct {
	Paths int   `json:"paths"`
	Bytes int64 `json:"bytes"`
	// OtherPaths and OtherBytes are of those at Other, however large they are.
	OtherPaths int   `json:"other_paths"`
	OtherBytes int64 `json:"other_bytes"`
}

// Small is what is too small to list.
func (r Rest) Small() (paths int, bytes int64) {
	return r.Paths - r.OtherPaths, r.Bytes - r.OtherBytes
}

// Process is a process that was watched.
type Process struct {
	PID     int    `json:"pid"`
	Name    string `json:"name"` // comm
	Exe     string `json:"exe,omitempty"`
	Runtime string `json:"runtime,omitempty"` // nginx, go, jvm, python, …: what advice is for
	Threads int    `json:"threads"`
	Bytes   int64  `json:"bytes"`           // that its calls moved
	Ended   bool   `json:"ended,omitempty"` // while it was watched
	// Libraries that encrypt or compress in user space and are mapped; of a Go program
	// its packages that compress.
	Libraries []string `json:"libraries,omitempty"`
	// MappedFiles are those that it shares with their file systems: what it writes
	// there reaches the file without a syscall.
	MappedFiles []string `json:"mapped_files,omitempty"`
}

// Tally is how often a call was made, how often it failed, and what it moved.
type Tally struct {
	Calls  int64 `json:"calls"`
	Errors int64 `json:"errors"` // EAGAIN included
	Bytes  int64 `json:"bytes"`
}

// End is where a path begins or ends.
type End struct {
	Kind Kind `json:"kind"`
	// Name is a path, or a socket as a person writes it: tcp 127.0.0.1:8080.
	Name      string `json:"name"`
	SizeBytes int64  `json:"size_bytes,omitempty"` // of a file
	Protocol  string `json:"protocol,omitempty"`   // tcp, udp, unix
	Local     string `json:"local,omitempty"`
	Peer      string `json:"peer,omitempty"` // where there is one alone
	// Descriptors is how many open files or connections are taken together here.
	Descriptors int `json:"descriptors"`

	// outgoing: the process opened the connection itself, so its own port is none that
	// anybody serves at, whatever it is.
	outgoing bool
	// A device whose writes are thrown away, or whose reads clear the buffer, copies
	// nothing (package memdev).
	discards, zeroes bool
}

// Path is a way that bytes took.
type Path struct {
	From End    `json:"from"`
	To   End    `json:"to"`
	Kind string `json:"kind"` // file-to-socket, socket-to-file, …
	// At says whether it is of the report's port, if that has one.
	At At `json:"at,omitempty"`
	// Technique has 99 % of the bytes, or is mixed.
	Technique  Technique        `json:"technique"`
	Techniques []Share          `json:"techniques"`
	Calls      map[string]int64 `json:"calls"`
	Bytes      trace.Count      `json:"bytes"` // that arrived at its end
	// SourceBytes were read at its beginning for it: other than Bytes where they
	// were encrypted or compressed.
	SourceBytes trace.Count `json:"source_bytes"`
	// CPUCopiesPerByte counts the copies between kernel and user, for each byte that
	// arrived: where less arrives than was read, those of all that was read are in it.
	CPUCopiesPerByte trace.Count `json:"cpu_copies_per_byte"`
	ModeSwitches     trace.Count `json:"mode_switches"`
	Sentence         string      `json:"sentence"`
	Blocker          string      `json:"blocker,omitempty"` // why it is not zero-copy
	Advice           string      `json:"advice,omitempty"`

	// What the advice is by, besides: net/http's chunked answers; most of the file was
	// read with O_DIRECT; less left than was read, for a reason that was not seen; bytes
	// that were read of files and are in no path, of which this may be.
	chunked, direct, less bool
	// What was sent without reading it was read as well; other bytes were sent than were
	// read before.
	alsoRead, other bool
	// It begins, or ends, at files that the process made for itself.
	temporary, fillsTemporary bool
	unaccounted               int64
	names                     int // of files, at its beginning
}

// Share is what a technique has of a path's bytes.
type Share struct {
	Technique Technique `json:"technique"`
	Bytes     int64     `json:"bytes"`
	Share     float64   `json:"share"` // 0 to 1
	// Evidence says by what it was told apart.
	Evidence string `json:"evidence"`
}

// Verdict answers the question.
type Verdict struct {
	// ZeroCopy: at least 99 % of the bytes from files to sockets were copied by no CPU
	// between kernel and user; null where none went that way.
	ZeroCopy *bool `json:"zero_copy"`
	// Kind of the paths that it is of.
	Kind       string    `json:"kind,omitempty"`
	Technique  Technique `json:"technique,omitempty"`
	Techniques []Share   `json:"techniques"`
	Bytes      int64     `json:"bytes"`
}
