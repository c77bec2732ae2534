package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/pprof/profile"

	"copyscope/internal/attach"
	"copyscope/internal/copyprofile"
	"copyscope/internal/host"
	"copyscope/web"
)

// mostProfiled bounds the processes of one copy profile: each has rings of its own.
const mostProfiled = 8

// shownAttach is what the pages have of `copyscope attach`.
type shownAttach struct{}

func (shownAttach) Able(ctx context.Context) host.Check { return host.Attachable(ctx) }
func (shownAttach) Listeners() (host.Listening, error)  { return host.Listeners() }
func (shownAttach) OfPort(port int) ([]int, error)      { return attach.OfPort(port) }

// Watch watches, and profiles the copies meanwhile. The report is the answer: a
// profile that fails is said beside it.
func (shownAttach) Watch(ctx context.Context, w web.AttachWatch) (*web.Attached, error) {
	until, stop := context.WithCancel(ctx)
	defer stop()
	all := slices.Clone(w.Processes) // those that were chosen come first: not all may fit
	if w.Follow {
		for _, pid := range attach.Family(w.Processes) {
			if !slices.Contains(all, pid) {
				all = append(all, pid)
			}
		}
	}
	pids := all[:min(len(all), mostProfiled)]
	made := make([]madeProfile, len(pids))
	var profiling sync.WaitGroup
	recent := attach.NewRecent(w.Calls)
	report, err := attach.Watch(ctx, attach.Options{
		Processes: w.Processes, Port: w.Port, For: w.For, Follow: w.Follow, Samples: w.Samples, Recent: recent, NoKernelTLS: noKernelTLS(ctx),
		Ready: func() { // so that both are of the same time
			for i, pid := range pids {
				profiling.Go(func() {
					made[i].pid = pid
					made[i].profile, made[i].summary, made[i].err = copyprofile.Profile(until, copyprofile.Options{PID: pid, Follow: w.Follow})
				})
			}
			time.AfterFunc(w.For, stop)
		},
		Progress: func(_ time.Duration, calls, bytes int64) { w.Progress(calls, bytes) },
		Snapshot: w.Snapshot,
	})
	stop()
	profiling.Wait()
	if err != nil {
		return nil, err
	}
	out := &web.Attached{Report: report}
	if recent.Len() > 0 {
		calls, err := recent.Trace(report.Processes)
		if err != nil {
			return nil, err
		}
		out.Trace = calls.Run
	}
	made = slices.DeleteFunc(made, func(m madeProfile) bool { // a descendant, which may have ended
		return m.err != nil && !slices.Contains(w.Processes, m.pid)
	})
	if err := addProfiles(out, made); err != nil {
		out.Profile, out.Stacks, out.NoProfile = nil, nil, fmt.Sprintf("the copy profile failed: %v", err)
	}
	if len(pids) < len(all) {
		out.Notes = append(out.Notes, fmt.Sprintf("the profile has %d of the %d processes", len(pids), len(all)))
	}
	return out, nil
}

type madeProfile struct {
	pid     int
	profile *profile.Profile
	summary copyprofile.Summary
	err     error
}

// addProfiles puts the profiles of several processes together.
func addProfiles(out *web.Attached, made []madeProfile) error {
	var all []*profile.Profile
	for _, m := range made {
		if m.err != nil {
			return m.err
		}
		if m.profile.PeriodType == nil { // Merge compares what it points to
			m.profile.PeriodType = &profile.ValueType{}
		}
		all = append(all, m.profile)
		out.Notes = append(out.Notes, m.summary.Notes...)
		out.Lent += m.summary.Totals.Descriptors
	}
	merged, err := profile.Merge(all)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	if err := merged.Write(&packed); err != nil {
		return err
	}
	tree, err := copyprofile.FlameTree(merged, "copied_bytes")
	if err != nil {
		return err
	}
	out.Profile, out.Stacks = packed.Bytes(), stackOf(tree)
	return nil
}

func stackOf(f *copyprofile.Flame) *web.CopyStack {
	s := &web.CopyStack{Name: f.Name, Bytes: f.Value}
	for _, c := range f.Children {
		s.Children = append(s.Children, stackOf(c))
	}
	return s
}
