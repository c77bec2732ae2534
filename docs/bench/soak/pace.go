//go:build linux

package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/procfs"
)

// pace is how fast the loads go, as a factor of their basic rates: it is found
// in the first eighth of the run, so that the processes use the wanted share of the
// machine, and stays.
type pace struct{ thousandths atomic.Int64 }

// Factors of the basic rates between which the pace is.
const (
	slowest = 0.25
	fastest = 8
)

// newPace begins with the factor, 0 stands for 1.
func newPace(factor float64) *pace {
	p := &pace{}
	if p.set(factor); factor == 0 {
		p.set(1)
	}
	return p
}

func (p *pace) factor() float64 { return float64(p.thousandths.Load()) / 1000 }
func (p *pace) set(factor float64) {
	p.thousandths.Store(int64(1000 * min(max(factor, slowest), fastest)))
}
func (p *pace) adapt(used, wanted float64) {
	if used > 0 {
		p.set(p.factor() * min(max(wanted/used, 0.5), 1.5))
	}
}

// next waits for about the time between two of a load's rounds at the basic rate;
// false: ctx is over.
func (p *pace) next(ctx context.Context, every time.Duration) bool {
	return rest(ctx, time.Duration(float64(about(every))/p.factor()))
}

// about is a time of about d, so that loads do not march in step.
func about(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.75 + rand.Float64()/2))
}

func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// cpuSeconds is the processor time of this process and all that descend from it,
// those that have ended left out.
func cpuSeconds() (float64, error) {
	all, err := procfs.AllProcs()
	if err != nil {
		return 0, err
	}
	parents, times := map[int]int{}, map[int]float64{}
	for _, p := range all {
		if stat, err := p.Stat(); err == nil { // else it has just ended
			parents[p.PID], times[p.PID] = stat.PPID, stat.CPUTime()
		}
	}
	sum := 0.0
	for pid := range parents {
		for of := pid; of > 0; of = parents[of] {
			if of == os.Getpid() {
				sum += times[pid]
				break
			}
		}
	}
	return sum, nil
}

// machineLoad is the load average of the last minute.
func machineLoad() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	v, _ := strconv.ParseFloat(first, 64)
	return v
}

// share reads "0.33" or "33%" as a share of the machine.
func share(text string) (float64, error) {
	number, percent := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(number, 64)
	if percent {
		v /= 100
	}
	if err != nil || math.IsNaN(v) || v <= 0 || v > 1 {
		return 0, fmt.Errorf("-cpu %q is no share of the machine: give a number above 0 and up to 1, such as 0.33", text)
	}
	return v, nil
}
