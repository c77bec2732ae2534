package attach

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/prometheus/procfs"
)

// Family are processes with all their descendants that exist now, without those that
// cannot be watched (this very copyscope, zombies): what is watched from the first moment
// where processes that they start are followed.
func Family(processes []int) []int {
	out := slices.Clone(processes)
	for _, p := range descendants(processes) {
		out = append(out, p.PID)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// descendants are the processes that others started, and those that they started in turn,
// by the parents that they have now: who is orphaned belongs to another.
func descendants(of []int) (out []Process) {
	all, err := procfs.AllProcs()
	if err != nil {
		return nil
	}
	children := map[int][]Process{}
	for _, p := range all {
		stat, err := p.Stat()
		if err != nil || p.PID == os.Getpid() || stat.State == "Z" || stat.State == "X" || stat.Flags&kernelThread != 0 {
			continue
		}
		children[stat.PPID] = append(children[stat.PPID], Process{PID: p.PID, Name: stat.Comm})
	}
	known := map[int]bool{}
	for _, pid := range of {
		known[pid] = true
	}
	for ask := slices.Clone(of); len(ask) > 0; ask = ask[1:] {
		for _, p := range children[ask[0]] {
			if !known[p.PID] {
				known[p.PID] = true
				out = append(out, p)
				ask = append(ask, p.PID)
			}
		}
	}
	return out
}

// addFamily watches, where it was asked to follow, the descendants that are not watched
// yet. One of them that cannot be watched is noted, and hinders nobody.
func (w *watch) addFamily() {
	if !w.options.Follow {
		return
	}
	for _, p := range descendants(w.options.Processes) {
		if w.processes[p.PID] != nil || w.refused[p.PID] {
			continue
		}
		s, err := newSubject(p.PID, w.options)
		if err != nil {
			w.refused[p.PID] = true
			if !strings.Contains(err.Error(), "ended") {
				w.notes = append(w.notes, fmt.Sprintf("not watched with the others: %v", err))
			}
			continue
		}
		w.processes[p.PID] = s
	}
}

// namedChildren is how many processes a note names.
const namedChildren = 8

// noteChildren says, of a watch that saw nothing, which processes it did not look at.
func (w *watch) noteChildren(r *Report) {
	if !r.Idle() || w.options.Follow {
		return
	}
	var names []string
	for _, p := range descendants(w.options.Processes) {
		if w.processes[p.PID] == nil {
			names = append(names, fmt.Sprintf("%d (%s)", p.PID, p.Name))
		}
	}
	if n := len(names); n > namedChildren {
		names = append(names[:namedChildren], "…")
		r.Notes = append(r.Notes, fmt.Sprintf("%d processes that the watched ones started before were not watched: %s; `copyscope attach --follow` watches them too", n, strings.Join(names, ", ")))
	} else if n > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("processes that the watched ones started before were not watched: %s; `copyscope attach --follow` watches them too", strings.Join(names, ", ")))
	}
}
