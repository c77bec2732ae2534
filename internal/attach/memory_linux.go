package attach

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"

	"copyscope/internal/tracepoint"
)

// memory tells what the arguments of calls point at: the names of files that are
// opened, and whether what is written begins a TLS record. A tracepoint has addresses
// alone, and by the time that anybody looks there, a server has closed the file and
// used the buffer again. A BPF program looks while the call is made (bpf-helpers(7),
// bpf_probe_read_user).
type memory struct {
	watched *ebpf.Map // process → 1
	ring    *ebpf.Map
	reader  *ringbuf.Reader
	hooks   []int // perf events that the programs hang on
	close   []interface{ Close() error }
	seen    map[int32][]opened // by thread, in order
	heads   map[int32][]int64  // when what a thread wrote began a TLS record
}

// opened is a call that is about to open a file.
type opened struct {
	at   int64 // ns of CLOCK_MONOTONIC
	dir  int
	name string
}

// The records that the programs hand over, of a call that opens a file and of one that
// writes what begins a TLS record:
//
//	0   8  time, ns of CLOCK_MONOTONIC
//	8   8  process in the upper half, thread in the lower one
//	16  8  dirfd, or AT_FDCWD           (of those that open)
//	24 256 name, up to its NUL
const (
	recordTime, recordThread, openDir, openName = 0, 8, 16, 24

	nameBytes = 256
	openBytes = openName + nameBytes
	headBytes = recordThread + 8
	// mostWatched are the processes at a time whose calls are looked at.
	mostWatched = 4096
	ringRoom    = 1 << 20 // for some 3,600 opens, or 40,000 writes, between two looks
)

// writeCalls are the tracepoints of calls that have the address of what they write.
var writeCalls = []string{"syscalls:sys_enter_write", "syscalls:sys_enter_sendto"}

// openCalls are the tracepoints of calls that open files, and which argument has the
// name: the first is the folder that it is relative to, if it is not the name.
var openCalls = map[string]int{"syscalls:sys_enter_openat": 1, "syscalls:sys_enter_openat2": 1, "syscalls:sys_enter_open": 0}

// newMemory loads the programs; follow watches what the watched processes start, too, from
// their first call. An error means that files which are closed soon have no name.
func newMemory(follow bool) (*memory, error) {
	o := &memory{seen: map[int32][]opened{}, heads: map[int32][]int64{}}
	err := o.load(follow)
	if err != nil {
		o.end()
		return nil, fmt.Errorf("what calls point at cannot be seen, so files that are open for a moment only have no name, and TLS is told by less: %w", err)
	}
	return o, nil
}

func (o *memory) load(follow bool) (err error) {
	if o.watched, err = ebpf.NewMap(&ebpf.MapSpec{Name: "watched", Type: ebpf.Hash, KeySize: 4, ValueSize: 4, MaxEntries: mostWatched}); err != nil {
		return err
	}
	o.close = append(o.close, o.watched)
	if o.ring, err = ebpf.NewMap(&ebpf.MapSpec{Name: "opens", Type: ebpf.RingBuf, MaxEntries: ringRoom}); err != nil {
		return err
	}
	o.close = append(o.close, o.ring)
	if o.reader, err = ringbuf.NewReader(o.ring); err != nil {
		return err
	}
	o.close = append(o.close, o.reader)
	hung := 0
	hang := func(name string, program asm.Instructions) error {
		points, err := tracepoint.LoadAll(name)
		if err != nil {
			return nil // not every processor has open(2)
		}
		hung++
		return o.hang(points[name].ID, program)
	}
	for name, argument := range openCalls {
		if err := hang(name, o.nameProgram(argument)); err != nil {
			return err
		}
	}
	for _, name := range writeCalls {
		if err := hang(name, o.headProgram()); err != nil {
			return err
		}
	}
	if hung == 0 {
		return errors.New("this kernel has no tracepoints of single syscalls (CONFIG_FTRACE_SYSCALLS)")
	}
	if follow {
		_ = o.follow() // else new processes are heard of by the reader, some too late
	}
	return nil
}

// follow hangs the program on that enters new processes.
func (o *memory) follow() error {
	points, err := tracepoint.LoadAll(pointNewTask)
	if err != nil {
		return err
	}
	program, err := o.forkProgram(points[pointNewTask])
	if err != nil {
		return err
	}
	return o.hang(points[pointNewTask].ID, program)
}

// hang lets a program run at each hit of a tracepoint.
func (o *memory) hang(id uint64, program asm.Instructions) error {
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{Name: "memory", Type: ebpf.TracePoint, License: "GPL", Instructions: program})
	if err != nil {
		return err
	}
	o.close = append(o.close, p)
	// The event counts on one processor; the program runs on all of them.
	fd, err := unix.PerfEventOpen(&unix.PerfEventAttr{Type: unix.PERF_TYPE_TRACEPOINT, Config: id, Size: unix.PERF_ATTR_SIZE_VER0}, -1, 0, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if err != nil {
		return err
	}
	o.hooks = append(o.hooks, fd)
	if err := unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_SET_BPF, p.FD()); err != nil {
		return err
	}
	return unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_ENABLE, 0)
}

