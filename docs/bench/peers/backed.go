//go:build linux

package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// back has the kernel give out so many bytes of memory, and takes them back at once. A
// virtual machine whose free pages are reported to its host (virtio-balloon,
// VIRTIO_BALLOON_F_REPORTING; mm/page_reporting.c does so 2 s after they became free)
// has to get them from there again, which takes longer than writing to them: whoever
// writes to a file in such a moment is measured at half of its speed, and whoever keeps
// its memory is not. What was free a moment ago is given out first.
func back(bytes int) error {
	b, err := unix.Mmap(-1, 0, bytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_POPULATE)
	if err != nil {
		return fmt.Errorf("mmap of %d bytes: %w", bytes, err)
	}
	return unix.Munmap(b)
}
