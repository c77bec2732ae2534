package broker

import "golang.org/x/sys/unix"

// diskSpace is the size of the file system that holds the path, and what is
// free on it for this user, in bytes (statfs(2)); -1 if it cannot be told.
func diskSpace(path string) (total, usable int64) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return -1, -1
	}
	return int64(s.Blocks) * s.Frsize, int64(s.Bavail) * s.Frsize
}
