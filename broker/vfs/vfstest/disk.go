// Package vfstest has file systems for tests: one in memory whose power can be
// cut, and one that fails the calls that a script names.
package vfstest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"copyscope/broker/vfs"
)

// ErrCut: the power is off.
var ErrCut = errors.New("the power is off")

// Disk is a file system in memory. What is written, truncated, made, renamed
// or removed is volatile until the file or, for names, the directory is synced;
// nothing else is promised, as in POSIX. When the power is cut, each volatile
// change may have reached the disk or not, in any order, and a write in part.
type Disk struct {
	mu   sync.Mutex
	dice *rand.Rand
	root *node
	life int // counts restarts: files that were open before are not any more
	left int // changing calls until the power is cut, negative: never
	off  bool

	// Lies, which may be nil, says that a sync of the path does nothing and
	// tells success.
	Lies func(path string, dir bool) bool
}

// node is a file or directory.
type node struct {
	dir    bool
	data   []byte // of a file, now
	safe   []byte // and on the disk
	names  map[string]*node
	safely map[string]*node
	wrote  []write
	named  []naming
	maps   int
	mapped bool // it was, since the last sync: changes came unseen
}

// write is a volatile change of a file: bytes at a position, or, if they are
// nil, a new size.
type write struct {
	at    int64
	bytes []byte
}

// naming is a volatile change of a directory, done whole or not at all.
type naming struct {
	gone string
	name string
	node *node
}

// NewDisk is an empty disk with the dice of the seed.
func NewDisk(seed uint64) *Disk {
	return &Disk{dice: rand.New(rand.NewPCG(seed, 1)), root: newDir(), left: -1}
}

func newDir() *node {
	return &node{dir: true, names: map[string]*node{}, safely: map[string]*node{}}
}

// CutAfter ends everything in the middle of the n-th changing call from now:
// every call fails until Restart or Kill.
func (d *Disk) CutAfter(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left = n
}

// Restart cuts the power, if it is on, and brings back what was on the disk.
func (d *Disk) Restart() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.root = d.revive(d.root, map[*node]*node{})
	d.life++
	d.left, d.off = -1, false
}

// Kill ends the process, if it has not met its end at a call, and keeps what
// the kernel has: all that was done, synced or not.
func (d *Disk) Kill() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.life++
	d.left, d.off = -1, false
	d.root.unmap()
}

// unmap ends the mappings of a process that is gone.
func (n *node) unmap() {
	n.maps = 0
	for _, below := range n.names {
		below.unmap()
	}
}

// revive is what is left of a node.
func (d *Disk) revive(n *node, done map[*node]*node) *node {
	if again, ok := done[n]; ok {
		return again
	}
	if !n.dir {
		r := &node{safe: slices.Clone(n.safe)}
		done[n] = r
		for _, w := range d.reached(len(n.wrote)) {
			r.safe = n.wrote[w].apply(r.safe, d.dice)
		}
		if n.mapped && d.dice.IntN(2) == 0 {
			r.safe = slices.Clone(n.data) // the kernel wrote the mapping's pages by itself
		}
		r.data = slices.Clone(r.safe)
		return r
	}
	r := newDir()
	done[n] = r
	names := map[string]*node{}
	for k, v := range n.safely {
		names[k] = v
	}
	for _, i := range d.reached(len(n.named)) {
		n.named[i].apply(names)
	}
	sorted := make([]string, 0, len(names))
	for k := range names {
		sorted = append(sorted, k)
	}
	slices.Sort(sorted) // the dice fall in the same order each time
	for _, k := range sorted {
		r.names[k] = d.revive(names[k], done)
		r.safely[k] = r.names[k]
	}
	return r
}

// reached draws which of n volatile changes reached the disk: none, the first
// ones, or any.
func (d *Disk) reached(n int) (some []int) {
	switch d.dice.IntN(3) {
	case 1:
		for i := range d.dice.IntN(n + 1) {
			some = append(some, i)
		}
	case 2:
		for i := range n {
			if d.dice.IntN(2) == 0 {
				some = append(some, i)
			}
		}
	}
	return some
}

