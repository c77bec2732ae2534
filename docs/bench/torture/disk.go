//go:build linux

package main

import (
	"context"
	"fmt"
	"os/exec"

	"copyscope/docs/bench/victim"
)

type diskFaults struct{ dir string }

func newDiskFaults(dir string) (*diskFaults, error) { return &diskFaults{dir}, nil }
func (d *diskFaults) faulty() bool                  { return false }
func (d *diskFaults) cut(seed uint64, data string) error {
	return fmt.Errorf("later")
}
func (d *diskFaults) command(l life, advertised func() string) func(b *victim.Broker) *exec.Cmd {
	return func(b *victim.Broker) *exec.Cmd {
		l.Advertised = advertised()
		return l.command(b)
	}
}
func (t *trial) fileFault(ctx context.Context, which string) error { return nil }
