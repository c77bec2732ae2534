package tracepoint

import (
	"os"
	"path/filepath"
	"strconv"
)

// FollowForks lets what the watched threads start be watched from its first moment
// on: threads and processes alike (event-fork, Documentation/trace/ftrace.rst). To
// be called before [Reader.OnlyThreads], or a thread may slip through.
func (r *Reader) FollowForks() error { return r.write("options/event-fork", "1") }

// OnlyThreads adds to the threads whose hits are seen; once it was called, those of
// others are not (set_event_pid, Documentation/trace/events.rst). Threads that are no
// more are passed over. All go in one write: for each, the kernel waits until no
// processor is in a tracepoint, some 20 ms.
func (r *Reader) OnlyThreads(ids ...int) error {
	if len(ids) == 0 {
		return nil
	}
	var text []byte
	for _, id := range ids {
		text = append(strconv.AppendInt(text, int64(id), 10), ' ')
	}
	return at(func(tracefs string) error {
		// A file that is truncated forgets the threads before.
		f, err := os.OpenFile(filepath.Join(tracefs, "instances", r.name, "set_event_pid"), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.Write(text)
		return err
	})
}
