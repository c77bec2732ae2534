// Package vfs is the door through which the log reaches its files, so that a
// test can put another file system behind it: one that fails a call, or one
// that forgets what was not forced to the disk (see vfstest).
package vfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// ErrNoMap: this system's files cannot be mapped.
var ErrNoMap = errors.New("files cannot be mapped here")

// FS is a tree of files. Names are paths as package filepath makes them; errors
// are those of package os (errors.Is with fs.ErrNotExist and with the errno).
type FS interface {
	// Open opens a file, open(2). flag is a combination of os.O_RDONLY, O_RDWR,
	// O_CREATE, O_EXCL and O_TRUNC. A file that is made lasts beyond a power
	// cut once its directory was synced.
	Open(name string, flag int) (File, error)
	// Lstat is the size in bytes and the kind of a file, lstat(2): of a symbolic
	// link what the link is, not what it leads to.
	Lstat(name string) (fs.FileInfo, error)
	// ReadDir lists a directory by name.
	ReadDir(name string) ([]fs.DirEntry, error)
	// MkdirAll makes a directory and those above it. The lowest one that was
	// there before is not synced.
	MkdirAll(name string) error
	// Rename moves a file or directory, replacing a file, rename(2).
	Rename(from, to string) error
	// Remove removes a file or an empty directory, unlink(2).
	Remove(name string) error
	// Truncate sets a file's size, truncate(2).
	Truncate(name string, size int64) error
	// SyncDir forces the names in a directory to the disk: what was made,
	// renamed or removed in it (fsync(2) of the directory).
	SyncDir(name string) error
}

// File is an open file. Reads and writes name their place, so that goroutines
// can share it.
type File interface {
	io.ReaderAt
	// WriteAt writes all of b or tells why not; a part may be written then.
	io.WriterAt
	io.Closer
	Name() string
	Size() (int64, error)
	Truncate(size int64) error
	// Allocate makes the file's first size bytes sure: writing to them needs
	// no more space, fallocate(2). The file grows to size if it is smaller,
	// with zeros. ENOSPC if the disk is full.
	Allocate(size int64) error
	// Sync forces the content to the disk, fsync(2), what was written through
	// a mapping included.
	Sync() error
	// Map maps size bytes from the position, which is a multiple of
	// [MapAlign], mmap(2) with MAP_SHARED. The bytes must be allocated. The
	// file must not change its size while it is mapped. ErrNoMap where there
	// is no such thing.
	Map(position, size int64) ([]byte, error)
	// Unmap ends what Map began.
	Unmap(m []byte) error
	// OS is the operating system's file, nil where there is none.
	OS() *os.File
}

// MapAlign is what the position of a mapping is a multiple of: the largest
// page of the systems that we build for.
const MapAlign = 64 << 10

// NoSpace says whether the error is that the disk is full, or the user's share of it.
func NoSpace(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// Replace makes the content of a file new in one step: after a power cut the
// file has either the old or the new content, and the new one once Replace
// returned. It writes NAME.tmp, forces it to the disk, renames it, and forces
// the directory.
func Replace(f FS, name, dir string, content []byte) error {
	if err := write(f, name, content, File.Sync); err != nil {
		return err
	}
	return f.SyncDir(dir)
}

// Write is Replace for a file that is checked when it is read and can be made
// again: nothing is forced, so a power cut may leave anything.
func Write(f FS, name string, content []byte) error {
	return write(f, name, content, func(File) error { return nil })
}

func write(f FS, name string, content []byte, force func(File) error) error {
	tmp := name + TemporarySuffix
	out, err := f.Open(tmp, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	if _, err = out.WriteAt(content, 0); err == nil {
		err = force(out)
	}
	if err = errors.Join(err, out.Close()); err == nil {
		err = f.Rename(tmp, name)
	}
	if err != nil {
		return errors.Join(err, f.Remove(tmp))
	}
	return nil
}

// TemporarySuffix ends the name of a file that is not yet complete.
const TemporarySuffix = ".tmp"

// ReadFile reads a whole file of at most limit bytes.
func ReadFile(f FS, name string, limit int64) ([]byte, error) {
	in, err := f.Open(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	size, err := in.Size()
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("the file is larger than any that is written")}
	}
	b := make([]byte, size)
	n, err := in.ReadAt(b, 0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b[:n], err
}
