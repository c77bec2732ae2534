//go:build !linux

package vfs

import (
	"errors"
	"os"
	"runtime"
)

// Mappable: see the Linux file. Elsewhere the log reads and writes its indexes
// by calls, and refuses to append through mappings.
const Mappable = false

// noFollow, errLink: see the Linux file. Elsewhere links are followed.
const noFollow = 0

var errLink error = errors.New("a symbolic link that is not followed")

// syncDir: Windows has no fsync of directories.
func syncDir(d *os.File) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	return d.Sync()
}

func (f osFile) Allocate(size int64) error {
	now, err := f.Size()
	if err != nil || now >= size {
		return err
	}
	return f.Truncate(size)
}

func (f osFile) Map(position, size int64) ([]byte, error) { return nil, ErrNoMap }
func (f osFile) Unmap(m []byte) error                     { return ErrNoMap }