func (w write) apply(to []byte, torn *rand.Rand) []byte {
	if w.bytes == nil {
		return resize(to, w.at)
	}
	b := w.bytes
	if torn != nil && torn.IntN(4) == 0 {
		b = b[:torn.IntN(len(b)+1)]
	}
	to = resize(to, max(int64(len(to)), w.at+int64(len(b))))
	copy(to[w.at:], b)
	return to
}

func resize(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size]
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}

func (c naming) apply(names map[string]*node) {
	if c.gone != "" {
		delete(names, c.gone)
	}
	if c.name != "" {
		names[c.name] = c.node
	}
}

func (n *node) change(c naming) {
	c.apply(n.names)
	n.named = append(n.named, c)
}

// changes counts a changing call. It is false for the one at which the power
// goes; mu is held.
func (d *Disk) changes() (goes bool, err error) {
	if d.off {
		return false, ErrCut
	}
	if d.left > 0 {
		d.left--
	}
	if d.left == 0 {
		d.off = true
		return true, nil
	}
	return false, nil
}

// find is the node of a path, or fs.ErrNotExist. mu is held.
func (d *Disk) find(op, path string) (*node, error) {
	if d.off {
		return nil, ErrCut
	}
	n := d.root
	for _, part := range strings.Split(filepath.ToSlash(filepath.Clean(path)), "/") {
		if part == "" || part == "." {
			continue
		}
		if n == nil || !n.dir || n.names[part] == nil {
			return nil, &fs.PathError{Op: op, Path: path, Err: fs.ErrNotExist}
		}
		n = n.names[part]
	}
	return n, nil
}

