package vfs

import (
	"os"

	"golang.org/x/sys/unix"
)

// Mappable says whether files can be mapped here and their space be made sure
// before: both are needed for a full disk to be an error and not SIGBUS.
const Mappable = true

// open(2): ELOOP is what O_NOFOLLOW gives for a symbolic link.
const (
	noFollow = unix.O_NOFOLLOW
	errLink  = unix.ELOOP
)

func syncDir(d *os.File) error { return d.Sync() }

func (f osFile) Allocate(size int64) error {
	for {
		err := unix.Fallocate(int(f.Fd()), 0, 0, size)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return &os.PathError{Op: "fallocate", Path: f.Name(), Err: err}
		}
		return nil
	}
}

func (f osFile) Map(position, size int64) ([]byte, error) {
	m, err := unix.Mmap(int(f.Fd()), position, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, &os.PathError{Op: "mmap", Path: f.Name(), Err: err}
	}
	return m, nil
}

func (f osFile) Unmap(m []byte) error { return unix.Munmap(m) }
