package host

import (
	"bytes"
	"strconv"

	"golang.org/x/sys/unix"

	"copyscope/internal/trace"
)

// usage is what the calling thread has used since it began, or the difference
// of two such readings.
type usage struct {
	cpu                      trace.Ns
	minorFaults, majorFaults int64
	voluntary, involuntary   int64
	// diskBytes were read from devices on behalf of the thread.
	diskBytes int64
}

func (u usage) minus(v usage) usage {
	return usage{u.cpu - v.cpu, u.minorFaults - v.minorFaults, u.majorFaults - v.majorFaults,
		u.voluntary - v.voluntary, u.involuntary - v.involuntary, u.diskBytes - v.diskBytes}
}

// meter reads a thread's usage.
type meter struct {
	// io is /proc/thread-self/io, kept open, or -1.
	io  int
	buf [512]byte
}

// openMeter makes the meter of the calling thread.
func openMeter() *meter {
	fd, err := unix.Open("/proc/thread-self/io", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		fd = -1
	}
	return &meter{io: fd}
}

func (m *meter) close() {
	if m.io >= 0 {
		unix.Close(m.io)
	}
}

// read takes faults and context switches from getrusage(2), RUSAGE_THREAD, and
// processor time from clock_gettime(2), CLOCK_THREAD_CPUTIME_ID: getrusage
// tells time only as of the last timer tick. Disk bytes are left out.
func (m *meter) read() (u usage) {
	u.cpu = threadCPU()
	var r unix.Rusage
	if unix.Getrusage(unix.RUSAGE_THREAD, &r) == nil {
		u.minorFaults, u.majorFaults = r.Minflt, r.Majflt
		u.voluntary, u.involuntary = r.Nvcsw, r.Nivcsw
	}
	return u
}

// disk is what was read from devices on behalf of the thread so far, in bytes;
// 0 if the kernel does not tell.
func (m *meter) disk() int64 {
	if m.io < 0 {
		return 0
	}
	n, err := unix.Pread(m.io, m.buf[:], 0)
	if err != nil {
		return 0
	}
	return ioReadBytes(m.buf[:n])
}

// threadCPU is the processor time of the calling thread.
func threadCPU() trace.Ns {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) != nil {
		return 0
	}
	return trace.Ns(t.Nano())
}

var readBytesKey = []byte("\nread_bytes: ")

// ioReadBytes finds read_bytes in the text of /proc/PID/io: "bytes which this
// process really did cause to be fetched from the storage layer"
// (Documentation/filesystems/proc.rst).
func ioReadBytes(text []byte) int64 {
	_, rest, ok := bytes.Cut(text, readBytesKey)
	if !ok {
		return 0
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	n, _ := strconv.ParseInt(string(line), 10, 64)
	return n
}