func (d *Disk) Open(name string, flag int) (vfs.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	parent, err := d.find("open", filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	n := parent.names[filepath.Base(name)]
	if n == nil {
		if flag&os.O_CREATE == 0 {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		if goes, err := d.changes(); goes || err != nil {
			return nil, ErrCut
		}
		n = &node{}
		parent.change(naming{name: filepath.Base(name), node: n})
	}
	f := &file{d, n, name, d.life}
	if flag&os.O_TRUNC != 0 && len(n.data) > 0 {
		n.must(0)
		n.set(write{at: 0})
	}
	return f, nil
}

func (d *Disk) Lstat(name string) (fs.FileInfo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find("lstat", name)
	if err != nil {
		return nil, err
	}
	return info{filepath.Base(name), n.dir, int64(len(n.data))}, nil
}

func (d *Disk) ReadDir(name string) ([]fs.DirEntry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find("readdir", name)
	if err != nil {
		return nil, err
	}
	var all []fs.DirEntry
	for k, v := range n.names {
		all = append(all, fs.FileInfoToDirEntry(info{k, v.dir, int64(len(v.data))}))
	}
	slices.SortFunc(all, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return all, nil
}

func (d *Disk) MkdirAll(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.root
	for _, part := range strings.Split(filepath.ToSlash(filepath.Clean(name)), "/") {
		if part == "" {
			continue
		}
		if n.names[part] == nil {
			if goes, err := d.changes(); goes || err != nil {
				return ErrCut
			}
			n.change(naming{name: part, node: newDir()})
		}
		n = n.names[part]
	}
	return nil
}

func (d *Disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find("rename", from)
	if err != nil {
		return err
	}
	parent, err := d.find("rename", filepath.Dir(from))
	if err != nil {
		return err
	}
	if filepath.Dir(from) != filepath.Dir(to) {
		return fmt.Errorf("rename of %s to another directory: this disk has no such thing", from)
	}
	if goes, err := d.changes(); err != nil || goes && d.dice.IntN(2) == 0 {
		return ErrCut
	}
	parent.change(naming{gone: filepath.Base(from), name: filepath.Base(to), node: n})
	return nil
}

func (d *Disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find("remove", name)
	if err != nil {
		return err
	}
	if n.dir && len(n.names) > 0 {
		return &fs.PathError{Op: "remove", Path: name, Err: errors.New("directory not empty")}
	}
	parent, err := d.find("remove", filepath.Dir(name))
	if err != nil {
		return err
	}
	if _, err := d.changes(); err != nil {
		return err
	}
	parent.change(naming{gone: filepath.Base(name)})
	return nil
}

func (d *Disk) Truncate(name string, size int64) error {
	f, err := d.Open(name, os.O_RDWR)
	if err != nil {
		return err
	}
	return f.Truncate(size)
}

func (d *Disk) SyncDir(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find("sync", name)
	if err != nil {
		return err
	}
	if goes, err := d.changes(); goes || err != nil {
		return ErrCut
	}
	if d.Lies != nil && d.Lies(name, true) {
		return nil
	}
	n.safely = make(map[string]*node, len(n.names))
	for k, v := range n.names {
		n.safely[k] = v
	}
	n.named = nil
	return nil
}

// set makes a volatile change.
func (n *node) set(w write) {
	n.data = w.apply(n.data, nil)
	n.wrote = append(n.wrote, w)
}

// must holds the caller to the contract of mappings.
func (n *node) must(size int64) {
	if n.maps > 0 && size != int64(len(n.data)) {
		panic("a file changes its size while it is mapped")
	}
}

type file struct {
	d    *Disk
	n    *node
	name string
	life int
}

// on locks the disk if the power has been on since the file was opened.
func (f *file) on() error {
	f.d.mu.Lock()
	if f.d.off || f.d.life != f.life {
		f.d.mu.Unlock()
		return ErrCut
	}
	return nil
}

func (f *file) Name() string { return f.name }
func (f *file) OS() *os.File { return nil }
func (f *file) Close() error { return nil }

func (f *file) Size() (int64, error) {
	if err := f.on(); err != nil {
		return 0, err
	}
	defer f.d.mu.Unlock()
	return int64(len(f.n.data)), nil
}

func (f *file) ReadAt(b []byte, at int64) (int, error) {
	if err := f.on(); err != nil {
		return 0, err
	}
	defer f.d.mu.Unlock()
	if at >= int64(len(f.n.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.n.data[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) WriteAt(b []byte, at int64) (int, error) {
	if err := f.on(); err != nil {
		return 0, err
	}
	defer f.d.mu.Unlock()
	goes, err := f.d.changes()
	if err != nil {
		return 0, err
	}
	f.n.must(max(int64(len(f.n.data)), at+int64(len(b))))
	if goes {
		b = b[:f.d.dice.IntN(len(b)+1)] // the end comes in the middle of it
	}
	if len(b) > 0 {
		f.n.set(write{at, slices.Clone(b)})
	}
	if goes {
		return 0, ErrCut
	}
	return len(b), nil
}

func (f *file) Truncate(size int64) error {
	if err := f.on(); err != nil {
		return err
	}
	defer f.d.mu.Unlock()
	if _, err := f.d.changes(); err != nil {
		return err
	}
	f.n.must(size)
	f.n.set(write{at: size})
	return nil
}

func (f *file) Allocate(size int64) error {
	now, err := f.Size()
	if err != nil || now >= size {
		return err
	}
	return f.Truncate(size)
}

func (f *file) Sync() error {
	if err := f.on(); err != nil {
		return err
	}
	defer f.d.mu.Unlock()
	if goes, err := f.d.changes(); goes || err != nil {
		return ErrCut
	}
	if f.d.Lies != nil && f.d.Lies(f.name, false) {
		return nil
	}
	if f.n.mapped {
		f.n.safe = slices.Clone(f.n.data)
	} else {
		for _, w := range f.n.wrote {
			f.n.safe = w.apply(f.n.safe, nil)
		}
	}
	f.n.wrote, f.n.mapped = nil, f.n.maps > 0
	return nil
}

func (f *file) Map(position, size int64) ([]byte, error) {
	if err := f.on(); err != nil {
		return nil, err
	}
	defer f.d.mu.Unlock()
	if position%vfs.MapAlign != 0 || position+size > int64(len(f.n.data)) {
		return nil, fmt.Errorf("map %s: bytes %d to %d of %d: a SIGBUS waits there", f.name, position, position+size, len(f.n.data))
	}
	f.n.maps++
	f.n.mapped = true
	return f.n.data[position : position+size : position+size], nil
}

func (f *file) Unmap([]byte) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	f.n.maps--
	return nil
}

type info struct {
	name string
	dir  bool
	size int64
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) IsDir() bool        { return i.dir }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o755
	}
	return 0o600
}

var (
	_ vfs.FS   = (*Disk)(nil)
	_ vfs.File = (*file)(nil)
)
