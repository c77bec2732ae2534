package scenario

import (
	"context"
	"fmt"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// Options say how a scenario is run.
type Options struct {
	// Progress is told now and then how many of about so many events there are.
	Progress func(done, about int64)
	// Keep is how many of the first events are kept in [Result].Log; negative:
	// all. The counts are exact without.
	Keep int
}

// Result is what a run gave.
type Result struct {
	Scenario *Scenario
	// Log has the events that were to be kept.
	Log *trace.Log
	// Groups are the scenario's threads, in its order; Kernel is what belongs to
	// none of them, such as interrupts and write-back.
	Groups []Group
	Kernel *trace.Counter
	// Members are the threads by the number that their events have; one that is
	// not there is none of the scenario's.
	Members map[int]Member
}

// Member is one thread of a group, by the group's place in [Result].Groups.
type Member struct {
	Name  string
	Group int
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
	log := trace.NewLog(trace.NewCounter(0, trace.Modelled, nil), trace.LogOptions{Keep: o.Keep, Groups: len(s.Threads)})
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
	r := &run{s: s, m: m, log: log, files: map[string]sim.FileID{}, members: map[int]Member{}, moved: make([]int64, len(s.Threads))}
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
	for _, w := range r.workers {
		if err := w.arrived(); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return r.result(), nil
}

// run is a scenario on its machine.
type run struct {
	s       *Scenario
	m       *sim.Machine
	log     *trace.Log
	files   map[string]sim.FileID
	workers []*worker
	members map[int]Member
	moved   []int64 // by group
}

// thread makes the n-th thread of a group.
func (r *run) thread(g, n int) {
	t := r.s.Threads[g]
	name := t.Name
	if t.Count > 1 {
		name = fmt.Sprintf("%s %d", t.Name, n+1)
	}
	w := &worker{run: r, group: g, number: n, sockets: map[*Send][]*connection{}, descriptors: map[string]transfer.FD{}, forced: map[string]*flush{}}
	r.workers = append(r.workers, w)
	id := r.m.Go(name, func(k *sim.Kernel) error {
		w.k = k
		if wait := trace.Ns(t.Start) + trace.Ns(t.Every)*trace.Ns(n); wait > 0 {
			if err := k.Sleep("start", wait); err != nil {
				return err
			}
		}
		return w.steps(t.Do)
	}).ID()
	r.log.Join(id, g)
	r.members[id] = Member{name, g}
}

// result has the counts of each group.
func (r *run) result() *Result {
	out := &Result{Scenario: r.s, Log: r.log, Kernel: r.log.Ungrouped(0), Members: r.members}
	for g, t := range r.s.Threads {
		out.Groups = append(out.Groups, Group{t.Name, t.Count, r.moved[g], r.log.Group(g, r.moved[g])})
	}
	return out
}

// worker is a thread at work.
type worker struct {
	*run
	k             *sim.Kernel
	group, number int
	sockets       map[*Send][]*connection
	descriptors   map[string]transfer.FD // of the files, by name
	forced        map[string]*flush      // by file
}

// open is the descriptor of a file, which the thread opens once.
func (w *worker) open(file string) transfer.FD {
	fd, ok := w.descriptors[file]
	if !ok {
		fd = w.k.OpenFile(w.files[file])
		w.descriptors[file] = fd
	}
	return fd
}

// arrived checks what the thread's receivers got.
func (w *worker) arrived() error {
	for s, all := range w.sockets {
		for _, c := range all {
			if err := c.check(w.k.Arrived(c.fd)); err != nil {
				return fmt.Errorf("%s: %s: %w", w.s.Threads[w.group].Name, s.Path, err)
			}
		}
	}
	return nil
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
