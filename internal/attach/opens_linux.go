package attach

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"

	"copyscope/internal/tracepoint"
)

// opens tells by what name files are opened. A tracepoint has the address of the name
// alone, and a server closes a file as soon as it has sent it: by the time that
// anybody looks, both may be gone. A BPF program reads the name while the call is
// made (bpf-helpers(7), bpf_probe_read_user_str).
type opens struct {
	watched *ebpf.Map // process → 1
	ring    *ebpf.Map
	reader  *ringbuf.Reader
	hooks   []int // perf events that the programs hang on
	close   []interface{ Close() error }
	seen    map[int32][]opened // by thread, in order
}

// opened is a call that is about to open a file.
type opened struct {
	at   int64 // ns of CLOCK_MONOTONIC
	dir  int
	name string
}

// The record that the program hands over:
//
//	0   8  time, ns of CLOCK_MONOTONIC
//	8   8  process in the upper half, thread in the lower one
//	16  8  dirfd, or AT_FDCWD
//	24 256 name, up to its NUL
const (
	openTime, openThread, openDir, openName = 0, 8, 16, 24

	nameBytes   = 256
	recordBytes = openName + nameBytes
	opensBytes  = 1 << 20 // room for some 3,600 opens between two looks
)

// openCalls are the tracepoints of calls that open files, and which argument has the
// name: the first is the folder that it is relative to, if it is not the name.
var openCalls = map[string]int{"syscalls:sys_enter_openat": 1, "syscalls:sys_enter_openat2": 1, "syscalls:sys_enter_open": 0}

// newOpens loads the programs. An error means that files which are closed soon have no
// name.
func newOpens() (*opens, error) {
	o := &opens{seen: map[int32][]opened{}}
	err := o.load()
	if err != nil {
		o.end()
		return nil, fmt.Errorf("names of files that are open for a moment only: %w", err)
	}
	return o, nil
}

func (o *opens) load() (err error) {
	if o.watched, err = ebpf.NewMap(&ebpf.MapSpec{Name: "watched", Type: ebpf.Hash, KeySize: 4, ValueSize: 4, MaxEntries: 4096}); err != nil {
		return err
	}
	o.close = append(o.close, o.watched)
	if o.ring, err = ebpf.NewMap(&ebpf.MapSpec{Name: "opens", Type: ebpf.RingBuf, MaxEntries: opensBytes}); err != nil {
		return err
	}
	o.close = append(o.close, o.ring)
	if o.reader, err = ringbuf.NewReader(o.ring); err != nil {
		return err
	}
	o.close = append(o.close, o.reader)
	hung := 0
	for name, argument := range openCalls {
		points, err := tracepoint.LoadAll(name)
		if err != nil {
			continue // not every processor has open(2)
		}
		if err := o.hang(points[name].ID, argument); err != nil {
			return err
		}
		hung++
	}
	if hung == 0 {
		return errors.New("this kernel has no tracepoints of single syscalls (CONFIG_FTRACE_SYSCALLS)")
	}
	return nil
}

// hang lets a program run at each hit of a tracepoint.
func (o *opens) hang(id uint64, argument int) error {
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{Name: "opens", Type: ebpf.TracePoint, License: "GPL", Instructions: o.program(argument)})
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

