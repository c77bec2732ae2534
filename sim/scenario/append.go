package scenario

import (
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// append writes at the end of a file, by write(2) or by stores into a mapping.
func (w *worker) append(a *Append) error {
	fd := w.k.OpenFile(w.files[a.File])
	put, flush, end, err := w.engine(a, fd)
	if err != nil {
		return err
	}
	flushed := w.k.Now()
	for done := int64(0); done < int64(a.Bytes); {
		n := min(int64(a.Batch), int64(a.Bytes)-done)
		if err := put(done, n); err != nil {
			return err
		}
		done += n
		w.moved[w.group] += n
		if a.Flush == "every" || a.Flush == "interval" && w.k.Now()-flushed >= trace.Ns(a.Interval) {
			if err := flush(); err != nil {
				return err
			}
			flushed = w.k.Now()
		}
		if a.Pace > 0 {
			if err := w.k.Sleep("pace", trace.Ns(a.Pace)); err != nil {
				return err
			}
		}
	}
	return end()
}

// engine is how an append puts n bytes that come after done, forces them to the
// disk, and ends.
func (w *worker) engine(a *Append, fd transfer.FD) (put func(done, n int64) error, flush, end func() error, err error) {
	if a.Engine == "mmap" {
		begin := w.m.SizeOf(w.files[a.File]) / 4096 * 4096
		mem, err := w.k.MmapShared("mmap", fd, begin, int(a.Bytes))
		return func(done, n int64) error { return w.k.Store("store", mem.Slice(int(done), int(n))) },
			func() error { return w.k.Msync("msync", mem) },
			func() error { return w.k.Munmap("munmap", mem) }, err
	}
	buf, err := w.k.Alloc(int(a.Batch))
	return func(_, n int64) error {
			_, err := w.k.Append("append", fd, buf.Slice(0, int(n)))
			return err
		},
		func() error { return w.k.Fsync("fsync", fd) },
		func() error { w.k.Free(buf); return nil }, err
}
