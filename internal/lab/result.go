package lab

import (
	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// Result is the outcome of one scenario.
type Result struct {
	Scenario Scenario
	// Run holds the first events of the run, as many as [Options].MaxEvents
	// allows, and what the run could not see.
	Run *trace.Run
	// TotalEvents is how many events there were.
	TotalEvents int
	// Counter holds the counts of the whole run, or of its first
	// [Options].Steps events.
	Counter *trace.Counter
	// Listing is the program.
	Listing []transfer.Line
	// Notes are remarks for the reader, for example which congestion control
	// was in force.
	Notes []Note
	// FileHash and ReceivedHash are XXH64 of the file and of what a real
	// receiver got, in hex. A simulated wire checks ranges instead of hashing.
	FileHash, ReceivedHash string
	// Absent is how many pages a real run may have had to bring in besides what it was
	// to: taken out of the page cache meanwhile or, if it is warm, not there at its
	// beginning.
	Absent int64
	// Log has every event of a simulated run, as far as [Options].Whole allows; nil
	// if that was not asked for.
	Log *trace.Log
	// Machine names the machine of a recorded run.
	Machine string
	// Alias is what the alias probe saw: "copy" if the old bytes arrived of
	// what was overwritten after it was sent, "lend" if the new ones did.
	Alias string
	// Samples of the sending thread's clock; nil if they were not asked for.
	Samples *Samples
}

// Note is a remark: a key of the message catalogues, and what to put into it.
type Note = host.Note

// Options say what to keep of a run.
type Options struct {
	// MaxEvents is how many events to keep; with 0 only the counts are kept. Of
	// them a simulated run leaves the first SkipEvents out of its result.
	MaxEvents, SkipEvents int
	// Whole is how many events of a simulated run its log has besides, at 36 bytes
	// each; 0: the result has no log.
	Whole int
	// Steps cuts the counts after that many events; 0 counts all.
	Steps int
	// AsThisHost gives the linux model this host's kernel settings (readahead,
	// pipe sizes) instead of the kernel's defaults.
	AsThisHost bool
	// Untraced leaves the kernel's tracepoints alone in a real run.
	Untraced bool
	// Samples takes samples of the sending thread's clock in a real run, which costs
	// it some time.
	Samples bool
	// Connections is how many sockets, each with a thread of its own, a simulated
	// run shares its bytes out to; 0 and 1 are the one of the textbook.
	Connections int
	// Progress is told now and then how many of the bytes are done.
	Progress func(done, total int64)
}

// recorder counts every event and keeps the first ones.
type recorder struct {
	run     *trace.Run
	counter *trace.Counter
	options Options
	total   int
}

func newRecorder(run *trace.Run, o Options) *recorder {
	return &recorder{run: run, counter: run.Counter(), options: o}
}

// Record implements [trace.Recorder].
func (r *recorder) Record(e trace.Event) {
	r.total++
	if r.options.Steps == 0 || r.total <= r.options.Steps {
		r.counter.Record(e)
	}
	if r.total <= r.options.MaxEvents {
		r.run.Record(e)
	}
}
