package perfscript

import "copyscope/internal/importer"

// descriptors follow what the descriptors of processes stand for.
type descriptors struct {
	tables map[int]map[int64]importer.FD // by process
	of     map[int]int                   // a thread's process
}

// CLONE_FILES of clone(2), include/uapi/linux/sched.h.
const cloneFiles = 0x400

func newDescriptors() descriptors {
	return descriptors{tables: map[int]map[int64]importer.FD{}, of: map[int]int{}}
}

// thread tells a thread's process, if the trace does.
func (d *descriptors) thread(tid, pid int) {
	if pid >= 0 {
		d.of[tid] = pid
	}
}

func (d *descriptors) table(tid int) map[int64]importer.FD {
	process, ok := d.of[tid]
	if !ok {
		process = tid
	}
	t := d.tables[process]
	if t == nil {
		t = map[int64]importer.FD{}
		d.tables[process] = t
	}
	return t
}

// kind is what a descriptor of a thread stands for, as far as it is known.
func (d *descriptors) kind(tid int, fd int64) importer.FD {
	if kind, ok := d.table(tid)[fd]; ok {
		return kind
	}
	return importer.UnknownFD
}

// returned follows what a call made, copied or closed.
func (d *descriptors) returned(tid int, name string, args []uint64, ret int64) {
	if ret < 0 {
		return
	}
	t := d.table(tid)
	arg := func(i int) int64 {
		if i < len(args) {
			return int64(int32(args[i]))
		}
		return -1
	}
	switch name {
	case "open", "openat", "openat2", "creat", "memfd_create":
		t[ret] = importer.FileFD
	case "socket", "accept", "accept4":
		t[ret] = importer.SocketFD
	case "eventfd", "eventfd2", "epoll_create", "epoll_create1", "timerfd_create", "signalfd", "signalfd4", "inotify_init", "inotify_init1", "io_uring_setup",
		"pidfd_open", "perf_event_open", "bpf", "userfaultfd", "fanotify_init":
		t[ret] = importer.OtherFD
	case "dup", "dup2", "dup3":
		if kind, ok := t[arg(0)]; ok {
			t[ret] = kind
		} else {
			delete(t, ret)
		}
	case "close":
		delete(t, arg(0))
	case "clone", "fork", "vfork", "clone3":
		d.cloned(tid, int(ret), name, args)
	}
}

// cloned: a child has the descriptors of its parent, or a copy of them. clone3
// tells its flags in memory; the C library makes threads with it.
func (d *descriptors) cloned(parent, child int, name string, args []uint64) {
	if _, told := d.of[child]; told || child == 0 {
		return
	}
	shares := name == "clone3" || name == "clone" && len(args) > 0 && args[0]&cloneFiles != 0
	if process, ok := d.of[parent]; shares {
		if !ok {
			process = parent
		}
		d.of[child] = process
		return
	}
	if d.tables[child] == nil {
		copied := map[int64]importer.FD{}
		for fd, kind := range d.table(parent) {
			copied[fd] = kind
		}
		d.tables[child] = copied
	}
}