// arguments is where a program's context has a call's arguments, of 8 bytes each: it is
// the tracepoint's data, 8 bytes and the call's number before them.
const arguments = 16

// ofWatched is how each program begins: it goes to end unless the process is watched,
// and leaves the context in R6, process and thread in R7.
func (o *memory) ofWatched() asm.Instructions {
	return asm.Instructions{
		asm.Mov.Reg(asm.R6, asm.R1),
		asm.FnGetCurrentPidTgid.Call(),
		asm.Mov.Reg(asm.R7, asm.R0),
		asm.RSh.Imm(asm.R0, 32),
		asm.StoreMem(asm.RFP, -4, asm.R0, asm.Word),
		asm.LoadMapPtr(asm.R1, o.watched.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -4),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "end"),
	}
}

// reserve makes room for a record, leaves it in R8, and writes time and thread.
func (o *memory) reserve(bytes int32) asm.Instructions {
	return asm.Instructions{
		asm.LoadMapPtr(asm.R1, o.ring.FD()),
		asm.Mov.Imm(asm.R2, bytes),
		asm.Mov.Imm(asm.R3, 0),
		asm.FnRingbufReserve.Call(),
		asm.JEq.Imm(asm.R0, 0, "end"),
		asm.Mov.Reg(asm.R8, asm.R0),
		asm.FnKtimeGetNs.Call(),
		asm.StoreMem(asm.R8, recordTime, asm.R0, asm.DWord),
		asm.StoreMem(asm.R8, recordThread, asm.R7, asm.DWord),
	}
}

// submit hands the record over and ends the program.
func submit() asm.Instructions {
	const noWakeup = 1 // BPF_RB_NO_WAKEUP: nobody waits
	return asm.Instructions{
		asm.Mov.Reg(asm.R1, asm.R8).WithSymbol("submit"),
		asm.Mov.Imm(asm.R2, noWakeup),
		asm.FnRingbufSubmit.Call(),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("end"),
		asm.Return(),
	}
}

// nameProgram hands over the names that watched processes open; one that cannot be
// read is empty.
func (o *memory) nameProgram(argument int) asm.Instructions {
	return slices.Concat(o.ofWatched(), o.reserve(openBytes), asm.Instructions{
		asm.LoadMem(asm.R1, asm.R6, arguments, asm.DWord),
		asm.StoreMem(asm.R8, openDir, asm.R1, asm.DWord),
		asm.Mov.Reg(asm.R1, asm.R8),
		asm.Add.Imm(asm.R1, openName),
		asm.Mov.Imm(asm.R2, nameBytes),
		asm.LoadMem(asm.R3, asm.R6, int16(arguments+8*argument), asm.DWord),
		asm.FnProbeReadUserStr.Call(),
		asm.JSGT.Imm(asm.R0, 0, "submit"),
		asm.Mov.Imm(asm.R1, 0),
		asm.StoreMem(asm.R8, openName, asm.R1, asm.Byte),
	}, submit())
}

// headProgram hands over that a watched process writes what begins with the header of
// a TLS record: handshake or application data, then the version 3.x (RFC 8446, 5.1).
func (o *memory) headProgram() asm.Instructions {
	const handshake, applicationData = 22, 23
	return slices.Concat(o.ofWatched(), asm.Instructions{
		asm.Mov.Reg(asm.R1, asm.RFP),
		asm.Add.Imm(asm.R1, -16),
		asm.Mov.Imm(asm.R2, 4),
		asm.LoadMem(asm.R3, asm.R6, arguments+8, asm.DWord),
		asm.FnProbeReadUser.Call(),
		asm.JNE.Imm(asm.R0, 0, "end"),
		asm.LoadMem(asm.R1, asm.RFP, -16, asm.Byte),
		asm.JLT.Imm(asm.R1, handshake, "end"),
		asm.JGT.Imm(asm.R1, applicationData, "end"),
		asm.LoadMem(asm.R1, asm.RFP, -15, asm.Byte),
		asm.JNE.Imm(asm.R1, 3, "end"),
		asm.LoadMem(asm.R1, asm.RFP, -14, asm.Byte),
		asm.JGT.Imm(asm.R1, 4, "end"),
	}, o.reserve(headBytes), submit())
}

