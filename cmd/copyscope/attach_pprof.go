package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/pprof/profile"
)

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
