package log

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"sync"

	"copyscope/broker/vfs"
)

const (
	offsetEntryBytes = 8
	timeEntryBytes   = 12
	// firstIndexBytes is allocated for an index with its first entry; each
	// time it is full it doubles. Kafka makes the whole segment.index.bytes at
	// once, as a sparse file whose mapping is a SIGBUS when the disk is full.
	firstIndexBytes = 4096
)

// indexFile is an array of entries of the same size, mapped. While it grows,
// zeros follow the entries; they are cut off when the segment is rolled and
// at a clean stop (AbstractIndex.trimToValidSize).
type indexFile struct {
	file  cachedFile
	width int64

	mu        sync.RWMutex // held for writing while the mapping changes
	count     int64        // entries
	allocated int64        // bytes of the file
	// viewing lets one map the file; several may then look at it.
	viewing sync.Mutex
	// scratch is where the one that appends encodes an entry.
	scratch [timeEntryBytes]byte
}

// entries calls look with the entries, mapped.
func (x *indexFile) entries(look func(b []byte)) error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.count == 0 {
		look(nil)
		return nil
	}
	if _, err := x.file.acquire(); err != nil {
		return err
	}
	defer x.file.release()
	x.viewing.Lock()
	m, err := x.file.view(0, x.allocated)
	x.viewing.Unlock()
	if err != nil {
		return err
	}
	look(m[:x.count*x.width])
	return nil
}

// search is the number of leading entries for which the condition holds, and
// the bytes of the last of them.
func (x *indexFile) search(holds func(entry []byte) bool) (last [timeEntryBytes]byte, found bool, err error) {
	err = x.entries(func(b []byte) {
		n := sort.Search(len(b)/int(x.width), func(i int) bool { return !holds(b[i*int(x.width):]) })
		if n > 0 {
			copy(last[:x.width], b[(n-1)*int(x.width):])
			found = true
		}
	})
	return last, found, err
}

// reserve makes sure that so many more entries fit: after it, add cannot fail.
func (x *indexFile) reserve(n int64) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	need := (x.count + n) * x.width
	file, err := x.file.acquire()
	if err != nil {
		return err
	}
	defer x.file.release()
	if need > x.allocated {
		size := max(x.allocated, firstIndexBytes)
		for size < need {
			size *= 2
		}
		if err := x.file.unview(); err != nil {
			return err
		}
		if err := file.Allocate(size); err != nil {
			return err
		}
		x.allocated = size
	}
	_, err = x.file.view(0, x.allocated)
	return err
}

// add appends an entry for which reserve made room.
func (x *indexFile) add(entry []byte) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	file, err := x.file.acquire()
	if err != nil {
		return err
	}
	defer x.file.release()
	m, err := x.file.view(0, x.allocated)
	if err != nil {
		return err
	}
	copy(m[x.count*x.width:], entry)
	if x.file.copied {
		if _, err := file.WriteAt(entry, x.count*x.width); err != nil {
			return err
		}
	}
	x.count++
	return nil
}

// trim cuts the file to its entries.
func (x *indexFile) trim() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.allocated == x.count*x.width {
		return nil
	}
	file, err := x.file.acquire()
	if err != nil {
		return err
	}
	defer x.file.release()
	if err := x.file.unview(); err != nil {
		return err
	}
	if err := file.Truncate(x.count * x.width); err != nil {
		return err
	}
	x.allocated = x.count * x.width
	return nil
}

// replace makes the file new with the entries.
func (x *indexFile) replace(entries []byte) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.file.drop(); err != nil {
		return err
	}
	out, err := x.file.cache.fs.Open(x.file.path, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		_, err = out.WriteAt(entries, 0)
	}
	x.count, x.allocated = int64(len(entries))/x.width, int64(len(entries))
	return errors.Join(err, out.Close())
}

// load looks at what a former run left: size bytes, perhaps with zeros behind
// the entries. It returns the last entry. An index that a segment cannot have
// is an error; it is built anew then.
func (x *indexFile) load(size int64) (last []byte, err error) {
	if size%x.width != 0 && size%vfs.MapAlign != 0 && size%firstIndexBytes != 0 {
		return nil, fmt.Errorf("%w: %d bytes are no multiple of %d", ErrCorrupt, size, x.width)
	}
	x.allocated = size
	if size < x.width {
		return nil, nil
	}
	in, err := x.file.cache.fs.Open(x.file.path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	at := func(i int64) []byte {
		b := make([]byte, x.width)
		if _, e := in.ReadAt(b, i*x.width); e != nil && !errors.Is(e, io.EOF) {
			err = e
		}
		return b
	}
	x.count = size / x.width
	last = at(x.count - 1)
	if isZero(last) {
		// Entry 0 alone may be all zeros: the batch at the start.
		x.count = int64(sort.Search(int(x.count), func(i int) bool { return isZero(at(int64(i))) }))
		if x.count > 0 {
			last = at(x.count - 1)
		}
	}
	if x.count == 0 {
		last = nil
	}
	return last, err
}

func isZero(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}
