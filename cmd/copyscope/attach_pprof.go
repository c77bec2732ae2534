package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/pprof/profile"

	"copyscope/internal/attach"
	"copyscope/internal/copyprofile"
)

// copyProfiles are those that are made while attach watches, one for each process.
type copyProfiles struct {
	stop    func()
	results chan copyProfile
	n       int
}

type copyProfile struct {
	profile *profile.Profile
	err     error
}

// beginCopyProfiles begins a profile of each process, and with follow of each of its
// descendants, and returns when all are under way; with no name for the file there are
// none.
func beginCopyProfiles(ctx context.Context, name string, asked []int, follow bool) (*copyProfiles, error) {
	if name == "" {
		return nil, nil
	}
	pids := asked
	if follow {
		pids = attach.Family(asked)
	}
	ctx, stop := context.WithCancel(ctx)
	c := &copyProfiles{stop: stop, results: make(chan copyProfile, len(pids))}
	for _, pid := range pids {
		begun := make(chan bool)
		go func() {
			p, _, err := copyprofile.Profile(ctx, copyprofile.Options{PID: pid, Follow: follow, Begun: func() { close(begun) }})
			c.results <- copyProfile{p, err}
		}()
		select {
		case <-begun:
			c.n++
		case failed := <-c.results:
			if !slices.Contains(asked, pid) {
				continue // a descendant, which may have ended
			}
			stop()
			return nil, fmt.Errorf("--pprof %s: %w", name, cmp.Or(failed.err, errEndedEarly))
		}
	}
	return c, nil
}

var errEndedEarly = errors.New("a process ended before it could be watched")

// write ends the profiles and writes them, together, to the file.
func (c *copyProfiles) write(stdout io.Writer, name string) error {
	if c == nil {
		return nil
	}
	c.stop()
	var all []*profile.Profile
	for range c.n {
		r := <-c.results
		if r.err != nil {
			return fmt.Errorf("--pprof %s: %w", name, r.err)
		}
		if r.profile.PeriodType == nil { // or Merge panics
			r.profile.PeriodType = &profile.ValueType{}
		}
		all = append(all, r.profile)
	}
	merged, err := profile.Merge(all)
	if err != nil {
		return fmt.Errorf("--pprof %s: %w", name, err)
	}
	return writeCopyProfile(stdout, name, merged)
}

// writeCopyProfile writes a copy profile to the file that --pprof names, packed, as
// go tool pprof reads it; - is the standard output. A file of that name is replaced when
// the new one is complete, and stays as it is if that fails.
func writeCopyProfile(stdout io.Writer, name string, p *profile.Profile) error {
	if err := p.CheckValid(); err != nil {
		return fmt.Errorf("--pprof %s: %w", name, err)
	}
	if name == "-" {
		return p.Write(stdout)
	}
	part, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return fmt.Errorf("--pprof: %w", err)
	}
	err = errors.Join(p.Write(part), part.Chmod(0o644), part.Close())
	if err == nil {
		err = os.Rename(part.Name(), name)
	}
	if err != nil {
		os.Remove(part.Name())
		return fmt.Errorf("--pprof %s: %w", name, err)
	}
	return nil
}
