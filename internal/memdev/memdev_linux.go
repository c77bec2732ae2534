package memdev

import "golang.org/x/sys/unix"

// major is that of the memory devices, the others are minors
// (Documentation/admin-guide/devices.txt).
const (
	major = 1
	null  = 3
	zero  = 5
	full  = 7
)

// Kind is what a device does.
type Kind struct {
	// Discards: a write takes what it is given and does not look at it (write_null,
	// drivers/char/mem.c).
	Discards bool
	// Zeroes: a read clears the buffer, and copies nothing there (read_iter_zero).
	Zeroes bool
}

// Of is that of what stat(2) says of a character device: nothing for most.
func Of(st *unix.Stat_t) Kind {
	if st.Mode&unix.S_IFMT != unix.S_IFCHR || unix.Major(st.Rdev) != major {
		return Kind{}
	}
	minor := unix.Minor(st.Rdev)
	return Kind{Discards: minor == null || minor == zero, Zeroes: minor == zero || minor == full}
}
