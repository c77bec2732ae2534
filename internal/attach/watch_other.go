//go:build !linux

package attach

import (
	"context"
	"errors"
)

// errElsewhere: the syscalls of another process are told by the tracepoints of Linux.
var errElsewhere = errors.New("attach watches a process through the tracepoints of Linux, which this operating system has not; run it on the Linux host where the process is")

// Watch is an error here.
func Watch(context.Context, Options) (*Report, error) { return nil, errElsewhere }

// OfPort is an error here.
func OfPort(int) ([]int, error) { return nil, errElsewhere }

// OfUnit is an error here.
func OfUnit(string) ([]int, error) { return nil, errElsewhere }

// Family is of no use here, where nothing is watched.
func Family(processes []int) []int { return processes }
