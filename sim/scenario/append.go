package scenario

import (
	"errors"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// engine is a way to append.
type engine struct {
	// put appends n bytes after done, which were put since the engine was made.
	put func(done, n int64) error
	// force brings what it put, and with all what the thread appended before as
	// well, to the disk.
	force func(all bool) error
	end   func() error
}

// append writes at the end of a file, by write(2) or by stores into a mapping.
func (w *worker) append(a *Append) error {
	fd := w.open(a.File)
	begin := w.writeEngine
	if a.Engine == "mmap" {
		begin = w.mmapEngine
	}
	e, err := begin(a, fd)
	if err != nil {
		return err
	}
	forced := w.forced[a.File]
	if forced == nil {
		forced = &flush{at: w.k.Now()}
		w.forced[a.File] = forced
	}
	receive, err := w.receiver(a)
	if err != nil {
		return err
	}
	before := forced.batches > 0 // by an earlier step
	for done := int64(0); done < int64(a.Bytes); {
		n := min(int64(a.Batch), int64(a.Bytes)-done)
		if err := receive(n); err != nil {
			return err
		}
		if err := e.put(done, n); err != nil {
			return err
		}
		done += n
		w.moved[w.group] += n
		forced.batches++
		if forced.due(a, w.k.Now()) {
			if err := e.force(before); err != nil {
				return err
			}
			*forced, before = flush{at: w.k.Now()}, false
		}
		if a.Pace > 0 {
			if err := w.k.Sleep("pace", trace.Ns(a.Pace)); err != nil {
				return err
			}
		}
	}
	return e.end()
}

// receiver is how a batch of n bytes comes into the thread's memory.
func (w *worker) receiver(a *Append) (func(n int64) error, error) {
	if !a.Received {
		return func(int64) error { return nil }, nil
	}
	in := w.k.Producer(int64(a.Bytes))
	buf, err := w.k.Alloc(int(min(a.Batch, a.Bytes)))
	return func(n int64) error {
		for n > 0 {
			got, err := w.k.Read("receive", in, buf.Slice(0, int(n)), nil)
			if err != nil {
				return err
			}
			if got == 0 {
				return errors.New("the producer hung up before all had come")
			}
			n -= int64(got)
		}
		return nil
	}, err
}

// flush is when a thread last forced a file to the disk, or began to append to
// it, and how many batches it has appended since. It outlasts the step: Kafka's
// bounds belong to the log.
type flush struct {
	at      trace.Ns
	batches int64
}

func (f *flush) due(a *Append, now trace.Ns) bool {
	switch a.Flush {
	case "every":
		return true
	case "messages":
		return f.batches >= a.Messages
	case "interval":
		return now-f.at >= trace.Ns(a.Interval)
	}
	return false
}

func (w *worker) writeEngine(a *Append, fd transfer.FD) (*engine, error) {
	buf, err := w.k.Alloc(int(min(a.Batch, a.Bytes)))
	return &engine{
		put: func(_, n int64) error {
			for n > 0 { // a call takes at most 2 GiB less a page
				done, err := w.k.Append("append", fd, buf.Slice(0, int(n)))
				if err != nil {
					return err
				}
				n -= int64(done)
			}
			return nil
		},
		force: func(bool) error { return w.k.Fsync("fsync", fd) },
		end:   func() error { w.k.Free(buf); return nil },
	}, err
}

// mmapEngine maps from the begin of the page that the file ends in, for a
// mapping's offset lies on a page, and stores from the file's end on.
func (w *worker) mmapEngine(a *Append, fd transfer.FD) (*engine, error) {
	end := w.m.SizeOf(w.files[a.File])
	tail := end % sim.PageBytes
	mem, err := w.k.MmapShared("mmap", fd, end-tail, int(tail+int64(a.Bytes)))
	return &engine{
		put: func(done, n int64) error { return w.k.Store("store", mem.Slice(int(tail+done), int(n))) },
		force: func(all bool) error {
			if all { // its mapping is gone
				return w.k.Fsync("fsync", fd)
			}
			return w.k.Msync("msync", mem)
		},
		end: func() error { return w.k.Munmap("munmap", mem) },
	}, err
}
