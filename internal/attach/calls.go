package attach

// Call is a data-moving syscall of a watched process, or one that changes what its
// descriptors stand for.
type Call struct {
	Process, Thread int
	At              int64 // ns of CLOCK_MONOTONIC: its return, or its entry where that is what counts
	Began           int64 // its entry, on the same clock
	Name            string
	Args            [6]uint64
	Ret             int64 // −errno if it failed
	// Opened is the file that a call opened, if somebody read its name in time.
	Opened End
	// Dialed is the other end of a connection that the call opened, if the kernel told.
	Dialed *End
	// Record: what it writes begins with the header of a TLS record.
	Record bool
}

// move is what a syscall does to bytes and descriptors.
type move int

const (
	reads        move = iota // ssize_t read(int fd, void *buf, size_t n)
	readsVector              // the addresses are in user memory
	writes                   // ssize_t write(int fd, const void *buf, size_t n)
	writesVector             // the addresses are in user memory
	sendsFile                // sendfile(out, in, …)
	splices                  // splice(in, off, out, …)
	tees                     // tee(in, out, …)
	vmsplices                // vmsplice(fd, …)
	copiesRange              // copy_file_range(in, off, out, …)
	mapsFile                 // mmap(addr, length, prot, flags, fd, off)
	unmaps                   // munmap(addr, length)
	closes                   // close(fd)
	closesRange              // close_range(first, last, flags)
	opensFile                // openat(…) → fd
	makesSocket              // socket(…) → fd
	accepts                  // accept4(fd, …) → fd
	duplicates               // dup(fd) → fd
	controls                 // fcntl(fd, cmd, …)
	submits                  // io_uring_enter(fd, …)
	connects                 // connect(fd, …)
)

// syscallsByName are the calls that are watched; the man page of each has its
// arguments. entryAlone: what it does is done, for whoever comes after, when it is
// entered, so its return is not asked for.
var syscallsByName = map[string]struct {
	move       move
	entryAlone bool
}{
	"read": {move: reads}, "pread64": {move: reads}, "recvfrom": {move: reads},
	"readv": {move: readsVector}, "preadv": {move: readsVector}, "preadv2": {move: readsVector}, "recvmsg": {move: readsVector},
	"write": {move: writes}, "pwrite64": {move: writes}, "sendto": {move: writes},
	"writev": {move: writesVector}, "pwritev": {move: writesVector}, "pwritev2": {move: writesVector},
	"sendmsg": {move: writesVector}, "sendmmsg": {move: writesVector},
	"sendfile": {move: sendsFile}, "splice": {move: splices}, "tee": {move: tees}, "vmsplice": {move: vmsplices},
	"copy_file_range": {move: copiesRange}, "io_uring_enter": {move: submits},
	"mmap": {move: mapsFile}, "munmap": {move: unmaps, entryAlone: true},
	"close": {move: closes, entryAlone: true}, "close_range": {move: closesRange, entryAlone: true},
	"open": {move: opensFile}, "openat": {move: opensFile}, "openat2": {move: opensFile}, "creat": {move: opensFile},
	"socket": {move: makesSocket}, "accept": {move: accepts}, "accept4": {move: accepts}, "connect": {move: connects},
	"dup": {move: duplicates}, "dup2": {move: duplicates}, "dup3": {move: duplicates}, "fcntl": {move: controls},
}

// moving says whether a call moves bytes.
func (m move) moving() bool { return m <= copiesRange || m == submits }

const (
	msgPeek     = 0x2       // MSG_PEEK, include/linux/socket.h
	msgZerocopy = 0x4000000 // MSG_ZEROCOPY

	protWrite = 0x2 // include/uapi/asm-generic/mman-common.h
	protExec  = 0x4
	mapShared = 0x1 // include/uapi/linux/mman.h
	mapAnon   = 0x20

	openDirect = 0x4000 // O_DIRECT, include/uapi/asm-generic/fcntl.h

	dupFD        = 0 // F_DUPFD, include/uapi/asm-generic/fcntl.h
	dupFDCloexec = 1030
	setFlags     = 4 // F_SETFL
)

// flags are those of a call that sends or receives; 0 for all others.
func (c *Call) flags() uint64 {
	switch c.Name {
	case "sendto", "recvfrom", "sendmmsg":
		return c.Args[3]
	case "sendmsg", "recvmsg":
		return c.Args[2]
	}
	return 0
}
