package log

import (
	"errors"
	"io/fs"
	"os"
	"sync"
	"syscall"

	"copyscope/broker/vfs"
)

// fileCache bounds how many files and mappings are open at a time: those in
// use, and of the others the most recently used.
type fileCache struct {
	fs    vfs.FS
	limit int

	mu   sync.Mutex
	open int
	// idle is a ring of those that are open and unused, latest first: its
	// links are in the files, so that using one allocates nothing.
	idle cachedFile
}

func newFileCache(fs vfs.FS, limit int) *fileCache {
	c := &fileCache{fs: fs, limit: limit}
	c.idle.before, c.idle.behind = &c.idle, &c.idle
	return c
}

// rest puts a file into the ring. c.mu is held.
func (c *fileCache) rest(f *cachedFile) {
	f.before, f.behind = &c.idle, c.idle.behind
	f.before.behind, f.behind.before = f, f
}

// unrest takes it out, if it is in. c.mu is held.
func (f *cachedFile) unrest() {
	if f.before != nil {
		f.before.behind, f.behind.before = f.behind, f.before
		f.before, f.behind = nil, nil
	}
}

// cachedFile is a file that is opened when it is used.
type cachedFile struct {
	cache *fileCache
	path  string

	opening sync.Mutex // one opens it

	// Under cache.mu.
	file           vfs.File
	users          int
	before, behind *cachedFile // in the ring of idle ones
	gone           bool        // it is closed as soon as nobody uses it
	replaced       bool        // another file has its path: it is not opened any more

	// The mapping of a part. It is made and dropped by one who uses the file
	// and keeps others from the mapping meanwhile.
	mapped []byte
	mapAt  int64 // its position in the file
	copied bool  // mapped is a copy in memory: this system has no mappings
}

// acquire opens the file if it is not open, and keeps it so until release.
func (f *cachedFile) acquire() (vfs.File, error) {
	if file := f.pin(); file != nil {
		return file, nil
	}
	f.opening.Lock()
	defer f.opening.Unlock()
	if file := f.pin(); file != nil {
		return file, nil
	}
	if f.wasReplaced() {
		return nil, &fs.PathError{Op: "open", Path: f.path, Err: fs.ErrNotExist}
	}
	file, err := f.cache.fs.Open(f.path, os.O_RDWR)
	if errors.Is(err, syscall.EMFILE) && f.cache.shed() {
		file, err = f.cache.fs.Open(f.path, os.O_RDWR)
	}
	if err != nil {
		return nil, err
	}
	c := f.cache
	c.mu.Lock()
	f.file, f.users = file, 1
	c.open++
	victims := c.excess()
	c.mu.Unlock()
	closeAll(victims)
	return file, nil
}

// pin is acquire for a file that is open, else nil.
func (f *cachedFile) pin() vfs.File {
	c := f.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.file == nil {
		return nil
	}
	f.unrest()
	f.users++
	return f.file
}

// released is a file that left the cache and is to be closed.
type released struct {
	file   vfs.File
	mapped []byte
	copied bool
}

// take empties f. c.mu is held.
func (f *cachedFile) take() released {
	r := released{f.file, f.mapped, f.copied}
	f.file, f.mapped, f.mapAt, f.gone = nil, nil, 0, false
	f.cache.open--
	return r
}

// excess takes out what is above the limit. c.mu is held.
func (c *fileCache) excess() (victims []released) {
	for c.open > c.limit && c.idle.before != &c.idle {
		f := c.idle.before
		f.unrest()
		victims = append(victims, f.take())
	}
	return victims
}

// shed closes half of what is idle: the process may have fewer descriptors than
// the limit says (setrlimit(2)), and connections need some. It is false if
// nothing was idle.
func (c *fileCache) shed() bool {
	c.mu.Lock()
	idle := 0
	for f := c.idle.before; f != &c.idle; f = f.before {
		idle++
	}
	victims := make([]released, 0, (idle+1)/2)
	for range cap(victims) {
		f := c.idle.before
		f.unrest()
		victims = append(victims, f.take())
	}
	c.mu.Unlock()
	closeAll(victims) // nothing of ours is lost: what was written is the kernel's
	return len(victims) > 0
}

func closeAll(all []released) (err error) {
	for _, r := range all {
		if r.mapped != nil && !r.copied {
			err = errors.Join(err, r.file.Unmap(r.mapped))
		}
		err = errors.Join(err, r.file.Close())
	}
	return err
}

// release lets go of what acquire gave.
func (f *cachedFile) release() {
	c := f.cache
	c.mu.Lock()
	var victims []released
	if f.users--; f.users == 0 {
		if f.gone {
			victims = append(victims, f.take())
		} else {
			c.rest(f)
			victims = c.excess()
		}
	}
	c.mu.Unlock()
	closeAll(victims) // nothing of ours is lost: what was written is the kernel's
}

// drop closes the file, now or when its last user is done. It may be acquired
// again, under its path of then.
func (f *cachedFile) drop() error {
	c := f.cache
	c.mu.Lock()
	var victims []released
	switch {
	case f.file == nil:
	case f.users > 0:
		f.gone = true
	default:
		f.unrest()
		victims = append(victims, f.take())
	}
	c.mu.Unlock()
	return closeAll(victims)
}

// replace is drop for a file whose path another one has now. The caller has
// acquired it, and had before the path changed: so nobody opened the other file in
// its name. Whoever comes later is told that the file does not exist, and looks
// anew.
func (f *cachedFile) replace() error {
	f.cache.mu.Lock()
	f.replaced = true
	f.cache.mu.Unlock()
	err := f.drop()
	f.release()
	return err
}

func (f *cachedFile) wasReplaced() bool {
	f.cache.mu.Lock()
	defer f.cache.mu.Unlock()
	return f.replaced
}

// view maps the part of the file and returns it. The caller has acquired the
// file.
func (f *cachedFile) view(position, size int64) ([]byte, error) {
	if f.mapped != nil && f.mapAt == position && int64(len(f.mapped)) == size {
		return f.mapped, nil
	}
	if err := f.unview(); err != nil {
		return nil, err
	}
	m, err := f.file.Map(position, size)
	if errors.Is(err, vfs.ErrNoMap) {
		m, f.copied = make([]byte, size), true
		_, err = f.file.ReadAt(m, position)
	}
	if err != nil {
		return nil, err
	}
	f.mapped, f.mapAt = m, position
	return m, nil
}

// unview ends what view began.
func (f *cachedFile) unview() error {
	m := f.mapped
	f.mapped = nil
	if m == nil || f.copied {
		return nil
	}
	return f.file.Unmap(m)
}
