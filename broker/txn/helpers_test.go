package txn_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"copyscope/broker/statelog"
	"copyscope/broker/txn"
)

// world is what outlives a coordinator: its records, the partitions' markers, and
// the producer ids that were handed out.
type world struct {
	mu      sync.Mutex
	records []statelog.Record
	cut     int
	trims   int
	fail    error // of each append
	after   int   // appends that succeed before fail is
	markers map[txn.TopicPartition][]txn.Marker
	ends    map[txn.TopicPartition]error // what End tells instead of writing a marker
	asked   map[txn.TopicPartition]int   // how often End was called
	ids     int64
}

func newWorld() *world {
	return &world{markers: map[txn.TopicPartition][]txn.Marker{}, ends: map[txn.TopicPartition]error{}, asked: map[txn.TopicPartition]int{}, ids: 1000}
}

func (w *world) Append(_ string, records []statelog.Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		if w.after == 0 {
			return w.fail
		}
		w.after--
	}
	w.records = append(w.records, records...)
	return nil
}

func (w *world) Epoch(string) int32 { return 4 }

func (w *world) Replay(_ context.Context, visit func(statelog.Replayed) error) error {
	w.mu.Lock()
	all := slices.Clone(w.records[w.cut:])
	w.mu.Unlock()
	for _, r := range all {
		if err := visit(statelog.Replayed{Record: r, Producer: statelog.NoProducer}); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) End() statelog.Mark {
	w.mu.Lock()
	defer w.mu.Unlock()
	return statelog.Mark{int64(len(w.records))}
}

func (w *world) Trim(m statelog.Mark) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = int(m[0])
	w.trims++
	return nil
}

func (w *world) trimmed() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trims
}

// left is how many records were not cut off.
func (w *world) left() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.records) - w.cut
}

// partitions are the world's; as [txn.Participants].
type partitions struct{ *world }

func (p partitions) End(at txn.TopicPartition, m txn.Marker) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[at]++
	if err := p.ends[at]; err != nil {
		return err
	}
	p.markers[at] = append(p.markers[at], m)
	return nil
}

// failing makes each append after so many fail, nil: no more.
func (w *world) failing(err error, after int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail, w.after = err, after
}

func (w *world) setOffline(at txn.TopicPartition, off bool) {
	if off {
		w.setEnd(at, errors.New("it is offline"))
		return
	}
	w.setEnd(at, nil)
}

// setEnd makes the partition answer markers with the error, nil: store them.
func (w *world) setEnd(at txn.TopicPartition, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ends[at] = err
}

// times is how often the partition was asked for a marker.
func (w *world) times(at txn.TopicPartition) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked[at]
}

// marked are the markers of a partition so far.
func (w *world) marked(at txn.TopicPartition) []txn.Marker {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.markers[at])
}

func (w *world) open(t testing.TB, change ...func(*txn.Config)) *txn.Coordinator {
	t.Helper()
	cfg := txn.Config{NewProducerID: func() (int64, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.ids++
		return w.ids, nil
	}}
	for _, f := range change {
		f(&cfg)
	}
	c, err := txn.Open(t.Context(), w, partitions{w}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// run runs the test in time of its own.
func run(t *testing.T, f func(t *testing.T, w *world, c *txn.Coordinator)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		c := w.open(t)
		defer c.Close()
		f(t, w, c)
	})
}

func at(n int32) txn.TopicPartition { return txn.TopicPartition{Topic: "t", Partition: n} }

func ats(numbers ...int32) (all []txn.TopicPartition) {
	for _, n := range numbers {
		all = append(all, at(n))
	}
	return all
}

// begin takes the transactional id x.
func begin(t *testing.T, c *txn.Coordinator) txn.Producer {
	t.Helper()
	p, err := c.Init("x", time.Minute, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantState(t *testing.T, c *txn.Coordinator, want txn.State, partitions ...int32) txn.Description {
	t.Helper()
	d, err := c.Describe("x")
	if err != nil {
		t.Fatal(err)
	}
	if d.State != want || !slices.Equal(d.Partitions, ats(partitions...)) {
		t.Fatalf("it is %s with %v, want %s with %v", d.State, d.Partitions, want, ats(partitions...))
	}
	return d
}

func outcomes(markers []txn.Marker) (all []bool) {
	for _, m := range markers {
		all = append(all, m.Commit)
	}
	return all
}

// count is how many transactional ids are in the states.
func count(c *txn.Coordinator) map[txn.State]int { return maps.Clone(c.Stats().ByState) }
