package claim

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"copyscope/internal/lab"
)

// leftover measures what a processor has left over while each path sends at the
// same throughput. The process is bound to CPU: sender, receiver and what the
// kernel does for them share it with a thread that takes what nobody wants.
type leftover struct {
	asked
	CPU int
}

// headroom measures in a process that is bound to one processor.
func headroom(ctx context.Context, a asked, progress func(done, total int64)) (*Report, error) {
	one, _ := firstTwo()
	r := &Report{}
	err := ask(ctx, workerOptions{cpu: one + 1}, "leftover", leftover{a, one}, r, progress)
	return r, err
}

func (h leftover) measure(ctx context.Context, progress func(done, total int64)) (*Report, error) {
	rounds, window := 9, 250*time.Millisecond
	if h.Quick {
		rounds, window = 3, 40*time.Millisecond
	}
	s := &sender{stand: lab.New(h.Dir).Stand()}
	defer s.stand.Close()
	paths := pacedPaths()
	if len(paths) == 0 {
		return nil, fmt.Errorf("this host can run no path for real; see copyscope run --list")
	}
	rate, err := s.commonRate(ctx, paths, h.Rate)
	if err != nil {
		return nil, err
	}
	size := max(int64(window.Seconds()*float64(rate))/pacedChunk, 1) * pacedChunk
	all := append([]string{idle}, paths...)
	sending, receiving, left, sent := map[string][]float64{}, map[string][]float64{}, map[string][]float64{}, map[string][]float64{}
	steps := int64(rounds * len(all))
	for round := range rounds {
		for i, path := range all {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			stop, err := takeTheRest(&s.going)
			if err != nil {
				return nil, err
			}
			if path == idle {
				s.going.Store(true)
				time.Sleep(window)
				s.going.Store(false)
				left[path] = append(left[path], stop())
			} else {
				t, err := s.send(ctx, path, size, rate)
				rest := stop()
				if err != nil {
					return nil, err
				}
				sending[path] = append(sending[path], 100*t.CPU/t.Wall)
				receiving[path] = append(receiving[path], 100*t.ReaderCPU/t.Wall)
				left[path] = append(left[path], rest)
				sent[path] = append(sent[path], float64(size)/1e6/(t.Wall/1e9))
			}
			progress(int64(round*len(all)+i+1), steps)
		}
	}
	t := Table{Name: "headroom", Keys: []string{"path"}, Columns: []Column{{"sender_share", "%"}, {"receiver_share", "%"}, {"left_over", "%"}, {"throughput", "MB/s"}}}
	t.Rows = append(t.Rows, Row{[]string{idle}, []Figure{missing("nothing is sent"), missing("nothing is sent"), measured(left[idle]), missing("nothing is sent")}})
	for _, path := range paths {
		t.Rows = append(t.Rows, Row{[]string{path}, []Figure{measured(sending[path]), measured(receiving[path]), measured(left[path]), measured(sent[path])}})
	}
	return &Report{Tables: []Table{t}, Findings: headroomFindings(t, rate), Limits: append(missedRate(rate, sent, paths), note("claims.headroom.loopback"), note("claims.headroom.power"))}, nil
}

// takeTheRest starts a thread that runs only while no other wants the processor
// (SCHED_IDLE, sched(7)); stop gives the part of the time that it had, in per cent,
// while going was set.
func takeTheRest(going *atomic.Bool) (stop func() float64, err error) {
	ready, told := make(chan error, 1), make(chan float64, 1)
	over := &atomic.Bool{}
	go func() {
		_, _ = onOwnThread(func() (struct{}, error) {
			err := unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}, 0)
			ready <- err
			if err != nil {
				return struct{}{}, nil
			}
			for !going.Load() && !over.Load() {
				time.Sleep(50 * time.Microsecond)
			}
			began, cpu := time.Now(), threadCPU()
			for going.Load() {
				for range 1000 {
					_ = going.Load()
				}
			}
			told <- 100 * float64(threadCPU()-cpu) / float64(max(time.Since(began), 1))
			return struct{}{}, nil
		})
	}()
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("a thread that takes what is left over (SCHED_IDLE): %w", err)
	}
	return func() float64 {
		over.Store(true) // what failed before its first call never went
		return <-told
	}, nil
}

func headroomFindings(t Table, rate int64) []Note {
	out := []Note{note("claims.headroom.rate", "Rate", Short(float64(rate)/1e6))}
	left := map[string]float64{}
	for _, r := range t.Rows {
		left[r.Labels[0]] = r.Figures[2].Median()
	}
	if _, ok := left["sendfile"]; !ok {
		return out
	}
	return append(out, note("claims.headroom.left", "Copied", Short(left["read-write"]), "Lent", Short(left["sendfile"]), "Idle", Short(left[idle])))
}
