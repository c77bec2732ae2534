package host

import (
	"copyscope/internal/labnet"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// Options describe one real run.
type Options struct {
	Program transfer.Program
	// Size and Chunk are in bytes.
	Size, Chunk int64
	// Cold drops the source from the page cache first; otherwise it is warmed.
	Cold bool
	// Touch makes user code read the bytes on the way.
	Touch bool
	// ZeroCopy lets io-uring send by reference.
	ZeroCopy bool
	// Dir is where the source file is made; empty means the temporary
	// directory.
	Dir string
	// Net is the lab network to send over; nil is loopback. It must have
	// a link for each of the program's sinks, and for a relay an upstream. It stays
	// open.
	Net *labnet.Network
	// Source is the file to send, if it is there already; it stays open.
	Source *Source

	// Untraced leaves the kernel's tracepoints alone: what they cost is not the
	// transfer's.
	Untraced bool
	// Beside is called on the sending thread right before the clock starts, with the
	// thread's number, and what it returns right after it has stopped; nil is nobody.
	Beside func(thread int) (end func(), err error)
	// Recorder takes the events; nil keeps none.
	Recorder trace.Recorder
	// Fault puts a wrapper between program and kernel; nil puts none.
	Fault func(transfer.Kernel) transfer.Kernel
	// Progress is told about 64 times, from the sending thread and between its
	// calls, how many bytes were handed to the socket. What it uses is not
	// counted. The clock goes on meanwhile: see [NotePaused].
	Progress func(sent int64)
}

// Outcome is what a real run did.
type Outcome struct {
	// Sent bytes of the file were handed to the socket, Received bytes of it came
	// out at the other end, or were read where there is no socket.
	Sent, Received int64
	// FileHash and ReceivedHash are XXH64.
	FileHash, ReceivedHash uint64

	// Wall is how long the program took to hand everything over, Delivered
	// until the receiver had the last byte, both with pauses ([NotePaused]). CPU
	// is what the sender's thread used for that, pauses apart, ReaderCPU the
	// receiver's, hashing included.
	Wall, Delivered, CPU, ReaderCPU trace.Ns

	// Congestion is the congestion control in force at the sender.
	Congestion string
	// Pages is how many pages the file has; so many of them were in the page
	// cache right before and right after the run.
	Pages, ResidentBefore, ResidentAfter int64
	// Evicted is how many of the file's pages the kernel took out of the page cache
	// while a warm run went on: what its tracepoint told, else the most there can
	// have been.
	Evicted int64

	// Lost is how many of the kernel's events found no room.
	Lost int64
	// Retransmitted is how many bytes TCP_INFO says were sent once more
	// (tcpi_bytes_retrans): the kernel's own sum, beside the count that is made of events.
	Retransmitted int64

	Notes []Note
}

// Intact says whether the receiver got the file, all of it and nothing else.
func (o *Outcome) Intact() bool {
	return o.Received == o.Sent && o.ReceivedHash == o.FileHash
}

// Absent is how many of the file's pages may have been read from the disk besides
// what was to be: those that a warm run did not find at its beginning, and those that
// were taken out of the cache meanwhile.
func (o *Outcome) Absent(warm bool) int64 {
	if !warm {
		return o.Evicted
	}
	return o.Pages - o.ResidentBefore + o.Evicted
}

// Note is a remark on a run: a key of the message catalogues, and what to put
// into it.
type Note struct {
	Key  string         `json:"key"`
	Args map[string]any `json:"args,omitempty"`
}

// The keys of the notes.
const (
	// NoteCongestion: args name.
	NoteCongestion = "host.note.congestion"
	// NoteShort: args calls, the number of calls that moved fewer bytes than
	// they were asked to.
	NoteShort = "host.note.short"
	// NoteLost: args events; so many events of the kernel found no room.
	NoteLost = "host.note.lost"
	// NoteNotWarm: args resident and pages; the page cache did not take all.
	NoteNotWarm = "host.note.not-warm"
	// NoteEvicted: args resident and pages; pages left the page cache during
	// a warm run.
	NoteEvicted = "host.note.evicted"
	// NoteReclaimed: args pages; the kernel took so many of the file's pages out of the
	// page cache during the run, and those that were read again later count.
	NoteReclaimed = "host.note.reclaimed"
	// NoteSampled: args every; the thread's usage was read at every so many
	// calls, so per-call figures of faults and CPU time stand for several.
	NoteSampled = "host.note.sampled"
	// NotePaused: args ms; the run paused so long in all, 1 ms or more, while
	// the witness made events of full records and progress was told. Wall time
	// includes it, CPU time does not.
	NotePaused = "host.note.paused"
)
