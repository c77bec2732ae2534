package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"copyscope/internal/tracepoint"
)

// leavings are what killed processes of this program left behind. Everything else that
// it makes has no name, and goes with its process: lab networks, BPF programs, perf
// events, the files of transfers.
type leavings struct {
	instances []string // of tracing, by name
	unseen    error    // why this user cannot look for them
	data      []string // temporary data directories of brokers
}

// findLeavings looks for them.
func findLeavings() (l leavings) {
	l.instances, l.unseen = tracepoint.Left()
	if _, otherwise := findTracefs(); otherwise.status == NotHere || errors.Is(l.unseen, os.ErrNotExist) {
		l.unseen = nil // this kernel has none
	}
	l.data = deserted(os.TempDir())
	return l
}

// deserted are the temporary data directories in a folder that no broker holds any
// more. Those of other users cannot be looked into, and are not among them.
func deserted(folder string) (out []string) {
	all, _ := filepath.Glob(filepath.Join(folder, DataPrefix+"*"))
	for _, dir := range all {
		f, err := os.Open(filepath.Join(dir, ".lock"))
		if err != nil {
			continue
		}
		// Shared, and for this moment: a broker holds it alone, from its first moment on.
		if unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB) == nil {
			out = append(out, dir)
		}
		f.Close()
	}
	return out
}

// leftBehind is the check of what killed runs left. What was found when the doctor came
// may be gone by now: whoever tries the tracepoints removes it.
func leftBehind(found leavings) attempt {
	return attempt{"leftovers", "a host without what killed runs left: a tracing instance holds memory of the kernel, and slows every system call if it was watching; a temporary data directory holds its room", func(context.Context) finding {
		return found.tell(findLeavings())
	}}
}

// tell says what was found and what of it is still there.
func (l leavings) tell(now leavings) finding {
	var why, enable []string
	say := func(format string, names []string) {
		if len(names) > 0 {
			why = append(why, fmt.Sprintf(format, strings.Join(names, ", ")))
		}
	}
	gone := slices.DeleteFunc(slices.Clone(l.instances), func(name string) bool { return slices.Contains(now.instances, name) })
	say("tracing instances of killed runs were here, and are removed now: %s", gone)
	say("killed runs left tracing instances (%s), which the next attach or run that reads tracepoints removes too, unless somebody reads them", now.instances)
	say("a killed copyscope serve left its temporary data directory: %s", now.data)
	if len(now.instances) > 0 {
		enable = append(enable, removeInstances(now.instances))
	}
	for _, dir := range now.data {
		enable = append(enable, "rm -r "+quoted(dir))
	}
	if now.unseen != nil {
		why = append(why, fmt.Sprintf("user %d cannot see tracing instances: %v", os.Geteuid(), now.unseen))
		if len(enable) == 0 {
			enable = []string{asRoot("doctor")}
		}
	}
	said := strings.Join(why, "; besides, ")
	if len(enable) > 0 {
		return missing(said, strings.Join(enable, " && "))
	}
	return active(cmp.Or(said, "no tracing instance of a killed run is here, and no data directory of one in "+os.TempDir()))
}

// removeInstances is the command that removes instances, where tracefs is mounted or not.
func removeInstances(names []string) string {
	dir, mount := tracepoint.Mounted(), ""
	if dir == "" {
		dir = tracepoint.Places[0]
		mount = "sudo mount -t tracefs tracefs " + dir + " && " // for root alone
	}
	command := mount + "sudo rmdir"
	for _, name := range names {
		command += " " + filepath.Join(dir, "instances", name)
	}
	return command
}
