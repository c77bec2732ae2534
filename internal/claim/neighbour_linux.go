package claim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"copyscope/internal/host"
	"copyscope/internal/lab"
)

// idle is the label of what is measured while nothing is sent.
const idle = "none"

// chased measures a thread that follows pointers through memory of its own, while
// each path sends at the same throughput. The process is bound to CPU, where the
// sender and its receiver run; the neighbour is on Other, then on CPU as well.
type chased struct {
	asked
	CPU, Other int // Other is -1 if there is no other processor
}

// neighbour measures in a process that is bound to one processor.
func neighbour(ctx context.Context, a asked, progress func(done, total int64)) (*Report, error) {
	one, other := firstTwo()
	r := &Report{}
	err := ask(ctx, workerOptions{cpu: one + 1}, "chased", chased{asked: a, CPU: one, Other: other}, r, progress)
	return r, err
}

// chaseSizes are the neighbour's working sets in bytes: half of and twice its own
// cache, half of the last level and twice that.
func chaseSizes(quick bool) []int64 {
	private, last := host.CacheSizes()
	if private == 0 {
		private = 512 << 10
	}
	if last <= private {
		last = 16 * private
	}
	if quick {
		return []int64{private / 2, private * 2}
	}
	return []int64{private / 2, private * 2, min(last/2, 64<<20), min(last*2, 128<<20)}
}

func (c chased) measure(ctx context.Context, progress func(done, total int64)) (*Report, error) {
	rounds, window := 5, 80*time.Millisecond
	if c.Quick {
		rounds, window = 3, 20*time.Millisecond
	}
	s := &sender{stand: lab.New(c.Dir).Stand()}
	defer s.stand.Close()
	paths := pacedPaths()
	if len(paths) == 0 {
		return nil, fmt.Errorf("this host can run no path for real; see copyscope run --list")
	}
	rate, err := s.commonRate(ctx, paths, c.Rate)
	if err != nil {
		return nil, err
	}
	size := max(int64(window.Seconds()*float64(rate))/pacedChunk, 1) * pacedChunk
	sizes := chaseSizes(c.Quick)
	where := []struct {
		label string
		cpu   int
	}{{"other", c.Other}, {"same", c.CPU}}
	if c.Other < 0 {
		where = where[1:]
	}
	t := Table{Name: "neighbour", Keys: []string{"processor", "working_set", "path"}, Columns: []Column{{"access_time", "ns"}, {"slowdown", "%"}, {"throughput", "MB/s"}}}
	steps, done := int64(len(where)*len(sizes)*rounds*(len(paths)+1)), int64(0)
	did := map[string][]float64{}
	for _, at := range where {
		for _, set := range sizes {
			n := startChase(set, at.cpu)
			access, rates := map[string][]float64{}, map[string][]float64{}
			for range rounds {
				for _, path := range append([]string{idle}, paths...) {
					if ctx.Err() != nil {
						n.end()
						return nil, context.Cause(ctx)
					}
					got, err := c.window(ctx, s, n, path, size, rate, window)
					if err != nil {
						n.end()
						return nil, err
					}
					access[path] = append(access[path], got.access)
					if path != idle {
						rates[path], did[path] = append(rates[path], got.throughput), append(did[path], got.throughput)
					}
					done++
					progress(done, steps)
				}
			}
			if err := n.end(); err != nil {
				return nil, err
			}
			t.Rows = append(t.Rows, chaseRows(at.label, set, paths, access, rates)...)
		}
	}
	r := &Report{Tables: []Table{t}, Findings: neighbourFindings(t, rate), Limits: append(missedRate(rate, did, paths), note("claims.neighbour.loopback"))}
	if c.Other < 0 {
		r.Limits = append(r.Limits, note("claims.neighbour.one-cpu"))
	}
	return r, nil
}

func chaseRows(at string, set int64, paths []string, access, rates map[string][]float64) []Row {
	rows := []Row{{[]string{at, lab.FormatSize(set), idle}, []Figure{measured(access[idle]), missing("this is what the others are held against"), missing("nothing is sent")}}}
	slower := func(v ...float64) float64 { return 100 * (v[0]/v[1] - 1) }
	for _, path := range paths {
		rows = append(rows, Row{[]string{at, lab.FormatSize(set), path}, []Figure{measured(access[path]), measured(each(slower, access[path], access[idle])), measured(rates[path])}})
	}
	return rows
}

