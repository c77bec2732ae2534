package tracepoint

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Wanted is an event that a reader is to see, all of it or what a filter lets
// through (Documentation/trace/events.rst, event filtering).
type Wanted struct {
	*Event
	Filter string
}

// Hit is one time that a tracepoint was passed.
type Hit struct {
	At     int64 // ns of CLOCK_MONOTONIC, clock_gettime(2)
	Thread int32
	CPU    int
	ID     uint16 // of the event
	Raw    []byte // to be read through the event's fields
}

// Reader is a tracing instance of its own (Documentation/trace/ftrace.rst,
// instances): nobody else's tracing is seen or disturbed.
type Reader struct {
	name   string
	cpus   []int
	pipes  []int // of the processors, the same order; descriptors, for Go's poller would wait
	hits   []Hit
	page   []byte
	stream stream
	// thread is common_pid, which is at the same place in every event.
	thread Field
}

// number tells instances of one process apart.
var number atomic.Int64

const namePrefix = "copyscope-"

// Open makes an instance with a ring of so many bytes for each processor. It sees
// nothing before [Reader.Begin]. What dead processes of this program left behind is
// removed. EACCES and EPERM mean that this user may not.
func Open(bytes int, events ...Wanted) (*Reader, error) {
	r := &Reader{name: fmt.Sprintf("%s%d-%d", namePrefix, os.Getpid(), number.Add(1)), page: make([]byte, os.Getpagesize())}
	for _, e := range events {
		r.thread = e.fields["common_pid"]
	}
	err := at(func(tracefs string) error {
		clean(tracefs)
		dir := filepath.Join(tracefs, "instances", r.name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return fmt.Errorf("a tracing instance: %w", err)
		}
		return r.open(dir, bytes, events)
	})
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// clean removes the instances of processes that are no more.
func clean(tracefs string) {
	names, _ := leftIn(tracefs)
	for _, name := range names {
		_ = unix.Rmdir(filepath.Join(tracefs, "instances", name)) // EBUSY: somebody reads it
	}
}

// leftIn are the instances of processes that are no more.
func leftIn(tracefs string) (names []string, err error) {
	entries, err := os.ReadDir(filepath.Join(tracefs, "instances"))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), namePrefix)
		pid, _, _ := strings.Cut(rest, "-")
		n, err := strconv.Atoi(pid)
		if ours && err == nil && errors.Is(unix.Kill(n, 0), unix.ESRCH) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Left are the names of the instances that something killed left behind: their
// processes are no more. The next [Open] removes them.
func Left() (names []string, err error) {
	err = at(func(tracefs string) error {
		names, err = leftIn(tracefs)
		return err
	})
	return names, err
}

func (r *Reader) open(dir string, bytes int, events []Wanted) error {
	write := func(name, text string) error {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_TRUNC, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.WriteString(text)
		return err
	}
	for _, set := range [][2]string{
		{"tracing_on", "0"}, {"trace_clock", "mono"},
		{"options/overwrite", "0"}, // what finds no room is counted, and what was there before is kept
		{"buffer_percent", "0"},    // whoever waits is woken by the first hit
		{"buffer_size_kb", strconv.Itoa(max(bytes>>10, 1))},
	} {
		if err := write(set[0], set[1]); err != nil {
			return fmt.Errorf("a tracing instance: %s: %w", set[0], err)
		}
	}
	for _, e := range events {
		at := filepath.Join("events", strings.Replace(e.Name, ":", "/", 1))
		if e.Filter != "" {
			if err := write(filepath.Join(at, "filter"), e.Filter); err != nil {
				return fmt.Errorf("tracepoint %s: filter %q: %w", e.Name, e.Filter, err)
			}
		}
		if err := write(filepath.Join(at, "enable"), "1"); err != nil {
			return fmt.Errorf("tracepoint %s: %w", e.Name, err)
		}
	}
	cpus, err := OnlineCPUs()
	if err != nil {
		return err
	}
	for _, cpu := range cpus {
		f, err := unix.Open(fmt.Sprintf("%s/per_cpu/cpu%d/trace_pipe_raw", dir, cpu), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("the ring of processor %d: %w", cpu, err)
		}
		r.cpus, r.pipes = append(r.cpus, cpu), append(r.pipes, f)
	}
	return nil
}

// Begin lets hits in; End lets no more in.
func (r *Reader) Begin() error { return r.write("tracing_on", "1") }
func (r *Reader) End() error   { return r.write("tracing_on", "0") }

func (r *Reader) write(name, text string) error {
	return at(func(tracefs string) error {
		return os.WriteFile(filepath.Join(tracefs, "instances", r.name, name), []byte(text), 0)
	})
}

// Collect empties the rings into the reader's memory, so that they have room again.
// It may be called while hits are made.
func (r *Reader) Collect() error {
	for i := range r.pipes {
		err := r.eachPage(i, func(page []byte) {
			eachRecord(page, func(at int64, data []byte) {
				if len(data) < 8 {
					return
				}
				raw := bytes.Clone(data)
				r.hits = append(r.hits, Hit{At: at, Thread: int32(r.thread.Int(raw)), CPU: r.cpus[i], ID: binary.NativeEndian.Uint16(raw), Raw: raw})
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eachPage empties the ring of a processor.
func (r *Reader) eachPage(ring int, f func(page []byte)) error {
	for {
		n, err := unix.Read(r.pipes[ring], r.page)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN), err == nil && n == 0:
			return nil
		case err != nil:
			return fmt.Errorf("the ring of processor %d: %w", r.cpus[ring], err)
		default:
			f(r.page[:n])
		}
	}
}

// Hits collects, and returns all hits since the last call, by their time.
func (r *Reader) Hits() ([]Hit, error) {
	if err := r.Collect(); err != nil {
		return nil, err
	}
	out := r.hits
	r.hits = nil
	slices.SortStableFunc(out, func(a, b Hit) int { return cmp.Compare(a.At, b.At) })
	return out, nil
}

// Lost is how many hits found no room so far: what the rings' statistics call
// overrun and dropped (ring_buffer_overrun_cpu, kernel/trace/ring_buffer.c).
func (r *Reader) Lost() (lost int64, err error) {
	err = at(func(tracefs string) error {
		for _, cpu := range r.cpus {
			text, err := os.ReadFile(fmt.Sprintf("%s/instances/%s/per_cpu/cpu%d/stats", tracefs, r.name, cpu))
			if err != nil {
				return err
			}
			for line := range strings.Lines(string(text)) {
				name, value, _ := strings.Cut(line, ":")
				if name == "overrun" || name == "dropped events" {
					n, _ := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
					lost += n
				}
			}
		}
		return nil
	})
	return lost, err
}

// Close removes the instance.
func (r *Reader) Close() error {
	for _, pipe := range r.pipes {
		unix.Close(pipe)
	}
	r.pipes = nil
	return at(func(tracefs string) error {
		err := unix.Rmdir(filepath.Join(tracefs, "instances", r.name))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}
