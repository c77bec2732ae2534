//go:build !linux

package load

import (
	"time"

	"copyscope/internal/host"
)

func ownCPU() time.Duration { return 0 }

func usageOf(int) (usage, error) { return usage{}, host.ErrNeedsLinux }

func rssAnonOf(int) (float64, error) { return 0, host.ErrNeedsLinux }

func listenerOf(string) (pid int, reason string) { return 0, host.ErrNeedsLinux.Error() }

func descriptorsOf(int) (int, error) { return 0, host.ErrNeedsLinux }
