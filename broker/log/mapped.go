package log

import (
	"fmt"

	"copyscope/broker/vfs"
)

// mappedStep is how much of a segment is allocated and mapped at a time.
const mappedStep = 16 << 20

// putMapped copies the batch into a mapping of the file. The space is
// allocated before, so that a full disk is ENOSPC here and no SIGBUS there.
// The mapping is a window that moves on when it is full.
func (s *segment) putMapped(file vfs.File, b Batch, segmentBytes int64, calls *Calls) error {
	at, end := s.held.bytes, s.held.bytes+int64(len(b))
	f := &s.log
	if f.mapped == nil || at < f.mapAt || end > f.mapAt+int64(len(f.mapped)) {
		from := at / vfs.MapAlign * vfs.MapAlign
		size := max(min(mappedStep, segmentBytes-from), end-from)
		size = (size + vfs.MapAlign - 1) / vfs.MapAlign * vfs.MapAlign
		if f.mapped != nil {
			calls.Munmap++
		}
		if err := f.unview(); err != nil {
			return err
		}
		calls.Fallocate++
		calls.Mmap++
		s.allocated = max(s.allocated, from+size)
		if err := file.Allocate(from + size); err != nil {
			return err
		}
		if _, err := f.view(from, size); err != nil {
			return err
		}
		if f.copied {
			return fmt.Errorf("copyscope.append.engine=mmap: %w", vfs.ErrNoMap)
		}
	}
	copy(f.mapped[at-f.mapAt:], b)
	return nil
}
