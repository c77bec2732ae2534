package tracepoint

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// FollowForks lets what the watched threads start be watched from its first moment
// on: threads and processes alike (event-fork, Documentation/trace/ftrace.rst). To
// be called before [Reader.OnlyThreads], or a thread may slip through.
func (r *Reader) FollowForks() error { return r.write("options/event-fork", "1") }

// OnlyThreads adds to the threads whose hits are seen; once it was called, those of
// others are not (set_event_pid, Documentation/trace/events.rst). Threads that are
// no more are passed over.
func (r *Reader) OnlyThreads(ids ...int) error {
	return at(func(tracefs string) error {
		// A file that is truncated forgets the threads before.
		f, err := os.OpenFile(filepath.Join(tracefs, "instances", r.name, "set_event_pid"), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		for _, id := range ids {
			if _, err := f.WriteString(strconv.Itoa(id)); err != nil && !errors.Is(err, unix.ESRCH) {
				return err
			}
		}
		return nil
	})
}
