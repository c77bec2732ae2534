//go:build linux

// Package disk is a file system whose power can be cut: a layer over the operating
// system's that keeps, in another directory, what is on the disk for sure. The files
// themselves stay the operating system's, so a broker sends them by sendfile(2), and
// maps them.
//
// What a process wrote, truncated, made, renamed or removed is the kernel's: it
// outlasts the process. It is on the disk once the file, or for names the directory,
// was synced. [Cut] takes back what was not: each page of 4 KiB may have reached the
// disk or not, in any order, and one in part, each change of a name may have, too.
//
// The other directory has
//
//	inodes/N     a hard link to each file, so that it outlasts its names
//	safe/N       its content on the disk
//	names        the changes of names, one a line as JSON, see [naming]
package disk

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"copyscope/broker/vfs"
)

// naming is a change of names. Paths are below the data directory.
type naming struct {
	Make   string `json:"make,omitempty"` // a file, the inode of Inode; a directory, if that is 0
	Inode  uint64 `json:"inode,omitempty"`
	Gone   string `json:"gone,omitempty"` // with Make: it was renamed
	Synced string `json:"synced,omitempty"`
}

// Layer is the file system of a process.
type Layer struct {
	vfs.FS
	data, disk string

	mu    sync.Mutex
	names *os.File
	// written are the parts of files that this process changed since they were
	// synced. A file that is not there may have changed anywhere, before.
	written map[uint64]*changes
}

// changes are those of a file since its last sync.
type changes struct {
	parts  [][2]int64 // from, to
	mapped bool       // it is, or was: any of it may have changed
}

// New begins a process's layer over the data directory, with what is on the disk
// kept in the other one.
func New(data, disk string) (*Layer, error) {
	for _, dir := range []string{data, filepath.Join(disk, inodesName), filepath.Join(disk, safeName)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	names, err := os.OpenFile(filepath.Join(disk, namesName), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	return &Layer{FS: vfs.OS, data: data, disk: disk, names: names, written: map[uint64]*changes{}}, nil
}

const (
	inodesName = "inodes"
	safeName   = "safe"
	namesName  = "names"
)

func (l *Layer) inode(n uint64) string { return filepath.Join(l.disk, inodesName, fmt.Sprint(n)) }
func (l *Layer) safe(n uint64) string  { return filepath.Join(l.disk, safeName, fmt.Sprint(n)) }

// below is the path in the data directory.
func (l *Layer) below(name string) string {
	rel, err := filepath.Rel(l.data, name)
	if err != nil {
		return name
	}
	return rel
}

// note notes a change of names that was made. mu is held: the notes are in the order
// of the changes.
func (l *Layer) note(c naming) error {
	b, err := json.Marshal(c)
	if err == nil {
		_, err = l.names.Write(append(b, '\n'))
	}
	return err
}

func inodeOf(name string) (uint64, error) {
	info, err := os.Stat(name)
	if err != nil {
		return 0, err
	}
	return info.Sys().(*syscall.Stat_t).Ino, nil
}

func (l *Layer) Open(name string, flag int) (vfs.File, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, missing := os.Stat(name)
	f, err := l.FS.Open(name, flag)
	if err != nil {
		return nil, err
	}
	n, err := inodeOf(name)
	if err == nil && missing != nil {
		l.written[n] = &changes{}
		if err = os.Link(name, l.inode(n)); err == nil {
			err = l.note(naming{Make: l.below(name), Inode: n})
		}
	} else if err == nil && flag&os.O_TRUNC != 0 {
		delete(l.written, n)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &file{f, l, n}, nil
}

func (l *Layer) MkdirAll(name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := os.Stat(name); err == nil {
		return nil
	}
	if err := l.FS.MkdirAll(name); err != nil {
		return err
	}
	return l.note(naming{Make: l.below(name)})
}

func (l *Layer) Rename(from, to string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	n := info.Sys().(*syscall.Stat_t).Ino
	if info.IsDir() {
		n = 0
	}
	if err := l.FS.Rename(from, to); err != nil {
		return err
	}
	return l.note(naming{Make: l.below(to), Inode: n, Gone: l.below(from)})
}

func (l *Layer) Remove(name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.FS.Remove(name); err != nil {
		return err
	}
	return l.note(naming{Gone: l.below(name)})
}

func (l *Layer) Truncate(name string, size int64) error {
	f, err := l.Open(name, os.O_RDWR)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Close())
}

// SyncDir forces the names of a directory to the disk that is the other directory:
// fsync(2) itself is not called, as the machine's power is not what is cut.
func (l *Layer) SyncDir(name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := os.Stat(name); err != nil {
		return err
	}
	return l.note(naming{Synced: l.below(name)})
}

// sync copies what changed to what is on the disk.
func (l *Layer) sync(n uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.written[n]
	from, err := os.Open(l.inode(n))
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(l.safe(n), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer to.Close()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	parts := [][2]int64{{0, info.Size()}}
	if c != nil && !c.mapped {
		parts = c.parts
	}
	for _, p := range parts {
		if p[0] >= info.Size() {
			continue
		}
		if _, err := io.Copy(io.NewOffsetWriter(to, p[0]), io.NewSectionReader(from, p[0], min(p[1], info.Size())-p[0])); err != nil {
			return err
		}
	}
	l.written[n] = &changes{mapped: c != nil && c.mapped}
	return to.Truncate(info.Size())
}

// changed notes a change when it was made: a sync that comes in between copies it
// once more. Without an entry all is copied anyway.
func (l *Layer) changed(n uint64, from, to int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.written[n]; c != nil {
		c.parts = append(c.parts, [2]int64{from, to})
	}
}

type file struct {
	vfs.File
	l *Layer
	n uint64
}

func (f *file) WriteAt(b []byte, at int64) (int, error) {
	n, err := f.File.WriteAt(b, at)
	f.l.changed(f.n, at, at+int64(len(b)))
	return n, err
}

func (f *file) Truncate(size int64) error {
	was, err := f.Size()
	if err != nil {
		return err
	}
	err = f.File.Truncate(size)
	f.l.changed(f.n, min(was, size), max(was, size))
	return err
}

func (f *file) Allocate(size int64) error {
	was, err := f.Size()
	if err != nil {
		return err
	}
	err = f.File.Allocate(size)
	f.l.changed(f.n, min(was, size), size)
	return err
}

func (f *file) Map(position, size int64) ([]byte, error) {
	f.l.mu.Lock()
	f.l.written[f.n] = &changes{mapped: true}
	f.l.mu.Unlock()
	return f.File.Map(position, size)
}

func (f *file) Sync() error { return f.l.sync(f.n) }

// readNames reads the changes of names. The last line may be cut short by a kill.
func readNames(disk string) (all []naming, err error) {
	b, err := os.ReadFile(filepath.Join(disk, namesName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		var c naming
		if json.Unmarshal(lines.Bytes(), &c) == nil {
			all = append(all, c)
		}
	}
	return all, nil
}

var (
	_ vfs.FS   = (*Layer)(nil)
	_ vfs.File = (*file)(nil)
)
