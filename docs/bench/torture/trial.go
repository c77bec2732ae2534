//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/docs/bench/torture/check"
	"copyscope/docs/bench/torture/history"
	"copyscope/docs/bench/torture/proxy"
	"copyscope/docs/bench/victim"
)

// A trial has a data directory, a history and promises of its own, so that what is
// read whole after each fault stays small.
const (
	trialLong = 40 * time.Second
	// patience is how long the broker may take for any one thing, faults included.
	patience = 30 * time.Second
)

// The topics: one appends by write(2), one through a mapping.
const (
	topicWritten = "written"
	topicMapped  = "mapped"
	partitions   = 3
)

var topicsOf = []string{topicWritten, topicMapped}

// trial is one, and what it found.
type trial struct {
	s        settings
	seed     uint64
	dice     *rand.Rand
	dir      string
	promised check.Durability
	flushing map[string]string // the broker's properties that promise it

	broker  *victim.Broker
	proxy   *proxy.Proxy
	machine machine
	history *history.Recorder
	ids     map[string][16]byte

	cutLast bool // the last fault was a power cut

	progress  atomic.Int64 // operations that came to a good end
	forgotten atomic.Int64 // cuts that may have taken what coordinators know
	mu        sync.Mutex
	failed    error
	met       map[string]int
	found     []check.Violation
}

func newTrial(s settings, seed uint64, dir string, n int) *trial {
	t := &trial{s: s, seed: seed, dice: rand.New(rand.NewPCG(seed, 0)), dir: dir, history: history.NewRecorder(), met: map[string]int{}, ids: map[string][16]byte{}}
	switch (n + int(s.seed%3)) % 3 {
	case 0:
		t.promised.Forced, t.flushing = true, map[string]string{"log.flush.interval.messages": "1"}
	case 1: // the second to which it is kept, and what a busy machine adds
		t.promised.Age, t.flushing = 8*time.Second, map[string]string{"log.flush.interval.ms": "500"}
	}
	return t
}

func (t *trial) String() string {
	for name, value := range t.flushing {
		return fmt.Sprintf("%s=%s", name, value)
	}
	return "default flush settings"
}

func (t *trial) has(fault string) bool { return slices.Contains(t.s.faults, fault) }

// fail ends the trial: something is wrong that no history shows.
func (t *trial) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed == nil {
		t.failed = err
	}
}

func (t *trial) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed
}

func (t *trial) count(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.met[what]++
}

// counts are the faults that were met.
func (t *trial) counts() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := map[string]int{}
	for what, n := range t.met {
		all[what] = n
	}
	if t.proxy != nil {
		for what, n := range t.proxy.Met() {
			all["net: "+what] += n
		}
	}
	return all
}

// violates notes what no history shows.
func (t *trial) violates(class check.Class, err error) {
	t.found = append(t.found, check.Violation{Class: class, Text: err.Error(), Ops: t.lastFaults()})
}

// lastFaults are the last three.
func (t *trial) lastFaults() []history.Op {
	var all []history.Op
	for _, o := range t.history.Ops() {
		if o.Kind == history.Fault {
			all = append(all, o)
		}
	}
	return all[max(0, len(all)-3):]
}

// run makes the trial. An error is one of the run itself; what the broker did wrong
// is in found.
func (t *trial) run(ctx context.Context, long time.Duration) (err error) {
	l := life{Properties: t.properties(), Bug: t.s.bug}
	t.machine.disk = filepath.Join(t.dir, "disk")
	defer t.machine.close()
	if t.broker, err = victim.New(t.dir, t.machine.command(l, func() string { return t.proxy.Address() })); err != nil {
		return err
	}
	defer t.broker.Close()
	if t.proxy, err = proxy.New(t.broker.Address, t.seed); err != nil {
		return err
	}
	defer t.proxy.Close()
	t.proxy.Rewrite = bugs[t.s.bug].rewrite
	defer t.broker.Kill()
	if err := t.broker.Start(ctx); err != nil {
		return err
	}
	if err := t.create(ctx); err != nil {
		return err
	}
	working, cancel := context.WithCancel(ctx)
	var workers sync.WaitGroup
	t.begin(working, &workers)
	err = t.rounds(ctx, time.Now().Add(long))
	t.proxy.Fail(0)
	cancel()
	if err != nil || len(t.found) > 0 || ctx.Err() != nil {
		t.proxy.Close() // nobody waits for what does not come
	}
	if ended := t.wait(&workers); ended != nil {
		return errors.Join(err, ended)
	}
	if err != nil || len(t.found) > 0 || ctx.Err() != nil {
		return err
	}
	return t.end(ctx)
}

// wait waits for the clients to end. If one does not, what all of them do is kept.
func (t *trial) wait(workers *sync.WaitGroup) error {
	ended := make(chan struct{})
	go func() { workers.Wait(); close(ended) }()
	select {
	case <-ended:
		return nil
	case <-time.After(2 * patience):
	}
	f, err := os.Create(filepath.Join(t.dir, "clients.txt"))
	if err == nil {
		err = errors.Join(pprof.Lookup("goroutine").WriteTo(f, 1), f.Close())
	}
	return errors.Join(fmt.Errorf("a client did not end within %v; clients.txt has where it is", 2*patience), err)
}

