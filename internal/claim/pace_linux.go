package claim

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"copyscope/internal/host"
	"copyscope/internal/lab"
	"copyscope/internal/spread"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// pacedPaths send a file to a socket; those that this host has are compared.
func pacedPaths() (out []string) {
	for _, path := range []string{"read-write", "mmap-write", "sendfile", "splice"} {
		if ok, _ := host.Available(path); ok {
			out = append(out, path)
		}
	}
	return out
}

// pacedChunk is how much a call is asked for.
const pacedChunk = 64 << 10

// paced is a kernel between a program and the host's that lets so many bytes per
// second go to sockets, and tells when the first call begins and the last byte has
// gone. Its sleeps are the same for every path.
type paced struct {
	transfer.Kernel
	rate  int64 // bytes per second; 0 is as fast as it goes
	total int64
	// going is set while the transfer is under way.
	going *atomic.Bool

	began time.Time
	sent  int64
}

// ahead is how far a transfer may be before its time until it sleeps: sleeping at
// every call would cost more than the calls.
const ahead = time.Millisecond

func (p *paced) begin() {
	if p.began.IsZero() {
		p.began = time.Now()
		p.going.Store(true)
	}
}

func (p *paced) went(n int, err error) (int, error) {
	p.sent += int64(max(n, 0))
	if p.sent >= p.total || err != nil {
		p.going.Store(false)
		return n, err
	}
	if p.rate > 0 {
		due := time.Duration(float64(p.sent) / float64(p.rate) * 1e9)
		if wait := due - time.Since(p.began); wait > ahead {
			t := unix.NsecToTimespec(int64(wait))
			_ = unix.Nanosleep(&t, nil)
		}
	}
	return n, err
}

func (p *paced) Write(l transfer.Label, out transfer.FD, src transfer.Mem) (int, error) {
	p.begin()
	return p.went(p.Kernel.Write(l, out, src))
}

func (p *paced) Sendfile(l transfer.Label, out, in transfer.FD, off *int64, n int) (int, error) {
	p.begin()
	return p.went(p.Kernel.Sendfile(l, out, in, off, n))
}

// Splice counts what leaves the pipe: the second of each two calls.
func (p *paced) Splice(l transfer.Label, in transfer.FD, off *int64, out transfer.FD, n int, more bool) (int, error) {
	p.begin()
	if l != "splice-out" {
		return p.Kernel.Splice(l, in, off, out, n, more)
	}
	return p.went(p.Kernel.Splice(l, in, off, out, n, more))
}

// sender makes paced runs on a stand.
type sender struct {
	stand *lab.Stand
	going atomic.Bool
}

// send runs a path with so many bytes; the timing's Wall is from the first call to
// the last byte.
func (s *sender) send(ctx context.Context, path string, size, rate int64) (lab.Timing, error) {
	var k *paced
	s.stand.Wrap = func(host transfer.Kernel) transfer.Kernel {
		k = &paced{Kernel: host, rate: rate, total: size, going: &s.going}
		return k
	}
	defer s.going.Store(false)
	scenario := lab.Scenario{Path: path, Side: trace.Real, Size: size, Chunk: pacedChunk, Cache: lab.Warm, Net: lab.Loopback}.Normal()
	return s.stand.Time(ctx, scenario)
}

// commonRate is the throughput at which the paths are compared, in bytes per
// second: half of what the slowest does, in steps of 10 MB, unless it was given.
func (s *sender) commonRate(ctx context.Context, paths []string, given int64) (int64, error) {
	const size = 32 << 20
	slowest := math.Inf(1)
	for _, path := range paths {
		best := 0.0
		for range 2 { // the first brings the file into memory
			t, err := s.send(ctx, path, size, 0)
			if err != nil {
				return 0, err
			}
			best = max(best, size/(t.Delivered/1e9))
		}
		slowest = min(slowest, best)
	}
	const step = 10e6
	rate := max(int64(slowest/2/step)*step, step)
	if given == 0 {
		return rate, nil
	}
	if float64(given) > slowest {
		return 0, fmt.Errorf("--rate %d: the slowest path does %.0f MB/s on one processor of this host; use less", given, slowest/1e6)
	}
	return given, nil
}

// missedRate tells the paths that did not come within a tenth of the rate; did is
// in MB/s.
func missedRate(rate int64, did map[string][]float64, paths []string) (out []Note) {
	want := float64(rate) / 1e6
	for _, path := range paths {
		if got := spread.Of(did[path]).Median; got < 0.9*want {
			out = append(out, note("claims.rate-missed", "Path", path, "Did", Short(got), "Rate", Short(want)))
		}
	}
	return out
}
