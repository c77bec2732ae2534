package scenario

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// Options say how a scenario is run.
type Options struct {
	// Progress is told now and then how many of about so many events there are.
	Progress func(done, about int64)
}

// Result is what a run gave.
type Result struct {
	Scenario *Scenario
	// Log has every event.
	Log *trace.Log
	// Groups are the scenario's threads, in its order; Kernel is what belongs to
	// none of them, such as interrupts and write-back.
	Groups []Group
	Kernel *trace.Counter
}

// Group is the threads that do the same.
type Group struct {
	Name    string
	Threads int
	// Moved is the payload, in bytes: what was sent, read or appended.
	Moved   int64
	Counter *trace.Counter
}

// Run runs a scenario that [Parse] gave.
func (s *Scenario) Run(ctx context.Context, o Options) (*Result, error) {
	c, err := s.config()
	if err != nil {
		return nil, err
	}
	log := trace.NewLog(trace.NewCounter(0, trace.Modelled, nil), trace.LogOptions{Keep: -1})
	m, err := sim.New(c, log)
	if err != nil {
		return nil, err
	}
	about := s.Estimate()
	m.Watch(func() error {
		if o.Progress != nil {
			o.Progress(int64(log.Len()), max(about, int64(log.Len())))
		}
		return context.Cause(ctx)
	})
	r := &run{s: s, m: m, files: map[string]sim.FileID{}, group: map[int]int{}}
	for i, f := range s.Files {
		cached, _ := f.cached()
		if i == 0 {
			m.Replace(int64(f.Size))
			m.Warm(0, cached)
			r.files[f.Name] = 0
			continue
		}
		r.files[f.Name] = m.AddFile(f.Name, int64(f.Size), cached)
	}
	r.moved = make([]int64, len(s.Threads))
	for g := range s.Threads {
		for n := range s.Threads[g].Count {
			r.thread(g, n)
		}
	}
	if err := m.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	m.Idle()
	return r.result(log), nil
}

// run is a scenario on its machine.
type run struct {
	s     *Scenario
	m     *sim.Machine
	files map[string]sim.FileID
	group map[int]int // of a thread's number
	moved []int64
}

// thread makes the n-th thread of a group.
func (r *run) thread(g, n int) {
	t := r.s.Threads[g]
	name := t.Name
	if t.Count > 1 {
		name = fmt.Sprintf("%s %d", t.Name, n+1)
	}
	id := r.m.Go(name, func(k *sim.Kernel) error {
		if wait := trace.Ns(t.Start) + trace.Ns(t.Every)*trace.Ns(n); wait > 0 {
			if err := k.Sleep("start", wait); err != nil {
				return err
			}
		}
		w := &worker{run: r, k: k, group: g, number: n, sockets: map[*Send]transfer.FD{}}
		return w.steps(t.Do)
	}).ID()
	r.group[id] = g
}

// result sorts the events by group.
func (r *run) result(log *trace.Log) *Result {
	out := &Result{Scenario: r.s, Log: log, Kernel: trace.NewCounter(0, trace.Modelled, nil)}
	for g, t := range r.s.Threads {
		out.Groups = append(out.Groups, Group{t.Name, t.Count, r.moved[g], trace.NewCounter(r.moved[g], trace.Modelled, nil)})
	}
	for i := range log.Len() {
		e := log.Event(i)
		if g, ok := r.group[e.Thread]; ok {
			out.Groups[g].Counter.Add(e)
		} else {
			out.Kernel.Add(e)
		}
	}
	return out
}

// worker is a thread at work.
type worker struct {
	*run
	k             *sim.Kernel
	group, number int
	sockets       map[*Send]transfer.FD
}

func (w *worker) steps(do []Step) (err error) {
	for _, d := range do {
		switch {
		case d.Send != nil:
			err = w.send(d.Send)
		case d.Read != nil:
			err = w.read(d.Read)
		case d.Append != nil:
			err = w.append(d.Append)
		case d.Think != nil:
			err = w.k.Sleep("think", trace.Ns(*d.Think))
		case d.Repeat != nil:
			for range d.Repeat.Times {
				if err = w.steps(d.Repeat.Do); err != nil {
					break
				}
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *worker) send(s *Send) error {
	id := w.files[s.File]
	socket, ok := w.sockets[s]
	if !ok {
		socket = w.k.NewSocketTo(sim.Rate(s.Reader))
		w.sockets[s] = socket
	}
	program, _ := transfer.Lookup(s.Path)
	in := w.k.OpenFile(id)
	at, rest := int64(s.From), int64(s.Bytes)
	if rest == 0 {
		rest = w.m.SizeOf(id) - at
	}
	for rest > 0 {
		n := rest
		if bool(s.Follow) {
			have, err := w.k.Grown("await", in, at)
			if err != nil {
				return err
			}
			n = min(n, have-at)
		}
		sent, err := program.Send(w.k, transfer.Job{In: in, Out: socket, Offset: at, Bytes: n, Chunk: int(s.Chunk), ZeroCopy: bool(s.ZeroCopy)})
		w.moved[w.group] += sent
		if err != nil {
			return err
		}
		at, rest = at+sent, rest-sent
	}
	return nil
}

func (w *worker) read(r *Read) error {
	id := w.files[r.File]
	in, size := w.k.OpenFile(id), w.m.SizeOf(id)
	buf, err := w.k.Alloc(int(r.Chunk))
	if err != nil {
		return err
	}
	defer w.k.Free(buf)
	random := rand.New(rand.NewPCG(r.Seed, uint64(w.number)))
	places := max(size/int64(r.Chunk), 1)
	for i, done := int64(0), int64(0); done < int64(r.Bytes); i++ {
		off := int64(r.From) + done
		switch r.Pattern {
		case "random":
			off = random.Int64N(places) * int64(r.Chunk)
		case "stride":
			off = (int64(r.From) + i*int64(r.Stride)) % size
		}
		n, err := w.k.Read("read", in, buf.Slice(0, int(min(int64(r.Chunk), int64(r.Bytes)-done))), &off)
		if err != nil {
			return err
		}
		if n == 0 {
			return errors.New("the file ended before what is to be read")
		}
		done += int64(n)
		w.moved[w.group] += int64(n)
	}
	return nil
}
