package vfs

import (
	"errors"
	"io/fs"
	"os"
)

// OS is the operating system's file system. Private is the same, but who else
// than its user cannot read the files that it makes (mode 0600).
var (
	OS      FS = system{0o644}
	Private FS = system{0o600}
)

// system makes files of the mode.
type system struct{ mode fs.FileMode }

func (s system) Open(name string, flag int) (File, error) {
	f, err := os.OpenFile(name, flag, s.mode)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (system) Stat(name string) (fs.FileInfo, error)      { return os.Stat(name) }
func (system) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }
func (system) MkdirAll(name string) error                 { return os.MkdirAll(name, 0o755) }
func (system) Rename(from, to string) error               { return os.Rename(from, to) }
func (system) Remove(name string) error                   { return os.Remove(name) }
func (system) Truncate(name string, size int64) error     { return os.Truncate(name, size) }

func (system) SyncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(syncDir(d), d.Close())
}

// osFile adds to *os.File what its platform needs.
type osFile struct{ *os.File }

func (f osFile) OS() *os.File { return f.File }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
