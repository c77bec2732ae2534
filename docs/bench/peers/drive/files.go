//go:build linux

package drive

import (
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// emptied removes the files of a directory.
func emptied(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	for _, name := range names {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// random writes a file of so many bytes that do not compress.
func random(name string, bytes int64) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = io.CopyN(f, rand.Reader, bytes)
	return err
}
