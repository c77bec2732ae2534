//go:build !linux

package host

import "os"

func readAt(f *os.File, b []byte, off int64) (int, error) { return f.ReadAt(b, off) }
