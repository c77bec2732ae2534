package txn_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"copyscope/broker/txn"
)

// what a client sends, in a word.
type call func(c *txn.Coordinator, p txn.Producer) (txn.Producer, error)

func endsAs(commit bool, v txn.Version) call {
	return func(c *txn.Coordinator, p txn.Producer) (txn.Producer, error) { return c.End("x", p, commit, v) }
}

func adds(c *txn.Coordinator, p txn.Producer) (txn.Producer, error) {
	return p, c.Add("x", p, ats(9), txn.V0)
}

func writes(c *txn.Coordinator, p txn.Producer) (txn.Producer, error) {
	_, done, err := c.Write("x", p, ats(9), txn.V2)
	if err == nil {
		done()
	}
	return p, err
}

func inits(c *txn.Coordinator, p txn.Producer) (txn.Producer, error) {
	return c.Init("x", time.Minute, nil)
}

func goesOn(c *txn.Coordinator, p txn.Producer) (txn.Producer, error) {
	return c.Init("x", time.Minute, &p)
}

var (
	commit0, abort0 = endsAs(true, txn.V0), endsAs(false, txn.V0)
	commit2, abort2 = endsAs(true, txn.V2), endsAs(false, txn.V2)
)

// Each state, by what leads to it, and each call in it: from the producer, from
// one with the epoch before, the epoch after, and another id. The expectations
// are those of TransactionCoordinator.scala.
func TestEveryStateAndCall(t *testing.T) {
	ongoing := func(t *testing.T, w *world, c *txn.Coordinator) txn.Producer {
		p := begin(t, c)
		ok(t, c.Add("x", p, ats(0), txn.V0))
		return p
	}
	ended := func(commit bool, v txn.Version) func(*testing.T, *world, *txn.Coordinator) txn.Producer {
		return func(t *testing.T, w *world, c *txn.Coordinator) txn.Producer {
			p, err := c.End("x", ongoing(t, w, c), commit, v)
			ok(t, err)
			return p
		}
	}
	stuck := func(commit bool, v txn.Version) func(*testing.T, *world, *txn.Coordinator) txn.Producer {
		return func(t *testing.T, w *world, c *txn.Coordinator) txn.Producer {
			w.setOffline(at(0), true)
			return ended(commit, v)(t, w, c)
		}
	}
	type expectation struct {
		name  string
		call  call
		epoch int // that the caller has, less the current one
		want  error
		state txn.State // afterwards, if there is no error
		next  int       // epoch that is answered, less the current one
	}
	// who has another epoch or id is refused everywhere.
	const E, O, CC, CA = txn.Empty, txn.Ongoing, txn.CompleteCommit, txn.CompleteAbort
	for _, s := range []struct {
		name string
		make func(*testing.T, *world, *txn.Coordinator) txn.Producer
		all  []expectation
	}{
		{"Empty", func(t *testing.T, w *world, c *txn.Coordinator) txn.Producer { begin(t, c); return begin(t, c) }, []expectation{
			{"init", inits, 0, nil, E, 1},
			{"go on", goesOn, 0, nil, E, 1},
			{"go on, fenced", goesOn, -1, txn.ErrFenced, 0, 0},
			{"add", adds, 0, nil, O, 0},
			{"add, fenced", adds, -1, txn.ErrFenced, 0, 0},
			{"add, of the future", adds, 1, txn.ErrFenced, 0, 0},
			{"write", writes, 0, nil, O, 0},
			{"write, fenced", writes, -1, txn.ErrFenced, 0, 0},
			{"commit", commit0, 0, txn.ErrState, 0, 0},
			{"abort", abort0, 0, txn.ErrState, 0, 0},
			{"commit, fenced", commit0, -1, txn.ErrFenced, 0, 0},
			{"commit 2", commit2, 0, txn.ErrState, 0, 0},
			{"abort 2", abort2, 0, nil, CA, 1},
			{"commit 2 again", commit2, -1, txn.ErrFenced, 0, 0},
			{"abort 2 again", abort2, -1, txn.ErrFenced, 0, 0},
		}},
		{"Ongoing", ongoing, []expectation{
			{"init", inits, 0, txn.ErrConcurrent, CA, 0},
			{"go on", goesOn, 0, txn.ErrConcurrent, CA, 0},
			{"add", adds, 0, nil, O, 0},
			{"add, of the future", adds, 1, txn.ErrFenced, 0, 0},
			{"write", writes, 0, nil, O, 0},
			{"write, of the future", writes, 1, txn.ErrFenced, 0, 0},
			{"commit", commit0, 0, nil, CC, 0},
			{"abort", abort0, 0, nil, CA, 0},
			{"commit, of the future", commit0, 1, txn.ErrFenced, 0, 0},
			{"commit 2", commit2, 0, nil, CC, 1},
			{"abort 2", abort2, 0, nil, CA, 1},
			{"abort 2, fenced", abort2, -1, txn.ErrFenced, 0, 0},
		}},
		{"PrepareCommit", stuck(true, txn.V0), []expectation{
			{"init", inits, 0, txn.ErrConcurrent, 0, 0},
			{"go on", goesOn, 0, txn.ErrConcurrent, 0, 0},
			{"add", adds, 0, txn.ErrConcurrent, 0, 0},
			{"write", writes, 0, txn.ErrConcurrent, 0, 0},
			{"commit", commit0, 0, txn.ErrConcurrent, 0, 0},
			{"abort: the other result", abort0, 0, txn.ErrConcurrent, 0, 0},
			{"commit, of the future", commit0, 1, txn.ErrFenced, 0, 0},
		}},
		{"PrepareCommit 2", stuck(true, txn.V2), []expectation{
			{"init", inits, 0, txn.ErrConcurrent, 0, 0},
			{"add with the epoch before", adds, -1, txn.ErrFenced, 0, 0},
			{"add", adds, 0, txn.ErrConcurrent, 0, 0},
			{"commit again", commit2, -1, txn.ErrConcurrent, 0, 0},
			{"abort: the other result", abort2, -1, txn.ErrConcurrent, 0, 0},
			{"commit", commit2, 0, txn.ErrFenced, 0, 0},
		}},
		{"PrepareAbort 2", stuck(false, txn.V2), []expectation{
			{"init", inits, 0, txn.ErrConcurrent, 0, 0},
			{"write", writes, 0, txn.ErrConcurrent, 0, 0},
			{"abort again", abort2, -1, txn.ErrConcurrent, 0, 0},
			{"commit: the other result", commit2, -1, txn.ErrConcurrent, 0, 0},
		}},
		{"CompleteCommit", ended(true, txn.V0), []expectation{
			{"init", inits, 0, nil, E, 1},
			{"go on", goesOn, 0, nil, E, 1},
			{"add", adds, 0, nil, O, 0},
			{"write", writes, 0, nil, O, 0},
			{"commit again", commit0, 0, nil, CC, 0},
			{"abort: the other result", abort0, 0, txn.ErrState, 0, 0},
		}},
		{"CompleteAbort", ended(false, txn.V0), []expectation{
			{"init", inits, 0, nil, E, 1},
			{"add", adds, 0, nil, O, 0},
			{"abort again", abort0, 0, nil, CA, 0},
			{"commit: the other result", commit0, 0, txn.ErrState, 0, 0},
		}},
		{"CompleteCommit 2", ended(true, txn.V2), []expectation{
			{"init", inits, 0, nil, E, 1},
			{"write", writes, 0, nil, O, 0},
			{"write with the epoch before", writes, -1, txn.ErrFenced, 0, 0},
			{"commit again", commit2, -1, nil, CC, 0},
			{"abort: the other result", abort2, -1, txn.ErrState, 0, 0},
			{"commit", commit2, 0, txn.ErrState, 0, 0},
			{"abort of nothing", abort2, 0, nil, CA, 1},
			{"commit long after", commit2, -2, txn.ErrFenced, 0, 0},
		}},
		{"CompleteAbort 2", ended(false, txn.V2), []expectation{
			{"init", inits, 0, nil, E, 1},
			{"abort again", abort2, -1, nil, CA, 0},
			{"commit: of an aborted epoch", commit2, -1, txn.ErrState, 0, 0},
			{"commit", commit2, 0, txn.ErrState, 0, 0},
			{"abort of nothing", abort2, 0, nil, CA, 1},
		}},
	} {
		for _, k := range s.all {
			t.Run(s.name+"/"+k.name, func(t *testing.T) {
				run(t, func(t *testing.T, w *world, c *txn.Coordinator) {
					now := s.make(t, w, c)
					before, _ := c.Describe("x")
					if before.Producer != now {
						t.Fatalf("it has %+v, and told %+v", before.Producer, now)
					}
					who := txn.Producer{ID: now.ID, Epoch: now.Epoch + int16(k.epoch)}
					got, err := k.call(c, who)
					if !errors.Is(err, k.want) || (err == nil) != (k.want == nil) {
						t.Fatalf("got %v, want %v", err, k.want)
					}
					after, _ := c.Describe("x")
					if err == nil && (after.State != k.state || got != (txn.Producer{ID: now.ID, Epoch: now.Epoch + int16(k.next)})) {
						t.Fatalf("it is %s and told %+v, want %s, and %d epochs after %+v", after.State, got, k.state, k.next, now)
					}
					if err != nil && s.name != "Ongoing" && (after.State != before.State || after.Producer != before.Producer || !slices.Equal(after.Partitions, before.Partitions)) {
						t.Fatalf("a refused call made %+v of %+v", after, before)
					}
				})
			})
			t.Run(s.name+"/"+k.name+", another producer id", func(t *testing.T) {
				run(t, func(t *testing.T, w *world, c *txn.Coordinator) {
					now := s.make(t, w, c)
					if fmt.Sprintf("%p", k.call) == fmt.Sprintf("%p", call(inits)) {
						return // it names no producer
					}
					_, err := k.call(c, txn.Producer{ID: now.ID + 500, Epoch: now.Epoch})
					if !errors.Is(err, txn.ErrMapping) && !errors.Is(err, txn.ErrFenced) && !errors.Is(err, txn.ErrConcurrent) {
						t.Fatalf("got %v", err)
					}
				})
			})
		}
	}
}

