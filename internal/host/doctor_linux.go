package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"copyscope/internal/transfer"
)

// Doctor tries everything that a witness could use here, as this user.
func Doctor(ctx context.Context) Report {
	left := findLeavings() // before the checks, which remove some of it
	return layered(surroundings(""), devices(), Report{Facts: ReadFacts(""), User: os.Geteuid(), Checks: examine(ctx, []attempt{
		{"kernel", "which Linux the models are held against", tryKernel},
		{"cpus", "sender and receiver at the same time, each on a processor of its own", tryCPUs},
		{"clock", "syscalls by name, returned bytes and times: the program's own clock and the calls' results", tryClock},
		{"rusage", "page faults and context switches of the sending thread", tryUsage},
		{"thread-clock", "processor time of the sending thread, per call", tryThreadClock},
		{"thread-io", "bytes that the sending thread fetched from disks", tryThreadIO},
		{"procfs", "what the kernel counts of the host and of this process, as rates", tryProcfs},
		{"tcp-info", "what the kernel knows of a connection: round trip, window, retransmits, what waits", tryTCPInfo},
		{"alias", "who copies and who lends, by an experiment", tryAlias},
		{"mincore", "whether a file is in the page cache, page by page", tryMincore},
		{"cold", "runs that begin with a file that is not in the page cache", tryCold},
		{"cubic", "the same congestion control on every host", tryCubic},
		tracepoints,
		{"timeline", "page faults, context switches, softirqs, polls of packets and readahead windows, each at its place on a run's timeline", tryTimeline},
		leftBehind(left),
		{"perf-tracepoint", "tracepoints of this process with their data, without a tracefs instance of its own", tryPerfTracepoint},
		{"perf-software", "faults and context switches as counters, with kernel code included", tryPerfSoftware},
		{"thread-samples", "in which routines of the kernel the sending thread's time goes", tryThreadSamples},
		{"kernel-names", "the names of those routines", tryKernelNames},
		{"perf-kernel-samples", "in which kernel function the processors spend their time", tryPerfSamples},
		{"perf-hardware", "cycles and cache misses of copies", tryPerfHardware},
		{"netns", "a lab network of two namespaces, away from the host's own", tryNamespaces},
		{"ethtool", "scatter-gather and segmentation of a lab device switched on and off", tryEthtool},
		{"lab-network", "sendfile with and without scatter-gather, packet by packet, between two namespaces (--net veth)", tryLabNetwork},
		kernelTLS,
		{"io-uring", "transfers by io_uring", tryIOUring},
	})})
}

func tryKernel(context.Context) finding {
	if r := kernelRelease(); r != "" {
		return active("Linux " + r)
	}
	return notHere("uname(2) tells no release")
}

func tryCPUs(context.Context) finding {
	n := ReadFacts("").CPUs
	if n < 2 {
		return missing("this process may use 1 processor: sender and receiver take turns, which shows in context switches and times",
			thisProgram().call("taskset -c 0,1", "")+", or give the container or virtual machine a second processor")
	}
	return active(fmt.Sprintf("this process may use %d processors", n))
}

func tryClock(context.Context) finding {
	step := time.Hour
	for range 1000 {
		began := time.Now()
		d := time.Since(began)
		for d == 0 {
			d = time.Since(began)
		}
		step = min(step, d)
	}
	return active(fmt.Sprintf("the monotonic clock tells %d ns apart", step.Nanoseconds()))
}

// onThread runs f on a thread of its own that is deaf to signals.
func onThread(f func() finding) finding {
	found := make(chan finding)
	go func() {
		unlock, err := lockThread()
		if err != nil {
			found <- missing("pthread_sigmask: "+err.Error(), "")
			return
		}
		defer unlock()
		found <- f()
	}()
	return <-found
}

