package log

// Calls are the syscalls that put a batch into its segment. A short pwrite(2),
// which Go's runtime continues, counts as one.
type Calls struct {
	Pwrite, Fallocate, Mmap, Munmap int64
}