// chaseWindow is what one window told: ns of the neighbour's own processor time by
// access, and MB/s that were sent.
type chaseWindow struct{ access, throughput float64 }

func (c chased) window(ctx context.Context, s *sender, n *chase, path string, size, rate int64, window time.Duration) (w chaseWindow, err error) {
	if path == idle {
		s.going.Store(true)
		stop := n.during(&s.going)
		time.Sleep(window)
		s.going.Store(false)
		w.access = stop()
		return w, nil
	}
	stop := n.during(&s.going)
	t, err := s.send(ctx, path, size, rate)
	w.access = stop()
	if err != nil {
		return w, err
	}
	w.throughput = float64(size) / 1e6 / (t.Wall / 1e9)
	return w, nil
}

// chase is a thread that follows pointers: each cache line says which one is next,
// in an order that no prefetcher guesses, so that every step waits for memory.
type chase struct {
	next  []uint32
	work  chan *atomic.Bool
	told  chan float64
	ended chan error
	// over is set when a transfer has ended, which may be before its first call.
	over atomic.Bool
}

// lineWords is how many words a cache line has.
const lineWords = 16

func startChase(bytes int64, cpu int) *chase {
	lines := int(max(bytes/(lineWords*4), 2))
	n := &chase{next: make([]uint32, lines*lineWords), work: make(chan *atomic.Bool), told: make(chan float64), ended: make(chan error, 1)}
	// Sattolo's shuffle makes one cycle of all lines. The dice are the same each time.
	order, dice := make([]uint32, lines), rand.New(rand.NewPCG(1, 2))
	for i := range order {
		order[i] = uint32(i)
	}
	for i := lines - 1; i > 0; i-- {
		j := dice.IntN(i)
		order[i], order[j] = order[j], order[i]
	}
	for i, to := range order {
		n.next[i*lineWords] = to * lineWords
	}
	go func() {
		_, err := onOwnThread(func() (struct{}, error) { return struct{}{}, n.run(cpu) })
		n.ended <- err
	}()
	return n
}

// chaseSteps are made between two looks at whether to stop.
const chaseSteps = 4096

func (n *chase) run(cpu int) error {
	if err := bindTo(cpu); err != nil {
		for range n.work { // whoever asks gets an answer, and the error at the end
			n.told <- 0
		}
		return err
	}
	at := uint32(0)
	for going := range n.work {
		for !going.Load() && !n.over.Load() {
			time.Sleep(50 * time.Microsecond)
		}
		accesses, cpuTime := 0, threadCPU()
		for going.Load() || accesses == 0 {
			for range chaseSteps {
				at = n.next[at]
			}
			accesses += chaseSteps
		}
		n.told <- float64(threadCPU()-cpuTime) / float64(accesses)
	}
	if at == ^uint32(0) { // never: but the steps may not be left out
		return fmt.Errorf("the chase left its memory")
	}
	return nil
}

// during lets it run from when going is set until it is no more; stop gives ns of
// processor time by access.
func (n *chase) during(going *atomic.Bool) (stop func() float64) {
	n.over.Store(false)
	n.work <- going
	return func() float64 {
		n.over.Store(true)
		return <-n.told
	}
}

func (n *chase) end() error {
	close(n.work)
	return <-n.ended
}

func neighbourFindings(t Table, rate int64) []Note {
	// The row in which the paths differ the most.
	type pair struct{ copied, lent Row }
	var most pair
	widest := -1.0
	for _, a := range t.Rows {
		for _, b := range t.Rows {
			same := a.Labels[0] == b.Labels[0] && a.Labels[1] == b.Labels[1]
			if !same || a.Labels[2] != "read-write" || b.Labels[2] != "sendfile" {
				continue
			}
			if d := a.Figures[1].Median() - b.Figures[1].Median(); d > widest {
				widest, most = d, pair{a, b}
			}
		}
	}
	out := []Note{note("claims.neighbour.rate", "Rate", Short(float64(rate)/1e6))}
	if widest < 0 {
		return append(out, note("claims.neighbour.no-difference"))
	}
	return append(out, note("claims.neighbour."+most.copied.Labels[0], "Set", most.copied.Labels[1],
		"Copied", Short(most.copied.Figures[1].Median()), "Lent", Short(most.lent.Figures[1].Median())))
}