// What no producer may ask for.
func TestRefused(t *testing.T) {
	run(t, func(t *testing.T, w *world, c *txn.Coordinator) {
		p := begin(t, c)
		long := string(make([]byte, 1<<15))
		init := func(id string, timeout time.Duration) error { _, err := c.Init(id, timeout, nil); return err }
		end := func(id string) error { _, err := c.End(id, p, true, txn.V0); return err }
		verify := func(id string) error { _, err := c.Verify(id, p, nil); return err }
		write := func(id string) error { _, _, err := c.Write(id, p, nil, txn.V2); return err }
		describe := func(id string) error { _, err := c.Describe(id); return err }
		for i, k := range []struct{ got, want error }{
			{init("", time.Second), txn.ErrID}, {init(long, time.Second), txn.ErrID},
			{init("x", 0), txn.ErrTimeout}, {init("x", -time.Second), txn.ErrTimeout}, {init("x", 15*time.Minute+1), txn.ErrTimeout}, {init("x", 15*time.Minute), nil},
			{c.Add("", p, nil, txn.V0), txn.ErrID}, {c.Add("y", p, nil, txn.V0), txn.ErrMapping},
			{end(""), txn.ErrID}, {end("y"), txn.ErrMapping},
			{verify(""), txn.ErrID}, {verify("y"), txn.ErrMapping},
			{write(""), txn.ErrID}, {write("y"), txn.ErrMapping},
			{describe(""), txn.ErrID}, {describe("y"), txn.ErrNotFound},
		} {
			if !errors.Is(k.got, k.want) {
				t.Errorf("%d: got %v, want %v", i, k.got, k.want)
			}
		}
	})
}

