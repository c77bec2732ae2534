package vfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// OS is the operating system's file system. What it makes is for this user alone:
// records, and what passwords are checked with, are nobody else's business. On
// Linux it opens no file through a symbolic link: who can put one into a data
// directory would have other files of the user's overwritten.
var OS FS = system{}

type system struct{}

const (
	fileMode = 0o600
	dirMode  = 0o700
)

func (system) Open(name string, flag int) (File, error) {
	f, err := os.OpenFile(name, flag|noFollow, fileMode)
	if errors.Is(err, errLink) {
		return nil, fmt.Errorf("%w: it is a symbolic link, and files are not opened through those; put the file itself there", err)
	}
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (system) Lstat(name string) (fs.FileInfo, error)     { return os.Lstat(name) }
func (system) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }
func (system) MkdirAll(name string) error                 { return os.MkdirAll(name, dirMode) }
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
