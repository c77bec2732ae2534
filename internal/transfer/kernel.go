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
	// Alloc makes a user buffer of n bytes, n > 0; one of [DirectAlign] bytes or
	// more begins on a multiple of that. It stands for the program's own memory, is no syscall and is not
	// counted. ENOMEM.
	Alloc(n int) (Mem, error)
	// Free gives a buffer from Alloc back.
	Free(m Mem)

	// Read is read(2), with off pread64(2): up to dst.Len bytes from a file or a
	// connected socket into user memory. Blocks for the disk, or while the socket
	// has nothing. 0 bytes mean end of file, or that the peer has ended. off is
	// nil for a socket. From a descriptor of [Kernel.OpenDirect] the offset and
	// dst must lie on [DirectAlign] and dst.Len be a multiple of it. EIO, EBADF,
	// ECONNRESET, EINVAL.
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
	// pipe is full or the socket has nothing; out of a pipe it blocks while the
	// pipe is empty or, for a blocking socket, the socket buffer full. 0 bytes from
	// a file mean end of file, from a socket that the peer has ended. off belongs
	// to the file; it is nil for a call between a socket and a pipe. more is
	// SPLICE_F_MORE: further bytes follow soon, so a short packet may wait.
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

	// Tee is tee(2): up to n bytes that the pipe in holds are handed to the pipe
	// out as well, by reference; in keeps them. It moves no more than out has free
	// slots, and blocks while in is empty or out is full.
	Tee(l Label, in, out FD, n int) (int, error)

	// OpenDirect is openat(2) with O_DIRECT of the file that in is: a descriptor of
	// its own, with its position at 0, whose reads go past the page cache. EINVAL
	// if the file system has no such reads; EMFILE.
	OpenDirect(l Label, in FD) (FD, error)

	// EnableZerocopy is setsockopt(2) SO_ZEROCOPY, without which SendZerocopy
	// copies. Doing it twice does no harm.
	EnableZerocopy(l Label, out FD) error
	// SendZerocopy is sendto(2) with MSG_ZEROCOPY: as Write, but the socket takes
	// the buffer's pages by reference. src must not change until Completed says
	// that the kernel has let go of it: each call that succeeded has one
	// completion. ENOBUFS if more memory is pinned than the user may.
	SendZerocopy(l Label, out FD, src Mem) (int, error)
	// Completed waits with poll(2), POLLERR, for completions of SendZerocopy and
	// takes the next from the socket's error queue with recvmsg(2), MSG_ERRQUEUE.
	// EPIPE or ECONNRESET if the peer is gone and no completion is there.
	Completed(l Label, out FD) (Completion, error)

	// OpenRing is io_uring_setup(2), with the mappings of its queues: a ring that
	// takes so many requests at once. ENOSYS, EPERM, ENOMEM.
	OpenRing(l Label, entries int) (FD, error)
	// Enter is io_uring_enter(2): submits every operation and returns when all are
	// done, notifications of zero-copy sends included. The results stand in the
	// order of the operations and are valid until the next Enter. The error is that
	// of the call itself; then nothing was submitted.
	Enter(l Label, ring FD, ops []RingOp) ([]RingResult, error)

	// EnableTLS is setsockopt(2) TCP_ULP "tls", then TLS_TX: from then on the
	// kernel makes TLS records of what is sent. ENOENT if the kernel has none.
	EnableTLS(l Label, out FD) error
	// Encrypt makes TLS 1.3 records of src in dst, in user code: AES-128-GCM, up to
	// [TLSRecordBytes] of src to each. n is how many bytes of dst are used. It is
	// no syscall. EINVAL if dst is shorter than [TLSBound] of src.
	Encrypt(l Label, src, dst Mem) (int, error)
	// Compress makes a gzip member of src in dst, in user code; members in a row
	// are one gzip file (RFC 1952, section 2.2). n is how many bytes of dst are
	// used. It is no syscall. EINVAL if dst is shorter than [CompressBound] of src.
	Compress(l Label, src, dst Mem) (int, error)
}

// Completion tells that the kernel has let go of buffers: of those of the
// From-th to the To-th SendZerocopy on the socket, counted from 0
// (Documentation/networking/msg_zerocopy.rst).
type Completion struct {
	From, To uint32
	// Copied: the kernel copied the bytes after all (SO_EE_CODE_ZEROCOPY_COPIED).
	Copied bool
}

// RingOpKind is what an operation of a ring does.
type RingOpKind int

const (
	RingRead         RingOpKind = iota // IORING_OP_READ: from a file at Off
	RingSend                           // IORING_OP_SEND: to a socket
	RingSendZerocopy                   // IORING_OP_SEND_ZC: to a socket, by reference
)

// RingOp is one operation of [Kernel.Enter].
type RingOp struct {
	Kind RingOpKind
	FD   FD
	Mem  Mem
	// Off is the file offset of a read; -1 takes and moves the file's position.
	Off int64
	// Link lets the next operation wait for this one. If this one fails or does
	// less than it was asked to, the next gets ECANCELED.
	Link bool
}

// RingResult is what became of one operation: as the syscall of its name, N
// bytes or an errno.
type RingResult struct {
	N   int
	Err error
	// Copied: the notification of a zero-copy send says that the kernel copied
	// (IORING_NOTIF_USAGE_ZC_COPIED).
	Copied bool
}

const (
	// DirectAlign is what O_DIRECT reads are aligned to, in bytes: it suits disks
	// with sectors of 512 bytes and of 4 KiB (open(2), "O_DIRECT").
	DirectAlign = 4096
	// TLSRecordBytes is the most plaintext in one TLS record (RFC 8446, 5.1),
	// TLSOverheadBytes what a record adds to it: 5 of header, 1 of content type,
	// 16 of authentication tag (RFC 8446, 5.2).
	TLSRecordBytes   = 16 << 10
	TLSOverheadBytes = 22
)

// TLSBound is how long the records of n bytes, n > 0, are.
func TLSBound(n int) int { return n + (n+TLSRecordBytes-1)/TLSRecordBytes*TLSOverheadBytes }

// CompressBound is the most that gzip makes of n bytes: it stores what does not
// shrink, in blocks with a header of 5 bytes, between a header and a trailer of
// 18 bytes together (RFC 1951, 3.2.4; RFC 1952).
func CompressBound(n int) int { return n + n/1024 + 64 }