// A transaction's markers are in each partition, once, with its epoch: the one
// that the producer has, or the next.
func TestMarkers(t *testing.T) {
	for _, v := range []txn.Version{txn.V0, txn.V2} {
		for _, commit := range []bool{true, false} {
			run(t, func(t *testing.T, w *world, c *txn.Coordinator) {
				p := begin(t, c)
				ok(t, c.Add("x", p, ats(0, 1), v))
				ok(t, c.Add("x", p, ats(1, 2), v))
				wantState(t, c, txn.Ongoing, 0, 1, 2)
				next, err := c.End("x", p, commit, v)
				ok(t, err)
				want := txn.Marker{Producer: p, CoordinatorEpoch: 4, Commit: commit}
				if v == txn.V2 {
					want.Epoch++
				}
				for n := range int32(3) {
					if got := w.marked(at(n)); len(got) != 1 || got[0] != want || next != want.Producer {
						t.Fatalf("version %d: partition %d has %+v, want %+v; the producer goes on with %+v", v, n, got, want, next)
					}
				}
				s := c.Stats()
				if s.Committed+s.Aborted != 1 || (s.Committed == 1) != commit {
					t.Fatalf("it counted %+v", s)
				}
			})
		}
	}
}

// What was decided is done, also where it cannot be at once: markers are tried
// again, each partition gets one, and a restart goes on.
func TestMarkersAreTriedAgain(t *testing.T) {
	run(t, func(t *testing.T, w *world, c *txn.Coordinator) {
		p := begin(t, c)
		ok(t, c.Add("x", p, ats(0, 1), txn.V0))
		w.setOffline(at(1), true)
		_, err := c.End("x", p, true, txn.V0)
		ok(t, err)
		wantState(t, c, txn.PrepareCommit, 0, 1)
		time.Sleep(5 * time.Second)
		if err := c.Add("x", p, ats(0), txn.V0); !errors.Is(err, txn.ErrConcurrent) {
			t.Fatalf("got %v", err)
		}
		w.setOffline(at(1), false)
		time.Sleep(11 * time.Second)
		wantState(t, c, txn.CompleteCommit)
		if a, b := w.marked(at(0)), w.marked(at(1)); len(a) != 1 || len(b) != 1 {
			t.Fatalf("markers %+v, %+v", a, b)
		}
	})
	run(t, func(t *testing.T, w *world, c *txn.Coordinator) {
		p := begin(t, c)
		ok(t, c.Add("x", p, ats(0), txn.V2))
		w.failing(errors.New("full"), 1) // Prepare is stored, Complete is not
		next, err := c.End("x", p, false, txn.V2)
		ok(t, err)
		wantState(t, c, txn.PrepareAbort, 0)
		c.Close()
		w.failing(nil, 0)
		c = w.open(t)
		defer c.Close()
		if d := wantState(t, c, txn.CompleteAbort); d.Producer != next {
			t.Fatalf("it came back as %+v, want %+v", d.Producer, next)
		}
		if got := outcomes(w.marked(at(0))); !slices.Equal(got, []bool{false, false}) {
			t.Fatalf("markers %v", got) // the second is after the restart, which cannot know of the first
		}
	})
}

