package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/pprof/profile"

	"copyscope/internal/copyprofile"
)

// copyProfiling is a copy profile that is being made while attach watches.
type copyProfiling struct {
	stop    func()
	ended   chan struct{}
	profile *profile.Profile
	summary copyprofile.Summary
	err     error
}

// beginCopyProfile returns when every call is seen.
func beginCopyProfile(ctx context.Context, o copyprofile.Options) (*copyProfiling, error) {
	ctx, stop := context.WithCancel(ctx)
	c := &copyProfiling{stop: stop, ended: make(chan struct{})}
	begun := make(chan struct{})
	o.Begun = func() { close(begun) }
	go func() {
		defer close(c.ended)
		c.profile, c.summary, c.err = copyprofile.Profile(ctx, o)
	}()
	select {
	case <-begun:
		return c, nil
	case <-c.ended:
		return nil, c.err
	}
}

// end ends the profile; one that never began is an error.
func (c *copyProfiling) end() (*profile.Profile, copyprofile.Summary, error) {
	if c == nil {
		return nil, copyprofile.Summary{}, errors.New("it did not begin")
	}
	c.stop()
	<-c.ended
	return c.profile, c.summary, c.err
}

// write ends the profile and writes it to the file that --pprof names.
func (c *copyProfiling) write(stdout io.Writer, name string) error {
	made, _, err := c.end()
	if err != nil {
		return fmt.Errorf("--pprof %s: %w", name, err)
	}
	return writeCopyProfile(stdout, name, made)
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
