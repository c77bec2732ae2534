package host

// call is one kind of syscall, as an index, so that counting is one addition.
type call int

const (
	callRead call = iota
	callPread
	callWrite
	callSendfile
	callSplice
	callMmap
	callMunmap
	callPipe
	callFcntl
	callClose
	callPoll
	numCalls

	// noCall is what user code does itself.
	noCall call = -1
)

// callNames are the names as strace(1) prints them.
var callNames = [numCalls]string{
	callRead: "read", callPread: "pread64", callWrite: "write", callSendfile: "sendfile", callSplice: "splice",
	callMmap: "mmap", callMunmap: "munmap", callPipe: "pipe2", callFcntl: "fcntl", callClose: "close", callPoll: "poll",
}

func (c call) String() string { return callNames[c] }

// Summary is what the serving kernel did since its last Reset.
type Summary struct {
	// SyscallsByName counts the syscalls, failed ones included. Nobody may
	// change it: transfers of a single call share theirs.
	SyscallsByName map[string]int64
	// Bytes were handed to the socket.
	Bytes int64
}

type tally struct {
	calls [numCalls]int64
	bytes int64
}

// single are the counts of transfers of one call, by that call: what most are.
var single = func() (all [numCalls]map[string]int64) {
	for c := range all {
		all[c] = map[string]int64{callNames[c]: 1}
	}
	return all
}()

func (t *tally) summary() Summary {
	total, only := int64(0), 0
	for c, n := range t.calls {
		if total += n; n > 0 {
			only = c
		}
	}
	if total == 1 {
		return Summary{SyscallsByName: single[only], Bytes: t.bytes}
	}
	s := Summary{SyscallsByName: map[string]int64{}, Bytes: t.bytes}
	for c, n := range t.calls {
		if n > 0 {
			s.SyscallsByName[call(c).String()] = n
		}
	}
	return s
}