// A partition that refuses its marker for good is asked once, also over a restart
// that finds the transaction complete; the others get theirs, and the transactional
// id goes on.
func TestRefusedMarkersAreLeft(t *testing.T) {
	for _, commit := range []bool{true, false} {
		run(t, func(t *testing.T, w *world, c *txn.Coordinator) {
			p := begin(t, c)
			ok(t, c.Add("x", p, ats(0, 1, 2), txn.V2))
			w.setEnd(at(0), fmt.Errorf("%w: fenced", txn.ErrRefused))
			w.setOffline(at(1), true)
			next, err := c.End("x", p, commit, txn.V2)
			ok(t, err)
			time.Sleep(time.Minute) // the second is tried again and again
			if first, second := w.times(at(0)), w.times(at(1)); first != 1 || second < 5 {
				t.Fatalf("the partition that refuses was asked %d times, the one that is offline %d times", first, second)
			}
			w.setOffline(at(1), false)
			time.Sleep(11 * time.Second)
			done := txn.CompleteAbort
			if commit {
				done = txn.CompleteCommit
			}
			wantState(t, c, done)
			for n, want := range []int{0, 1, 1} {
				if got := w.marked(at(int32(n))); len(got) != want {
					t.Fatalf("partition %d has %+v", n, got)
				}
			}
			ok(t, c.Add("x", next, ats(0), txn.V2))
			c.Close()
			c = w.open(t)
			defer c.Close()
			if n := w.times(at(0)); n != 1 {
				t.Fatalf("after the restart it was asked %d times", n)
			}
		})
	}
}

