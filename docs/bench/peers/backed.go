//go:build linux

package main

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// turnRate is more than any server takes of the memory, in bytes a second.
const turnRate = 2 << 30

// back has the kernel give out the memory that a turn may take, of all there is a
// quarter at most, and takes it back at once. A virtual machine whose free pages are
// reported to its host (virtio-balloon, VIRTIO_BALLOON_F_REPORTING; mm/page_reporting.c
// does so 2 s after they became free) has to get them from there again, which takes
// longer than writing to them: whoever writes to a file in such a moment is measured at
// half of its speed, and whoever keeps its memory is not. What was free a moment ago is
// given out first.
func back(turn time.Duration) error {
	total, err := memory()
	if err != nil {
		return err
	}
	bytes := min(int(turnRate*turn.Seconds()), int(total/4))
	b, err := unix.Mmap(-1, 0, bytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_POPULATE)
	if err != nil {
		return fmt.Errorf("mmap of %d bytes: %w", bytes, err)
	}
	return unix.Munmap(b)
}
