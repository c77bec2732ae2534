package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/google/pprof/profile"

	"copyscope/internal/attach"
	"copyscope/internal/copyprofile"
	"copyscope/internal/host"
	"copyscope/web"
)

// shownAttach is what the pages have of `copyscope attach`.
type shownAttach struct{}

func (shownAttach) Able(ctx context.Context) host.Check { return host.Attachable(ctx) }
func (shownAttach) Listeners() (host.Listening, error)  { return host.Listeners() }
func (shownAttach) OfPort(port int) ([]int, error)      { return attach.OfPort(port) }

// Watch watches, and profiles the copies meanwhile. The report is the answer: a
// profile that fails is said beside it.
func (shownAttach) Watch(ctx context.Context, w web.AttachWatch) (*web.Attached, error) {
	var copies *copyProfiling
	var failed error
	recent := attach.NewRecent(w.Calls)
	report, err := attach.Watch(ctx, attach.Options{
		Processes: w.Processes, Port: w.Port, For: w.For, Follow: w.Follow, Samples: w.Samples, Recent: recent, NoKernelTLS: noKernelTLS(ctx),
		Ready: func() { // so that both are of the same time
			copies, failed = beginCopyProfile(ctx, copyprofile.Options{PIDs: w.Processes, Follow: w.Follow, For: w.For})
		},
		Progress: func(_ time.Duration, calls, bytes int64) { w.Progress(calls, bytes) },
		Snapshot: w.Snapshot,
	})
	made, summary, ended := copies.end()
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
	if failed = cmp.Or(failed, ended); failed == nil {
		out.Notes, out.Lent = summary.Notes, summary.Totals.Descriptors
		failed = addProfile(out, made)
	}
	if failed != nil {
		out.NoProfile = fmt.Sprintf("the copy profile failed: %v", failed)
	}
	return out, nil
}

// addProfile puts the profile into what a watch found, packed and as a tree.
func addProfile(out *web.Attached, made *profile.Profile) error {
	var packed bytes.Buffer
	if err := made.Write(&packed); err != nil {
		return err
	}
	tree, err := copyprofile.FlameTree(made, "copied_bytes")
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
