//go:build unix

package broker

import (
	"errors"
	"os"
)

// syncDir forces a directory's entries to the disk: without it a power cut may
// undo a rename(2) that has returned (fsync(2), "Calling fsync() does not
// necessarily ensure that the entry in the directory has also reached disk").
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