// What cannot be stored is not done, and not answered as if it were.
func TestStoreFails(t *testing.T) {
	full := errors.New("full")
	run(t, func(t *testing.T, w *world, c *txn.Coordinator) {
		w.failing(full, 0)
		if _, err := c.Init("x", time.Minute, nil); !errors.Is(err, txn.ErrStore) || len(c.List()) != 0 {
			t.Fatalf("init gave %v, and there are %v", err, c.List())
		}
		w.failing(nil, 0)
		p := begin(t, c)
		w.failing(full, 0)
		if err := c.Add("x", p, ats(0), txn.V0); !errors.Is(err, txn.ErrStore) {
			t.Fatalf("add gave %v", err)
		}
		wantState(t, c, txn.Empty)
		w.failing(nil, 0)
		ok(t, c.Add("x", p, ats(0), txn.V0))
		w.failing(full, 0)
		for _, v := range []txn.Version{txn.V0, txn.V2} {
			if _, err := c.End("x", p, true, v); !errors.Is(err, txn.ErrStore) {
				t.Fatalf("end gave %v", err)
			}
		}
		if _, err := c.Init("x", time.Minute, nil); !errors.Is(err, txn.ErrStore) {
			t.Fatalf("init gave %v", err)
		}
		time.Sleep(5 * time.Minute) // nor can it be aborted in time
		if d := wantState(t, c, txn.Ongoing, 0); d.Producer != p || len(w.marked(at(0))) != 0 {
			t.Fatalf("it has %+v, the partition %+v", d.Producer, w.marked(at(0)))
		}
		w.failing(nil, 0)
		time.Sleep(11 * time.Second)
		wantState(t, c, txn.CompleteAbort)
	})
}

// While somebody writes in a transaction, its markers wait: nothing comes behind
// them. From the decision on nobody else begins to write.
func TestNothingIsWrittenBehindTheMarker(t *testing.T) {
	w := newWorld()
	c := w.open(t)
	defer c.Close()
	p := begin(t, c)
	ok(t, c.Add("x", p, ats(0), txn.V0))
	missing, done, err := c.Write("x", p, ats(0, 1), txn.V0)
	if ok(t, err); !slices.Equal(missing, ats(1)) {
		t.Fatalf("missing are %v", missing)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := c.End("x", p, true, txn.V0)
		ended <- err
	}()
	for { // until it is decided
		if _, err := c.Verify("x", p, ats(0)); errors.Is(err, txn.ErrConcurrent) {
			break
		}
		runtime.Gosched()
	}
	time.Sleep(5 * time.Millisecond) // long enough for who does not wait
	if len(w.marked(at(0))) != 0 || len(ended) != 0 {
		t.Fatal("the marker was written while records were")
	}
	done()
	ok(t, <-ended)
	if len(w.marked(at(0))) != 1 {
		t.Fatal("the marker was not written")
	}
}

// Transactional ids and their partitions take memory up to a bound, and give it
// back.
func TestMemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		c := w.open(t, func(cfg *txn.Config) { cfg.MaxBytes = 64 << 10 })
		defer c.Close()
		for round := range 2 {
			var err error
			n := 0
			for ; err == nil && n < 1000; n++ {
				_, err = c.Init(fmt.Sprint(round, "-", n), time.Minute, nil)
			}
			if !errors.Is(err, txn.ErrFull) || n < 50 {
				t.Fatalf("round %d: %d ids, then %v", round, n, err)
			}
			time.Sleep(8 * 24 * time.Hour)
		}
		p := begin(t, c)
		var many []txn.TopicPartition
		for n := range int32(2000) {
			many = append(many, at(n))
		}
		if err := c.Add("x", p, many, txn.V0); !errors.Is(err, txn.ErrFull) {
			t.Fatalf("2000 partitions: %v", err)
		}
		for range 5 {
			ok(t, c.Add("x", p, many[:800], txn.V0))
			_, err := c.End("x", p, true, txn.V0)
			ok(t, err)
		}
	})
}
