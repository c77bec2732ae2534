package host

import (
	"os"

	"golang.org/x/sys/unix"
)

// readAt is one pread64(2); [os.File.ReadAt] would make more for a short one.
func readAt(f *os.File, b []byte, off int64) (int, error) { return unix.Pread(int(f.Fd()), b, off) }
