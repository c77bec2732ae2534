package attach

import (
	"fmt"
	"slices"

	"copyscope/internal/importer"
	"copyscope/internal/trace"
)

// Recent keeps the newest calls of a watch, so that they can be stepped through: a
// [Ledger] keeps sums alone. When there is no room a new call takes the place of the
// oldest, which is counted. A call takes 96 bytes, and they are only taken as
// calls come; keeping one takes some 100 ns.
//
// It belongs to the watch while that goes on.
type Recent struct {
	most    int
	calls   []recentCall
	oldest  int // where the next one goes, once there are most
	dropped int64
	// gaps is how often records were lost, requests how many io_uring had.
	gaps, requests int64
}

// recentCall is a call, with its thread by the id that it has in the system. One
// without a name is a gap: here the kernel's rings had no room.
type recentCall struct {
	importer.Call
	process int
}

// NewRecent keeps at most so many calls, 1 at the least.
func NewRecent(most int) *Recent { return &Recent{most: max(1, most)} }

// Dropped is how many calls came before those that are kept.
func (r *Recent) Dropped() int64 { return r.dropped }

// Len is how many calls are kept.
func (r *Recent) Len() (n int) {
	for i := range r.calls {
		if r.calls[i].Name != "" {
			n++
		}
	}
	return n
}

func (r *Recent) add(c recentCall) {
	if len(r.calls) < r.most {
		r.calls = append(r.calls, c)
		return
	}
	if r.calls[r.oldest].Name != "" {
		r.dropped++
	}
	r.calls[r.oldest] = c
	r.oldest = (r.oldest + 1) % r.most
}

// take keeps a call that was booked, with what its descriptors stand for now.
func (r *Recent) take(l *Ledger, t *table, c *Call) {
	kept := recentCall{process: c.Process, Call: importer.Call{Thread: c.Thread, Name: c.Name,
		At: trace.Ns(c.Began), End: trace.Ns(c.At), Ret: c.Ret, Returned: true}}
	if c.Ret < 0 {
		kept.Ret, kept.Errno = -1, importer.ErrnoName(-c.Ret)
	}
	kept.Ends(c.Args[:], func(fd int64) importer.FD { return fdOf(l.object(t, int(fd))) })
	if syscallsByName[c.Name].move == writes {
		_, kept.Mapped = t.mapping(c.Args[1])
	}
	r.add(kept)
}

// gap marks where records were lost.
func (r *Recent) gap(at int64) {
	r.gaps++
	r.add(recentCall{Call: importer.Call{At: trace.Ns(at), End: trace.Ns(at)}})
}

// fdOf is an object in the words of imported traces.
func fdOf(o *object) importer.FD {
	switch {
	case o.kind() == File && o.direct:
		return importer.DirectFD
	case o.kind() == File:
		return importer.FileFD
	case o.kind() == Socket:
		return importer.SocketFD
	case o.kind() == Pipe:
		return importer.PipeFD
	case o.kind() == Other && o.lookedAt == 0:
		return importer.UnknownFD
	}
	return importer.OtherFD
}

// TraceSource is the path of the runs that [Recent.Trace] makes: no transfer program's.
const TraceSource = "attach"

// What a trace of a watch cannot tell.
const (
	noCounts  = "attach watches system calls alone; perf script of the tracepoints tells more"
	whatCalls = "only calls that move bytes, or change what a descriptor stands for, are in it: no waits, no calls of other kinds, and none that had not returned when the watch ended"
)

// eventsOfCall is how many events a call has at the most: its entry, itself, what it
// moved, and its return.
const eventsOfCall = 4

// Trace makes a timeline of the calls that are kept, in the way in which the traces of
// other programs become one, and says in the run's notes what it does not tell.
// Threads are named after the processes.
func (r *Recent) Trace(processes []Process) (*importer.Imported, error) {
	names := map[int]string{}
	for _, p := range processes {
		names[p.PID] = p.Name
	}
	t := importer.New(eventsOfCall * len(r.calls))
	calls := append(slices.Clone(r.calls[r.oldest:]), r.calls[:r.oldest]...)
	if len(calls) > 0 {
		t.Since(slices.MinFunc(calls, func(a, b recentCall) int { return int(a.At - b.At) }).At)
	}
	for _, c := range calls {
		c.At, c.End = t.Since(c.At), t.Since(c.End)
		var err error
		if c.Name == "" {
			err = t.Add(trace.Event{At: c.At, Kind: trace.Wait, Actor: trace.UserCode, Detail: "gap", Provenance: trace.Unavailable})
		} else {
			c.Thread = t.Thread(c.Thread, names[c.process])
			err = t.Call(&c.Call)
		}
		if err != nil {
			return nil, err
		}
	}
	out := t.Finish(TraceSource, importer.Watch(noCounts))
	out.Facts = r.facts()
	out.Run.Notes = out.Facts
	return out, nil
}

// facts are sentences on what is not in the trace.
func (r *Recent) facts() []string {
	all := []string{whatCalls}
	if r.dropped > 0 {
		all = append(all, fmt.Sprintf("it has the newest %d calls; %d before them were not kept", r.Len(), r.dropped))
	}
	if r.gaps > 0 {
		all = append(all, fmt.Sprintf("records of the kernel found no room in its rings %d times: calls are missing where the gaps are marked", r.gaps))
	}
	if r.requests > 0 {
		all = append(all, fmt.Sprintf("%d requests of io_uring are not in it: they move bytes without a system call of their own", r.requests))
	}
	return all
}