// program hands over the names that watched processes open. Its context is the
// tracepoint's data: 8 bytes, the call's number, and the arguments of 8 bytes each.
func (o *opens) program(argument int) asm.Instructions {
	const arguments = 16
	return asm.Instructions{
		asm.Mov.Reg(asm.R6, asm.R1),
		asm.FnGetCurrentPidTgid.Call(),
		asm.Mov.Reg(asm.R7, asm.R0),
		// Is its process watched?
		asm.RSh.Imm(asm.R0, 32),
		asm.StoreMem(asm.RFP, -4, asm.R0, asm.Word),
		asm.LoadMapPtr(asm.R1, o.watched.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -4),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "end"),
		// Is there room?
		asm.LoadMapPtr(asm.R1, o.ring.FD()),
		asm.Mov.Imm(asm.R2, recordBytes),
		asm.Mov.Imm(asm.R3, 0),
		asm.FnRingbufReserve.Call(),
		asm.JEq.Imm(asm.R0, 0, "end"),
		asm.Mov.Reg(asm.R8, asm.R0),
		asm.FnKtimeGetNs.Call(),
		asm.StoreMem(asm.R8, openTime, asm.R0, asm.DWord),
		asm.StoreMem(asm.R8, openThread, asm.R7, asm.DWord),
		asm.LoadMem(asm.R1, asm.R6, arguments, asm.DWord),
		asm.StoreMem(asm.R8, openDir, asm.R1, asm.DWord),
		asm.Mov.Reg(asm.R1, asm.R8),
		asm.Add.Imm(asm.R1, openName),
		asm.Mov.Imm(asm.R2, nameBytes),
		asm.LoadMem(asm.R3, asm.R6, int16(arguments+8*argument), asm.DWord),
		asm.FnProbeReadUserStr.Call(),
		// A name that cannot be read is an empty one.
		asm.JSGT.Imm(asm.R0, 0, "submit"),
		asm.Mov.Imm(asm.R1, 0),
		asm.StoreMem(asm.R8, openName, asm.R1, asm.Byte),
		asm.Mov.Reg(asm.R1, asm.R8).WithSymbol("submit"),
		asm.Mov.Imm(asm.R2, 0),
		asm.FnRingbufSubmit.Call(),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("end"),
		asm.Return(),
	}
}

// watch adds a process.
func (o *opens) watch(pid int) error {
	if o == nil {
		return nil
	}
	return o.watched.Put(uint32(pid), uint32(1))
}

// read takes over what the programs have handed over.
func (o *opens) read() {
	o.reader.SetDeadline(time.Unix(1, 0)) // long ago: what is there, and no waiting
	var r ringbuf.Record
	for o.reader.ReadInto(&r) == nil {
		if len(r.RawSample) < recordBytes {
			continue
		}
		word := func(at int) uint64 { return binary.NativeEndian.Uint64(r.RawSample[at:]) }
		name, _, _ := bytes.Cut(r.RawSample[openName:], []byte{0})
		thread := int32(word(openThread))
		o.seen[thread] = append(o.seen[thread], opened{int64(word(openTime)), int(int32(word(openDir))), string(name)})
	}
}

// of is what a thread opened by the call that it was in from one time to the other: the
// last name before its return, for a thread is in one call at a time. What came before
// is of calls that failed.
func (o *opens) of(thread int32, from, to int64) (opened, bool) {
	if o == nil {
		return opened{}, false
	}
	const clocks = 1e5 // ns between the two tracepoints of a call's entry
	for range 2 {
		list := o.seen[thread]
		for i := len(list) - 1; i >= 0; i-- {
			if n := list[i]; n.at >= from-clocks && n.at <= to {
				o.seen[thread] = list[i+1:]
				return n, n.name != ""
			}
		}
		o.read()
	}
	return opened{}, false
}

func (o *opens) end() {
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

// find is the file of a name that a process sees; nothing if it is none by now.
func (f files) find(process int, name string) End {
	if end, ok := f[name]; ok {
		return end
	}
	end := End{}
	root := fmt.Sprintf("/proc/%d/root", process)
	if at, err := os.Stat(root + name); err == nil && at.Mode().IsRegular() {
		end = End{Kind: File, Name: name, SizeBytes: at.Size()}
		// As /proc/PID/fd would have it: without symbolic links.
		if fd, err := unix.Open(root+name, unix.O_PATH|unix.O_CLOEXEC, 0); err == nil {
			if real, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)); err == nil {
				end.Name = real
			}
			_ = unix.Close(fd)
		}
	}
	f[name] = end
	return end
}
