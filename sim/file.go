package sim

import (
	"math"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim/pagecache"
)

// FileID names one of a machine's files.
type FileID int32

// file is a modelled file: its size, its place on the disk, and its versions.
// Each overwrite makes a new version of a range.
type file struct {
	id     FileID
	name   string
	size   int64    // now
	end    int64    // of what was written; what was only allocated lies beyond
	made   int64    // as it was made
	base   int64    // where it begins on the disk
	writes []Extent // in order; version v holds writes[:v]
	grown  waiters  // who waits for it to become longer
	// writing: somebody has the inode's lock, for which writers wait.
	writing bool
	writers waiters
}

func (f *file) version() int { return len(f.writes) }

// changed says whether a byte of the extent was overwritten after the version
// that it was taken from.
func (f *file) changed(e Extent, since int) bool {
	for _, w := range f.writes[since:] {
		if w.Off < e.Off+e.Len && e.Off < w.Off+w.Len {
			return true
		}
	}
	return false
}

// spacing is what lies at least between the begins of two files on the disk, so
// that each may grow in one piece.
const spacing = 16 << 30

// AddFile puts another file on the machine's disk, of which the first cached
// bytes are in the page cache.
func (m *Machine) AddFile(name string, size, cached int64) FileID {
	f := &file{id: FileID(len(m.files)), name: name}
	if n := len(m.files); n > 0 {
		last := m.files[n-1]
		f.base = last.base + max(spacing, 2*last.made)
	}
	m.files = append(m.files, f)
	m.fill(f, size, cached)
	return f.id
}

// fill makes the file anew.
func (m *Machine) fill(f *file, size, cached int64) {
	m.cache.Drop(pagecache.File(f.id), 0, math.MaxInt64/PageBytes)
	*f = file{id: f.id, name: f.name, base: f.base, size: size, end: size, made: size}
	if cached > 0 {
		m.insert(f, 0, pages(0, cached))
	}
}

// Watch lets a function look up from the run before each syscall, and now and
// then while threads make none. If it returns an error, the call fails with it,
// and so in the end does the program; or else [Machine.Run] does.
func (m *Machine) Watch(f func() error) { m.watch = f }

// Carried is how many bytes have arrived at all receivers so far, what sealing
// adds among them; Loaded is how many calls have read into the programs' memory.
func (m *Machine) Carried() int64 { return m.carried }
func (m *Machine) Loaded() int64  { return m.loaded }

// SizeOf is the size of a file now.
func (m *Machine) SizeOf(id FileID) int64 { return m.files[id].size }

// Warm puts the first n bytes of a file into the page cache.
func (m *Machine) Warm(id FileID, n int64) {
	if n > 0 {
		m.insert(m.files[id], 0, pages(0, n))
	}
}

// Replace puts another file of so many bytes in the place of the machine's
// first, as warm or cold as the machine was made.
func (m *Machine) Replace(bytes int64) {
	warm := min(m.cfg.CachedBytes, bytes)
	if m.cfg.Warm {
		warm = bytes
	}
	m.fill(m.files[0], bytes, warm)
	for _, t := range m.threads { // whoever has it open begins anew
		for _, end := range t.k.open {
			if e, ok := end.(*fileEnd); ok && e.file == m.files[0] {
				*e = *open(e.file)
			}
		}
	}
}

// Truncate makes the first file shorter, as another process would.
func (m *Machine) Truncate(size int64) {
	f := m.files[0]
	f.size, f.end = min(f.size, size), min(f.end, size)
}

// Overwrite replaces bytes of the first file, as another process's write would.
func (m *Machine) Overwrite(off, n int64) {
	m.files[0].writes = append(m.files[0].writes, Extent{Off: off, Len: n})
}

// fileEnd is an open file description (open(2)): a file, a position in it, and
// how it is being read.
type fileEnd struct {
	*file
	position int64
	direct   bool // O_DIRECT
	// ra is the readahead state (struct file_ra_state, include/linux/fs.h), in
	// pages: the last window, how many pages at its end are still ahead of the
	// reader when the next window is asked for, and how large folios may be, as a
	// power of two.
	ra struct{ start, size, async, order int64 }
	// previous is the byte behind the last read (file_ra_state.prev_pos).
	previous int64
}

// nowhereYet is where a read ended that never was: no page lies there, and
// none follows it.
const nowhereYet = math.MinInt32 * PageBytes

func open(f *file) *fileEnd { return &fileEnd{file: f, previous: nowhereYet} }

// OpenFile opens a file: a descriptor with a position of its own.
func (k *Kernel) OpenFile(id FileID) transfer.FD { return k.add(open(k.m.files[id])) }

// where is the file offset that a call begins at; moved says where it ended.
func (f *fileEnd) where(off *int64) int64 {
	if off != nil {
		return *off
	}
	return f.position
}

func (f *fileEnd) moved(off *int64, n int64) {
	if off != nil {
		*off += n
	} else {
		f.position += n
	}
}

// The page cache, for a file.

// cached makes the file's bytes [off, off+n) available in the page cache and
// calls use for each piece in order, as soon as it can be used. Each page counts
// as used, the one that the disk has just brought too, but for the page that the
// last use ended in: a reader in small steps uses it once (filemap_read,
// mm/filemap.c: last_pos, pos_same_folio). last is the byte behind that use.
func (k *Kernel) cached(f *fileEnd, off, n, last int64, use func(off, n int64)) {
	end := off + n
	for off < end {
		piece := k.system.available(f, off, end)
		from := off / PageBytes
		if from == (last-1)/PageBytes {
			from++
		}
		k.system.accessed(f.file, from, pages(0, off+piece))
		use(off, piece)
		off += piece
		last = off
	}
	f.previous = end
}

func (m *Machine) resident(f *file, i, limit int64) int64 {
	return m.cache.Resident(pagecache.File(f.id), i, limit)
}

func (m *Machine) missing(f *file, i, limit int64) int64 {
	return m.cache.Missing(pagecache.File(f.id), i, limit)
}

// insert puts the pages [from, to) into the page cache. What it has no room for
// any more is evicted, and unmapped where it is mapped.
func (m *Machine) insert(f *file, from, to int64) {
	n := int64(0)
	for _, r := range m.cache.Insert(pagecache.File(f.id), from, to) {
		n += r.To - r.From
		for _, mp := range m.mappings {
			if mp.end.id == FileID(r.File) {
				mp.mapped.Drop(0, r.From, r.To)
			}
		}
	}
	if n > 0 && m.running != nil {
		m.spend(evict, m.costs.EvictTime*trace.Ns(n), 0, n, 0)
	}
}
