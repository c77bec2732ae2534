package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"copyscope/internal/tracepoint"
)

// remountTracefs lets this user's group read it: the numbers of tracepoints are
// in files of mode 0440 (TRACE_MODE_READ, kernel/trace/trace.h).
const remountTracefs = "sudo mount -o remount,mode=755,gid=%d %s"

const mountTracefs = "sudo mount -t tracefs -o mode=755 tracefs /sys/kernel/tracing"

// findTracefs says where tracefs is mounted.
func findTracefs() (dir string, otherwise finding) {
	if place := tracepoint.Mounted(); place != "" {
		return place, finding{}
	}
	known, err := os.ReadFile("/proc/filesystems")
	if err == nil && !strings.Contains(string(known), "\ttracefs\n") {
		return "", notHere("the kernel was built without tracefs (CONFIG_TRACING)")
	}
	return "", missing("tracefs is not mounted at "+strings.Join(tracepoint.Places, " or "), mountTracefs)
}

// tryTracefs makes a tracing instance of its own and removes it.
func tryTracefs(context.Context) finding {
	if traced() == nil && tracepoint.Mounted() == "" {
		return active(fmt.Sprintf("an instance was made and removed as user %d, in a tracefs that this process mounts for itself alone", os.Geteuid()))
	}
	dir, otherwise := findTracefs()
	if dir == "" {
		return otherwise
	}
	as := fmt.Sprintf(" as user %d", os.Geteuid())
	// The name is one that tracepoint.Open removes if this process is killed now.
	instance := filepath.Join(dir, "instances", fmt.Sprintf("copyscope-%d-doctor", os.Getpid()))
	err := os.Mkdir(instance, 0o700)
	switch {
	case err == nil:
		if err := os.Remove(instance); err != nil {
			return missing("an instance was made"+as+" and cannot be removed: "+err.Error(), "sudo rmdir "+instance)
		}
		return active("an instance was made and removed" + as + " in " + dir)
	case errors.Is(err, os.ErrPermission):
		return missing(err.Error()+as, asRoot("doctor"))
	}
	return notHere(err.Error() + as)
}

// tryTimeline looks for the tracepoints without which a run's timeline has gaps.
func tryTimeline(ctx context.Context) finding {
	if err := traced(); err != nil {
		if f := tryTracefs(ctx); f.status != Active {
			return f
		}
		return notHere(err.Error())
	}
	b := findBeside()
	if len(b.lacks) > 0 {
		return notHere("a run's timeline goes without these tracepoints, which this kernel lacks: " + strings.Join(b.lacks, ", "))
	}
	return active(fmt.Sprintf("all %d tracepoints that fill in a run's timeline are here", len(b.points)))
}

// openPerf tries perf_event_open(2) and closes what it opened.
func openPerf(attr unix.PerfEventAttr, pid, cpu int) error {
	attr.Bits |= unix.PerfBitDisabled
	attr.Size = uint32(unsafe.Sizeof(attr))
	fd, err := unix.PerfEventOpen(&attr, pid, cpu, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

// perfFinding explains perf_event_open's errno. level is the highest
// kernel.perf_event_paranoid at which every user may.
func perfFinding(what string, err error, level int) finding {
	paranoid := cmp.Or(readText("/proc/sys/kernel/perf_event_paranoid"), "(unknown)")
	state := fmt.Sprintf("perf_event_open(2) of %s, as user %d with kernel.perf_event_paranoid=%s", what, os.Geteuid(), paranoid)
	switch {
	case err == nil:
		return active(state + ": it works")
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return missing(state+": "+err.Error(), fmt.Sprintf("sudo sysctl -w kernel.perf_event_paranoid=%d", level))
	case errors.Is(err, unix.ENOSYS):
		return notHere(state + ": the kernel was built without it (CONFIG_PERF_EVENTS)")
	}
	// ENOENT, ENODEV, EOPNOTSUPP: this kernel or processor has no such event;
	// virtual machines often hide the counters.
	return notHere(state + ": " + err.Error())
}

// insertions is the tracepoint of pages that come into the page cache.
const insertions = "filemap:mm_filemap_add_to_page_cache"

// withData asks for every hit of a tracepoint, with its raw data.
func withData(tracepoint uint64) unix.PerfEventAttr {
	return unix.PerfEventAttr{Type: unix.PERF_TYPE_TRACEPOINT, Config: tracepoint, Sample: 1, Sample_type: unix.PERF_SAMPLE_RAW}
}

// tryPerfTracepoint tries what a witness of page-cache insertions would need:
// each one with its data. Counting is no proof of that, as any task may count
// what itself does; raw data needs CAP_PERFMON or a paranoid level of -1
// (perf_trace_event_perm, kernel/trace/trace_event_perf.c).
func tryPerfTracepoint(context.Context) finding {
	dir, otherwise := findTracefs()
	if dir == "" {
		otherwise.why = "a tracepoint is opened by its number, which tracefs tells: " + otherwise.why
		return otherwise
	}
	path := filepath.Join(dir, "events", strings.Replace(insertions, ":", "/", 1), "id")
	if _, err := os.ReadFile(path); err != nil {
		if errors.Is(err, os.ErrPermission) {
			return missing(err.Error(), fmt.Sprintf(remountTracefs, os.Getegid(), dir))
		}
		return notHere(err.Error())
	}
	return perfFinding("the tracepoint "+insertions+" with its data", openPerf(withData(uint64(readNumber(path))), 0, -1), -1)
}

func tryPerfSoftware(context.Context) finding {
	return perfFinding("the context switches of this process with kernel code",
		openPerf(unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CONTEXT_SWITCHES}, 0, -1), 1)
}

func tryPerfSamples(context.Context) finding {
	return perfFinding("the clock of processor 0 with all processes and kernel code",
		openPerf(unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK}, -1, 0), 0)
}

func tryPerfHardware(context.Context) finding {
	return perfFinding("the cycles of this process in user mode",
		openPerf(unix.PerfEventAttr{Type: unix.PERF_TYPE_HARDWARE, Config: unix.PERF_COUNT_HW_CPU_CYCLES,
			Bits: unix.PerfBitExcludeKernel | unix.PerfBitExcludeHv}, 0, -1), 2)
}