func (t *trial) properties() map[string]string {
	all := map[string]string{"transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000"}
	for name, value := range t.flushing {
		all[name] = value
	}
	return all
}

// forever: records are taken whatever time the broker believes it is.
const forever = "9223372036854775807"

// create makes the topics, with segments so small that many faults meet a roll.
func (t *trial) create(ctx context.Context) error {
	cl, err := kgo.NewClient(t.direct()...)
	if err != nil {
		return err
	}
	defer cl.Close()
	for topic, engine := range map[string]string{topicWritten: "write", topicMapped: "mmap"} {
		configs := map[string]string{"segment.bytes": "131072", "copyscope.append.engine": engine, "retention.ms": "-1",
			"message.timestamp.before.max.ms": forever, "message.timestamp.after.max.ms": forever}
		if t.ids[topic], err = victim.CreateTopic(ctx, cl, topic, partitions, configs); err != nil {
			return err
		}
	}
	return nil
}

// begin starts all clients.
func (t *trial) begin(ctx context.Context, workers *sync.WaitGroup) {
	for _, p := range t.producers() {
		workers.Go(func() { p.work(ctx) })
	}
	for n := range tellers {
		workers.Go(func() { t.newTeller(n).work(ctx) })
	}
	for _, topic := range topicsOf {
		for _, committed := range []bool{false, true} {
			workers.Go(func() { tail{t, topic, committed}.work(ctx) })
		}
	}
	for _, g := range t.groups() {
		for n := range members {
			workers.Go(func() { g.member(ctx, n) })
		}
		workers.Go(func() { g.asks(ctx) })
	}
	workers.Go(func() { t.watch(ctx) })
}

// rounds does things to the broker until the end, or until something is found.
func (t *trial) rounds(ctx context.Context, end time.Time) error {
	for time.Now().Before(end) {
		if t.has(faultNet) {
			t.proxy.Fail(t.dice.Float64() / 2)
		}
		if err := victim.Sleep(ctx, t.between()); err != nil {
			return nil
		}
		before := t.progress.Load()
		if err := t.fault(ctx); err != nil || ctx.Err() != nil {
			return err
		}
		if err := t.look(ctx, false); err != nil || len(t.found) > 0 || ctx.Err() != nil {
			return err
		}
		t.goesOn(ctx, before)
		if err := t.failure(); err != nil {
			return err
		}
	}
	return nil
}

// between is how long the broker serves until the next fault. After a cut some come so
// soon that what a recovery should have cut off is still behind what was written since.
func (t *trial) between() time.Duration {
	cut := t.cutLast
	t.cutLast = false
	if cut && t.dice.IntN(2) == 0 {
		return time.Duration(t.dice.Int64N(int64(600 * time.Millisecond)))
	}
	return 200*time.Millisecond + time.Duration(t.dice.Int64N(int64(1800*time.Millisecond)))
}

// look reads everything and judges the history so far.
func (t *trial) look(ctx context.Context, final bool) error {
	if err := t.scan(ctx, final); err != nil {
		if ctx.Err() == nil {
			t.violates(check.Unavailable, err)
		}
		return nil
	}
	t.found = append(t.found, check.Judge(t.history.Ops(), t.promised)...)
	return nil
}

// goesOn waits until clients get on again, whatever the network does to them.
func (t *trial) goesOn(ctx context.Context, before int64) {
	for end := time.Now().Add(patience); t.progress.Load() == before && ctx.Err() == nil; {
		if time.Now().After(end) {
			t.violates(check.Hangs, fmt.Errorf("no client got anything done for %v", patience))
			return
		}
		victim.Sleep(ctx, 5*time.Millisecond)
	}
}

// end lets everything come to its end, restarts the broker once more, and looks.
func (t *trial) end(ctx context.Context) error {
	// Where a cut took what the coordinator knew, transactions may be open that
	// nobody can end: readers of what is committed stay before them.
	decided := t.forgotten.Load() == 0
	if err := t.settle(ctx); err != nil && decided {
		t.violates(check.Hangs, err)
		return nil
	}
	if err := t.again(ctx, history.Kill, false); err != nil {
		return err
	}
	for _, g := range t.groups() {
		if err := t.askFinally(ctx, g); err != nil {
			return err
		}
	}
	return errors.Join(t.look(ctx, decided), t.failure())
}

func (t *trial) askFinally(ctx context.Context, g group) error {
	cl, err := kgo.NewClient(t.direct()...)
	if err != nil {
		return err
	}
	defer cl.Close()
	if err := g.ask(ctx, cl); err != nil {
		t.violates(check.Unavailable, fmt.Errorf("the offsets of group %s: %w", g.name, err))
	}
	return nil
}
