package host

// call is one kind of syscall, as an index, so that counting is one addition.
type call int

const (
	callRead call = iota
	callPread
	callPreadv2
	callWrite
	callSendfile
	callSplice
	callMmap
	callMunmap
	callPipe
	callFcntl
	callClose
	callPoll
	callTee
	callOpenat
	callSetsockopt
	callSendto
	callRecvmsg
	callRingSetup
	callRingEnter
	numCalls

	// noCall is what user code does itself.
	noCall call = -1
)

// callNames are the names as strace(1) prints them.
var callNames = [numCalls]string{
	callRead: "read", callPread: "pread64", callPreadv2: "preadv2", callWrite: "write", callSendfile: "sendfile", callSplice: "splice",
	callMmap: "mmap", callMunmap: "munmap", callPipe: "pipe2", callFcntl: "fcntl", callClose: "close", callPoll: "poll",
	callTee: "tee", callOpenat: "openat", callSetsockopt: "setsockopt", callSendto: "sendto", callRecvmsg: "recvmsg",
	callRingSetup: "io_uring_setup", callRingEnter: "io_uring_enter",
}

func (c call) String() string { return callNames[c] }

// Summary is what the serving kernel did since its last Reset.
type Summary struct {
	// SyscallsByName counts the syscalls, failed ones included. Nobody may
	// change it: most transfers share one.
	SyscallsByName map[string]int64
	// Bytes were handed to the socket.
	Bytes int64
}

type tally struct {
	calls [numCalls]int64
	bytes int64
}

// plain are the counts of most transfers, by how often was asked whether the
// bytes are cached: once to three times, and one sendfile(2).
var plain = [...]map[string]int64{
	1: {callNames[callPreadv2]: 1, callNames[callSendfile]: 1},
	2: {callNames[callPreadv2]: 2, callNames[callSendfile]: 1},
	3: {callNames[callPreadv2]: 3, callNames[callSendfile]: 1},
}

func (t *tally) summary() Summary {
	if asked := t.calls[callPreadv2]; asked > 0 && asked < int64(len(plain)) && t.calls == [numCalls]int64{callPreadv2: asked, callSendfile: 1} {
		return Summary{SyscallsByName: plain[asked], Bytes: t.bytes}
	}
	s := Summary{SyscallsByName: map[string]int64{}, Bytes: t.bytes}
	for c, n := range t.calls {
		if n > 0 {
			s.SyscallsByName[call(c).String()] = n
		}
	}
	return s
}