// forkProgram adds the processes that watched ones start: by the time that anybody hears
// of one, it may have opened files, closed them and ended.
func (o *memory) forkProgram(newTask *tracepoint.Event) (asm.Instructions, error) {
	child, err := newTask.Field("pid")
	if err != nil {
		return nil, err
	}
	flags, err := newTask.Field("clone_flags")
	if err != nil {
		return nil, err
	}
	return slices.Concat(o.ofWatched(), asm.Instructions{
		asm.LoadMem(asm.R1, asm.R6, int16(flags.Offset()), asm.DWord),
		asm.And.Imm(asm.R1, unix.CLONE_THREAD),
		asm.JNE.Imm(asm.R1, 0, "end"),
		asm.LoadMem(asm.R1, asm.R6, int16(child.Offset()), asm.Word),
		asm.StoreMem(asm.RFP, -4, asm.R1, asm.Word),
		asm.StoreImm(asm.RFP, -8, 1, asm.Word),
		asm.LoadMapPtr(asm.R1, o.watched.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -4),
		asm.Mov.Reg(asm.R3, asm.RFP),
		asm.Add.Imm(asm.R3, -8),
		asm.Mov.Imm(asm.R4, unix.BPF_ANY),
		asm.FnMapUpdateElem.Call(),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("end"),
		asm.Return(),
	}), nil
}

// watch adds a process.
func (o *memory) watch(pid int) error {
	if o == nil {
		return nil
	}
	return o.watched.Put(uint32(pid), uint32(1))
}

// leave makes the room of a process that has ended free for others.
func (o *memory) leave(pid int) {
	if o != nil {
		_ = o.watched.Delete(uint32(pid)) // it may not be there
	}
}

// read takes over what the programs have handed over.
func (o *memory) read() {
	if o == nil {
		return
	}
	o.reader.SetDeadline(time.Unix(1, 0)) // long ago: what is there, and no waiting
	var r ringbuf.Record
	for o.reader.ReadInto(&r) == nil {
		word := func(at int) uint64 { return binary.NativeEndian.Uint64(r.RawSample[at:]) }
		if len(r.RawSample) < headBytes {
			continue
		}
		thread := int32(word(recordThread))
		if len(r.RawSample) < openBytes {
			o.heads[thread] = append(o.heads[thread], int64(word(recordTime)))
			continue
		}
		name, _, _ := bytes.Cut(r.RawSample[openName:], []byte{0})
		o.seen[thread] = append(o.seen[thread], opened{int64(word(recordTime)), int(int32(word(openDir))), string(name)})
	}
}

// clocks is how far the two tracepoints of a call's entry may be apart, in ns.
const clocks = 1e5

// of is what a thread opened by the call that it was in from one time to the other: the
// last name before its return, for a thread is in one call at a time. What came before
// is of calls that failed.
func (o *memory) of(thread int32, from, to int64) (opened, bool) {
	if o == nil {
		return opened{}, false
	}
	list := o.seen[thread]
	for i := len(list) - 1; i >= 0; i-- {
		if n := list[i]; n.at >= from-clocks && n.at <= to {
			o.seen[thread] = list[i+1:]
			return n, n.name != ""
		}
	}
	return opened{}, false
}

// head says whether what a thread wrote by the call that it was in from one time to the
// other began a TLS record.
func (o *memory) head(thread int32, from, to int64) bool {
	if o == nil || len(o.heads[thread]) == 0 {
		return false
	}
	list := o.heads[thread]
	n := 0
	for n < len(list) && list[n] <= to {
		n++
	}
	o.heads[thread] = list[n:]
	return n > 0 && list[n-1] >= from-clocks
}

func (o *memory) end() {
	if o == nil {
		return
	}
	for _, fd := range o.hooks {
		_ = unix.Close(fd)
	}
	for _, c := range o.close {
		_ = c.Close()
	}
}

// files finds files by the names that a process opens them by.
type files map[string]End

// linked says whether a name below /proc may lead to a file elsewhere (proc(5)): to
// another one for each process.
func linked(name string) bool {
	for _, link := range []string{"/fd/", "/root", "/cwd", "/exe", "/map_files/"} {
		if strings.Contains(name, link) {
			return true
		}
	}
	return false
}

// find is the file or device of a name, below a root; nothing if it is none by now.
func (f files) find(root func() string, name string) End {
	if end, ok := f[name]; ok {
		return end
	}
	end := End{}
	if strings.HasPrefix(name, "/proc/") {
		if !linked(name) {
			end = End{Kind: Other, Name: name}
		}
		return end
	}
	below := root()
	var st unix.Stat_t
	if below != "" && unix.Stat(below+name, &st) == nil {
		switch st.Mode & unix.S_IFMT {
		case unix.S_IFREG:
			end = End{Kind: File, Name: name, SizeBytes: st.Size}
			// As /proc/PID/fd would have it: without symbolic links.
			if fd, err := unix.Open(below+name, unix.O_PATH|unix.O_CLOEXEC, 0); err == nil {
				if real, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)); err == nil {
					end.Name = real
				}
				_ = unix.Close(fd)
			}
		case unix.S_IFCHR:
			end = device(name, &st)
		}
	}
	f[name] = end
	return end
}