func tryUsage(context.Context) finding {
	return onThread(func() finding {
		m := openMeter()
		defer m.close()
		page, err := unix.Mmap(-1, 0, unix.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
		if err != nil {
			return missing("mmap: "+err.Error(), "")
		}
		defer unix.Munmap(page)
		before := m.read()
		page[0] = 1
		if n := m.read().minus(before).minorFaults; n < 1 {
			return notHere("a fault that was provoked is not in getrusage(RUSAGE_THREAD)")
		}
		return active("getrusage(RUSAGE_THREAD) told a fault that was provoked")
	})
}

func tryThreadClock(context.Context) finding {
	return onThread(func() finding {
		began, cpu := time.Now(), threadCPU()
		for time.Since(began) < 200*time.Microsecond {
		}
		if used := threadCPU() - cpu; used > 0 {
			return active(fmt.Sprintf("CLOCK_THREAD_CPUTIME_ID told %d ns of %d ns that went by", used, time.Since(began).Nanoseconds()))
		}
		return notHere("CLOCK_THREAD_CPUTIME_ID stood still while the thread worked")
	})
}

func tryThreadIO(context.Context) finding {
	const path = "/proc/thread-self/io"
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return notHere("there is no " + path + ": the kernel was built without CONFIG_TASK_IO_ACCOUNTING, or /proc is not mounted")
	case err != nil:
		return missing(err.Error(), asRoot("doctor"))
	case !strings.Contains(string(b), string(readBytesKey)):
		return notHere(path + " has no read_bytes")
	}
	return active(path + " tells read_bytes")
}

func tryAlias(ctx context.Context) finding {
	var found []string
	var lacking string
	for _, p := range transfer.Programs() {
		if ok, why := Available(p.Path); !ok || !Aliased(p) {
			lacking = cmp.Or(lacking, why)
			continue
		}
		r, err := Alias(ctx, p, AliasOptions{Pieces: 4})
		if err != nil {
			return missing(err.Error(), "")
		}
		found = append(found, fmt.Sprintf("%s: %s", p.Path, r.Verdict))
	}
	if len(found) == 0 {
		return missing("no path runs for real here: "+lacking, "")
	}
	return active("over loopback, " + strings.Join(found, ", "))
}

// probeBytes is the size of the doctor's small files.
const probeBytes = 64 << 10

func tryMincore(ctx context.Context) finding {
	src, err := NewSource(ctx, "", probeBytes)
	if err != nil {
		return missing(err.Error(), thisProgram().call("TMPDIR=DIR", "doctor"))
	}
	defer src.Close()
	n, err := resident(src.file, probeBytes)
	if err != nil {
		return notHere(err.Error())
	}
	if all := pagesIn(0, probeBytes); n != all {
		return notHere(fmt.Sprintf("mincore(2) tells %d of %d pages of a file that was just written", n, all))
	}
	return active("mincore(2) found every page of a file that was just written")
}

func tryCold(ctx context.Context) finding {
	src, err := NewSource(ctx, "", probeBytes)
	if err != nil {
		return missing(err.Error(), thisProgram().call("TMPDIR=DIR", "doctor"))
	}
	defer src.Close()
	if err := chill(ctx, src.file, probeBytes, src.place); err != nil {
		return missing(err.Error(), thisProgram().call("TMPDIR=DIR", "run --cache cold")+", with DIR on a disk")
	}
	fs, _, _ := storage(os.TempDir())
	return active(fmt.Sprintf("posix_fadvise dropped a file's pages on %s in %s, mincore(2) agrees", fs, os.TempDir()))
}

func tryCubic(context.Context) finding {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		return missing("socket: "+err.Error(), "")
	}
	defer unix.Close(fd)
	err = unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, "cubic")
	switch {
	case err == nil:
		return active("setsockopt TCP_CONGESTION cubic: it works")
	case errors.Is(err, unix.EPERM):
		allowed := ReadFacts("").CongestionAllowed
		if !slices.Contains(allowed, "cubic") {
			allowed = append(allowed, "cubic")
		}
		return missing("setsockopt TCP_CONGESTION cubic: not allowed for this user; runs take reno",
			fmt.Sprintf("sudo sysctl -w net.ipv4.tcp_allowed_congestion_control=%q", strings.Join(allowed, " ")))
	case errors.Is(err, unix.ENOENT):
		return missing("setsockopt TCP_CONGESTION cubic: it is not loaded; runs take reno", "sudo modprobe tcp_cubic")
	}
	return missing("setsockopt TCP_CONGESTION cubic: "+err.Error(), "")
}
