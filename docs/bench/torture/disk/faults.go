//go:build linux

package disk

import (
	"io/fs"
	"path/filepath"
	"sync"
	"syscall"

	"copyscope/broker/vfs"
)

// Rule is a fault that calls meet, from when it is set.
type Rule struct {
	Call   string // one of Calls
	Ending string // of the file's name, "" for any
	Errno  string // EIO, ENOSPC, EINTR or EMFILE
	Skip   int    // calls that are spared before
	Times  int    // calls that meet it
	Short  int    // bytes that a write writes before
}

// Calls are those that can fail.
var Calls = []string{"open", "rename", "remove", "truncate", "syncdir", "write", "allocate", "sync", "map"}

var errnos = map[string]syscall.Errno{"EIO": syscall.EIO, "ENOSPC": syscall.ENOSPC, "EINTR": syscall.EINTR, "EMFILE": syscall.EMFILE}

// Faulty is a file system whose calls meet the rules of the moment. A file whose
// sync fails stays as it was, on the disk and in memory, and so does what a failed
// write did not write: what kernels do to the pages beyond that differs.
type Faulty struct {
	vfs.FS

	mu    sync.Mutex
	rules []Rule
}

// Set replaces the rules; none is no faults.
func (f *Faulty) Set(rules []Rule) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = append([]Rule(nil), rules...)
}

// meet is the error of a call, and the bytes of it that are done all the same.
func (f *Faulty) meet(call, name string) (short int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.rules {
		r := &f.rules[i]
		if r.Call != call || r.Ending != "" && r.Ending != filepath.Ext(name) || r.Times == 0 {
			continue
		}
		if r.Skip > 0 {
			r.Skip--
			continue
		}
		r.Times--
		return r.Short, &fs.PathError{Op: call, Path: name, Err: errnos[r.Errno]}
	}
	return 0, nil
}

func (f *Faulty) Open(name string, flag int) (vfs.File, error) {
	if _, err := f.meet("open", name); err != nil {
		return nil, err
	}
	of, err := f.FS.Open(name, flag)
	if err != nil {
		return nil, err
	}
	return faultyFile{of, f}, nil
}

func (f *Faulty) Rename(from, to string) error {
	if _, err := f.meet("rename", to); err != nil {
		return err
	}
	return f.FS.Rename(from, to)
}

func (f *Faulty) Remove(name string) error {
	if _, err := f.meet("remove", name); err != nil {
		return err
	}
	return f.FS.Remove(name)
}

func (f *Faulty) Truncate(name string, size int64) error {
	if _, err := f.meet("truncate", name); err != nil {
		return err
	}
	return f.FS.Truncate(name, size)
}

func (f *Faulty) SyncDir(name string) error {
	if _, err := f.meet("syncdir", name); err != nil {
		return err
	}
	return f.FS.SyncDir(name)
}

type faultyFile struct {
	vfs.File
	of *Faulty
}

func (f faultyFile) WriteAt(b []byte, at int64) (int, error) {
	short, err := f.of.meet("write", f.Name())
	if err == nil {
		return f.File.WriteAt(b, at)
	}
	n, _ := f.File.WriteAt(b[:min(short, len(b))], at)
	return n, err
}

func (f faultyFile) Truncate(size int64) error {
	if _, err := f.of.meet("truncate", f.Name()); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f faultyFile) Allocate(size int64) error {
	if _, err := f.of.meet("allocate", f.Name()); err != nil {
		return err
	}
	return f.File.Allocate(size)
}

func (f faultyFile) Sync() error {
	if _, err := f.of.meet("sync", f.Name()); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f faultyFile) Map(position, size int64) ([]byte, error) {
	if _, err := f.of.meet("map", f.Name()); err != nil {
		return nil, err
	}
	return f.File.Map(position, size)
}

var (
	_ vfs.FS   = (*Faulty)(nil)
	_ vfs.File = faultyFile{}
)
