package transfer

// FD is a descriptor of an open file, socket or end of a pipe. Its value means
// something only to the kernel that gave it.
type FD int

// Label names a line of a transfer program. It is stable: pages, traces and
// lessons refer to it.
type Label string

// Mem is a range of user memory: a buffer from [Kernel.Alloc] or a mapping
// from [Kernel.Mmap]. The modelled kernel holds no bytes behind it, so programs
// pass ranges on and never look inside.
type Mem struct {
	// Handle is the kernel's name for the allocation.
	Handle int
	// Off and Len are in bytes, within the allocation.
	Off, Len int
}

// Slice is the part of m that begins at byte off and has n bytes.
func (m Mem) Slice(off, n int) Mem {
	if off < 0 || n < 0 || off+n > m.Len {
		panic("transfer: Mem.Slice out of range")
	}
	return Mem{Handle: m.Handle, Off: m.Off + off, Len: n}
}

// PipeEnds are the two ends of a pipe(7) and the bytes that it holds.
type PipeEnds struct {
	Read, Write FD
	Capacity    int
}

// Direction is what a program waits for.
type Direction int

const (
	Readable Direction = iota
	Writable
)

// Kernel is the set of syscalls that transfer programs use. The comments are
// the contract: every implementation obeys them, and one conformance table
// (package transfertest) holds each implementation to them.
//
// Common to all calls:
//   - Sizes and offsets are in bytes.
//   - A call may do less than it was asked to (a partial result): n > 0 with a
//     nil error. It never returns both n > 0 and an error.
//   - Errors are of type syscall.Errno, as the kernel gives them, unwrapped, so
//     that errors.Is(err, syscall.EPIPE) holds on every side.
//   - EINTR: nothing was done; repeat the call. EAGAIN: the descriptor is
//     non-blocking and not ready; nothing was done; [Kernel.Wait] says when to
//     repeat. Any call may return either.
//   - The label names the program's line; it is recorded with every event.
//   - off, where a call takes it, works as in sendfile(2): if nil, the file's
//     own position is used and moved by n; else *off is used and moved by n,
//     and the position stays.
//   - A kernel value serves one transfer at a time, from one goroutine.
type Kernel interface {
	// Alloc makes a user buffer of n bytes, n > 0. It stands for the program's
	// own memory, is no syscall and is not counted. ENOMEM.
	Alloc(n int) (Mem, error)
	// Free gives a buffer from Alloc back.
	Free(m Mem)

	// Read is read(2), with off pread64(2): up to dst.Len bytes from a file into
	// user memory. Blocks for the disk. 0 bytes mean end of file. EIO, EBADF.
	Read(l Label, in FD, dst Mem, off *int64) (int, error)

	// Write is write(2) to a socket: up to src.Len bytes from user memory.
	// Blocks while the socket buffer is full, unless the descriptor is
	// non-blocking. Never 0 bytes for src.Len > 0. EPIPE or ECONNRESET if the
	// peer is gone; EFAULT if src is a mapping whose file became shorter.
	Write(l Label, out FD, src Mem) (int, error)

	// Mmap is mmap(2), PROT_READ, MAP_SHARED, of n bytes, n > 0, of the file from
	// off on, which must be a multiple of the page size (EINVAL). Pages come in
	// by faults when they are first touched. ENOMEM, EACCES.
	Mmap(l Label, in FD, off int64, n int) (Mem, error)
	// Munmap is munmap(2) of a whole mapping.
	Munmap(l Label, m Mem) error

	// Sendfile is sendfile(2): up to n bytes from a file to a socket. Blocks as
	// Write does; a blocking call returns fewer than n bytes only at the end of
	// the file, after a signal, or at the kernel's limit of 2 GiB less a page.
	// 0 bytes mean end of file. EPIPE, ECONNRESET, EIO.
	Sendfile(l Label, out, in FD, off *int64, n int) (int, error)

	// Pipe is pipe2(2), followed by fcntl(2) F_SETPIPE_SZ if want is more than
	// the default of 16 pages. The capacity may be less than want: what
	// /proc/sys/fs/pipe-max-size allows without privilege. EMFILE.
	Pipe(l Label, want int) (PipeEnds, error)

	// Splice is splice(2): up to n bytes between a file or a socket and a pipe,
	// without copying them to user memory. Into a pipe it moves at most what is
	// free there, a page or part of a page to each slot, and blocks while the
	// pipe is full; out of a pipe it blocks while the pipe is empty or, for a
	// blocking socket, the socket buffer full. 0 bytes from a file mean end of
	// file. off belongs to the file; it is nil for a pipe to socket call. more
	// is SPLICE_F_MORE: further bytes follow soon, so a short packet may wait.
	// EPIPE, ECONNRESET, EIO.
	Splice(l Label, in FD, off *int64, out FD, n int, more bool) (int, error)

	// Close is close(2). The descriptor is gone whatever is returned.
	Close(l Label, fd FD) error

	// Wait is poll(2) for one descriptor, without time-out: it returns when fd
	// is ready in the direction, or has an error or a hang-up that the next call
	// will report.
	Wait(l Label, fd FD, d Direction) error

	// Touch reads every byte of m in user mode, as a checksum would. For a
	// mapping this takes the page faults there. If the file became shorter, the
	// kernel sends SIGBUS; that is returned as EFAULT, and the process lives.
	Touch(l Label, m Mem) error
}
