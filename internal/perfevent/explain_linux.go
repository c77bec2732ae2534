package perfevent

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// explain says what perf_event_open(2) was asked for, what it answered, and what would
// help.
func explain(e Event, thread int, err error) error {
	what := fmt.Sprintf("perf_event_open(2) of %s of thread %d, as user %d with kernel.perf_event_paranoid=%s", e.Name, thread, os.Geteuid(), setting("kernel/perf_event_paranoid"))
	switch {
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return fmt.Errorf("%s: %w; sudo sysctl -w kernel.perf_event_paranoid=%d enables it for threads of the same user, CAP_PERFMON for all", what, err, e.level())
	case errors.Is(err, unix.ENOSYS):
		return fmt.Errorf("%s: %w: the kernel was built without it (CONFIG_PERF_EVENTS), or a container's filter hides it", what, err)
	case errors.Is(err, unix.ESRCH):
		return fmt.Errorf("thread %d: %w: it is gone", thread, err)
	case errors.Is(err, unix.EMFILE):
		return fmt.Errorf("%s: %w: each event takes a descriptor for each thread and processor; raise the limit (ulimit -n)", what, err)
	case errors.Is(err, unix.EINVAL):
		return fmt.Errorf("%s: %w: this kernel cannot what is asked for; Linux 5.13 can", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// level is the highest kernel.perf_event_paranoid at which every user may have the
// event of a thread of theirs: with raw data -1 (perf_trace_event_perm,
// kernel/trace/trace_event_perf.c), with kernel code 1 (perf_event_open,
// kernel/events/core.c).
func (e Event) level() int {
	if e.Raw {
		return -1
	}
	return 1
}

// setting is a kernel setting, by its path below /proc/sys.
func setting(name string) string {
	text, err := os.ReadFile("/proc/sys/" + name)
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}
