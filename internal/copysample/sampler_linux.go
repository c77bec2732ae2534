package copysample

import (
	"sync"
	"time"

	"copyscope/internal/perfevent"
	"copyscope/internal/symbol"
)

// Sampler samples some threads until it is ended.
type Sampler struct {
	reader  *perfevent.Reader
	kernel  *symbol.Kernel
	figures Figures
	names   map[uint64]string
	stop    chan struct{}
	done    sync.WaitGroup
}

const (
	// ringBytes is the room for samples of a thread: a sample with a chain of 30
	// functions takes 300 bytes, so some 3 s of processor time.
	ringBytes = 1 << 20
	// drainEvery is how often it is emptied.
	drainEvery = 200 * time.Millisecond
)

// Begin samples from now on. The error says why this process may not, or which thread
// is gone, and what would help.
func Begin(o Options) (*Sampler, error) {
	kernel, err := symbol.LoadKernel()
	if err != nil {
		return nil, err
	}
	if o.Every == 0 {
		o.Every = DefaultEvery
	}
	threads, inherit := o.Threads, perfevent.Nobody
	if o.Process != 0 {
		inherit = perfevent.NewThreads
		if threads, err = perfevent.ThreadsOf(o.Process); err != nil {
			return nil, err
		}
	}
	s := &Sampler{kernel: kernel, names: map[uint64]string{}, stop: make(chan struct{}), figures: Figures{Every: o.Every.Nanoseconds()}}
	s.reader, err = perfevent.Open(perfevent.Options{Threads: threads, Inherit: inherit, RingBytes: ringBytes,
		Events: []perfevent.Event{perfevent.CPUClock(o.Every, perfevent.KernelChain)}})
	if err != nil {
		return nil, err
	}
	if err := s.reader.Begin(); err != nil {
		s.reader.Close()
		return nil, err
	}
	s.done.Go(s.drain)
	return s, nil
}

// drain empties the rings now and then, on another thread than those that are sampled.
func (s *Sampler) drain() {
	tick := time.NewTicker(drainEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
			s.take()
		}
	}
}

func (s *Sampler) take() {
	for _, r := range s.reader.Read() {
		if r.Exec {
			continue
		}
		chain := make([]string, len(r.Kernel))
		for i, address := range r.Kernel {
			chain[i] = s.name(address)
		}
		s.figures.add(chain, r.Period)
	}
}

func (s *Sampler) name(address uint64) string {
	name, ok := s.names[address]
	if !ok {
		name, _ = s.kernel.Function(address)
		s.names[address] = name
	}
	return name
}

// End ends the sampling and returns the figures.
func (s *Sampler) End() (Figures, error) {
	close(s.stop)
	s.done.Wait()
	err := s.reader.End()
	s.take()
	s.figures.Lost = s.reader.Lost()
	s.reader.Close()
	return s.figures, err
}
