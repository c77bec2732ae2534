package broker_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// fetchOne is the first partition's answer.
func (c raw) fetchOne(req *kmsg.FetchRequest) kmsg.FetchResponseTopicPartition {
	c.t.Helper()
	return ask[*kmsg.FetchResponse](c, req, 3).Topics[0].Partitions[0]
}

// Every path sends the same bytes, in every version, and the summary tells
// the syscalls of that path and no other.
func TestPathsAndVersions(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	var want []byte
	for i := range 20 {
		batch := batchOf(strings.Repeat(fmt.Sprint(i), 5000), "second")
		ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", 0, batch), 1)
		binary.BigEndian.PutUint64(batch, uint64(2*i))
		binary.BigEndian.PutUint32(batch[12:], 0)
		want = append(want, batch...)
	}
	moves := map[string][]string{"sendfile": {"sendfile"}, "read-write": {"pread64", "write"}, "mmap-write": {"mmap", "write"}, "splice": {"splice"}}
	for _, path := range transfer.ServingPaths() {
		if code, message := c.setPath("t", path); code != 0 {
			t.Fatalf("path %s: error %d %s", path, code, message)
		}
		for version := int16(4); version <= 12; version++ {
			served := len(b.transfers())
			p := c.fetchOne(fetchReq("t", 0, func(r *kmsg.FetchRequest) { r.Version = version }))
			if !bytes.Equal(p.RecordBatches, want) || p.HighWatermark != 40 || p.ErrorCode != 0 {
				t.Fatalf("%s, version %d: error %d, %d bytes that are not the %d produced", path, version, p.ErrorCode, len(p.RecordBatches), len(want))
			}
			now := waitServed(t, b, served+1)
			s := now[len(now)-1]
			if s.Path != path || s.Bytes != int64(len(want)) || s.Topic != "t" || s.Partition != 0 || s.Err != "" || s.Chunk <= 0 || s.Dur <= 0 || s.Began.IsZero() {
				t.Errorf("%s, version %d: the summary is %+v", path, version, s)
			}
			if !strings.HasPrefix(s.Client, "raw@127.0.0.1:") {
				t.Errorf("the client is called %q", s.Client)
			}
			expected, ok := moves[path]
			if !ok {
				t.Fatalf("say in this test which syscalls path %s makes", path)
			}
			for _, name := range expected {
				if s.SyscallsByName[name] == 0 {
					t.Errorf("%s made no %s: %v", path, name, s.SyscallsByName)
				}
			}
			for other, names := range moves {
				for _, name := range names {
					if other != path && s.SyscallsByName[name] > 0 && !contains(expected, name) {
						t.Errorf("%s made calls of %s: %v", path, other, s.SyscallsByName)
					}
				}
			}
		}
	}
	seen := map[int64]bool{}
	for _, s := range b.transfers() {
		if s.Seq < 1 || seen[s.Seq] {
			t.Fatalf("sequence number %d is not new", s.Seq)
		}
		seen[s.Seq] = true
	}
}

func contains(list []string, s string) bool {
	return strings.Contains(" "+strings.Join(list, " ")+" ", " "+s+" ")
}

// waitServed waits for n summaries: the last bytes may arrive before theirs.
func waitServed(t *testing.T, b *running, n int) []trace.Served {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		if now := b.transfers(); len(now) >= n {
			return now
		}
		if time.Now().After(end) {
			t.Fatalf("%d summaries came, want %d", len(b.transfers()), n)
		}
	}
}

func TestFetchLimitsAndErrors(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 2))
	big := batchOf(strings.Repeat("x", 10_000))
	for _, p := range []int32{0, 0, 1} {
		ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", p, bytes.Clone(big)), 1)
	}
	one := len(big)
	both := func(partMax, max int32) (sizes [2]int) {
		req := fetchReq("t", 0, func(r *kmsg.FetchRequest) {
			r.MaxBytes = max
			p1 := kmsg.NewFetchRequestTopicPartition()
			p1.Partition, p1.PartitionMaxBytes = 1, partMax
			r.Topics[0].Partitions[0].PartitionMaxBytes = partMax
			r.Topics[0].Partitions = append(r.Topics[0].Partitions, p1)
		})
		for i, p := range ask[*kmsg.FetchResponse](c, req, 1).Topics[0].Partitions {
			sizes[i] = len(p.RecordBatches)
		}
		return sizes
	}
	for _, k := range []struct {
		partMax, max int32
		want         [2]int
	}{
		{1 << 20, 1 << 20, [2]int{2 * one, one}},
		{1, 1, [2]int{one, 0}},                              // the first batch, whole, and no more
		{1, 1 << 20, [2]int{one, 0}},                        // the second partition's batch is above its limit
		{int32(one) + 100, 1 << 20, [2]int{one + 100, one}}, // the last batch may be cut
		{1 << 20, int32(one), [2]int{one, 0}},
		{1 << 20, int32(2*one) + 5, [2]int{2 * one, 0}},
		{0, 0, [2]int{one, 0}},
		{-1, -1, [2]int{one, 0}},
	} {
		if got := both(k.partMax, k.max); got != k.want {
			t.Errorf("limits %d and %d: %v bytes, want %v", k.partMax, k.max, got, k.want)
		}
	}
	for _, k := range []struct {
		name   string
		change func(*kmsg.FetchRequest)
		code   int16
	}{
		{"unknown topic", func(r *kmsg.FetchRequest) { r.Topics[0].Topic = "nope" }, 3},
		{"unknown partition", func(r *kmsg.FetchRequest) { r.Topics[0].Partitions[0].Partition = 7 }, 3},
		{"beyond the end", func(r *kmsg.FetchRequest) { r.Topics[0].Partitions[0].FetchOffset = 3 }, 1},
		{"before the start", func(r *kmsg.FetchRequest) { r.Topics[0].Partitions[0].FetchOffset = -1 }, 1},
		{"epoch to come", func(r *kmsg.FetchRequest) { r.Topics[0].Partitions[0].CurrentLeaderEpoch = 9 }, 75},
	} {
		req := fetchReq("t", 0, k.change)
		req.MaxWaitMillis, req.MinBytes = 10_000, 1<<20
		began := time.Now()
		if p := c.fetchOne(req); p.ErrorCode != k.code || len(p.RecordBatches) > 0 {
			t.Errorf("%s: error %d with %d bytes, want %d", k.name, p.ErrorCode, len(p.RecordBatches), k.code)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: the error waited %v", k.name, took)
		}
	}
	session := fetchReq("t", 0, func(r *kmsg.FetchRequest) { r.SessionID, r.SessionEpoch = 5, 2 })
	if resp := ask[*kmsg.FetchResponse](c, session, 1); resp.ErrorCode != 70 {
		t.Errorf("a session that does not exist: error %d, want 70", resp.ErrorCode)
	}
}

// A fetch waits for what is produced, for its minimum, and not beyond its
// maximum.
func TestLongPoll(t *testing.T) {
	b := start(t, t.TempDir())
	c, producer := dial(t, b.addr), dial(t, b.addr)
	c.create(topicReq("t", 1))
	batch := batchOf(strings.Repeat("x", 1000))
	waiting := fetchReq("t", 0, func(r *kmsg.FetchRequest) { r.MaxWaitMillis, r.MinBytes = 20_000, int32(2*len(batch)) })
	began := time.Now()
	c.send(frame(waiting, 3))
	for range 2 {
		time.Sleep(100 * time.Millisecond)
		ask[*kmsg.ProduceResponse](producer, produceReq(7, 1, "t", 0, bytes.Clone(batch)), 1)
	}
	p := answer[*kmsg.FetchResponse](c, waiting, 3).Topics[0].Partitions[0]
	if took := time.Since(began); len(p.RecordBatches) != 2*len(batch) || took < 200*time.Millisecond || took > 10*time.Second {
		t.Errorf("%d bytes came after %v, want %d once both batches are there", len(p.RecordBatches), took, 2*len(batch))
	}
	began = time.Now()
	p = c.fetchOne(fetchReq("t", 2, func(r *kmsg.FetchRequest) { r.MaxWaitMillis = 150 }))
	if took := time.Since(began); len(p.RecordBatches) != 0 || p.ErrorCode != 0 || took < 150*time.Millisecond || took > 5*time.Second {
		t.Errorf("an empty fetch took %v with %d bytes, error %d; want 150 ms and none", took, len(p.RecordBatches), p.ErrorCode)
	}
}

// An answer that no further batch fits into goes out, though it has less than the
// client's minimum, and what follows is left for the next one.
func TestAFullAnswerDoesNotWait(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 3))
	large, small := batchOf(strings.Repeat("x", 1000)), batchOf("x")
	for p, batch := range [][]byte{large, large, small} {
		ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", int32(p), bytes.Clone(batch)), 1)
	}
	all := fetchReq("t", 0, func(r *kmsg.FetchRequest) {
		r.MaxBytes, r.MinBytes, r.MaxWaitMillis = 1500, 1500, 30_000
		for _, n := range []int32{1, 2} {
			p := r.Topics[0].Partitions[0]
			p.Partition = n
			r.Topics[0].Partitions = append(r.Topics[0].Partitions, p)
		}
	})
	began := time.Now()
	var sizes []int
	for _, p := range ask[*kmsg.FetchResponse](c, all, 3).Topics[0].Partitions {
		sizes = append(sizes, len(p.RecordBatches))
	}
	if took := time.Since(began); took > 15*time.Second || !slices.Equal(sizes, []int{len(large), 0, 0}) {
		t.Errorf("%v bytes came after %v, want %d of the first partition at once", sizes, took, len(large))
	}
}

// No answer waits for the kernel's 200 ms because a call promised more that did
// not come, on any path, whatever the sizes.
func TestNoDelayedTail(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", 0, batchOf(strings.Repeat("x", 100_001))), 1)
	for _, path := range transfer.ServingPaths() {
		c.setPath("t", path)
		for _, version := range []int16{11, 12} {
			began := time.Now()
			const times = 10
			for range times {
				c.fetchOne(fetchReq("t", 0, func(r *kmsg.FetchRequest) { r.Version = version }))
			}
			if each := time.Since(began) / times; each > 100*time.Millisecond {
				t.Errorf("%s, version %d: a fetch takes %v", path, version, each)
			}
		}
	}
}

// The path is altered again and again under a live consumer, which must get
// every record, once and in order, and be served on every path.
func TestPathSwitchUnderConsumer(t *testing.T) {
	b := start(t, t.TempDir())
	admin := dial(t, b.addr)
	admin.create(topicReq("t", 1))
	values := lines(40_000)
	stop := make(chan struct{})
	switches := make(chan struct{}) // the producer waits for one now and then
	switched := make(chan int)
	go func() {
		n := 0
		defer func() { switched <- n }()
		for paths := transfer.ServingPaths(); ; n++ {
			admin.setPath("t", paths[n%len(paths)])
			select {
			case <-stop:
				return
			case switches <- struct{}{}:
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	cl, ctx := client(t, b.addr, kgo.ProducerBatchMaxBytes(64<<10)), deadline(t)
	produced := make(chan error, 1) // records are read before their producer hears of them
	go func() {
		defer func() { produced <- cl.Flush(ctx) }()
		for i, v := range values {
			cl.Produce(ctx, &kgo.Record{Topic: "t", Value: []byte(v)}, func(_ *kgo.Record, err error) {
				if err != nil {
					t.Errorf("record %d: %v", i, err)
				}
			})
			if i%1000 == 0 {
				if err := cl.Flush(ctx); err != nil {
					t.Error(err)
				}
				<-switches
			}
		}
	}()
	for i, v := range consume(t, b.addr, "t", 0, len(values), kgo.FetchMaxPartitionBytes(100_000)) {
		if v != values[i] {
			t.Fatalf("record %d is %q, produced was %q", i, v, values[i])
		}
	}
	if err := <-produced; err != nil {
		t.Error(err)
	}
	close(stop)
	n := <-switched
	used := map[string]int{}
	for _, s := range b.transfers() {
		used[s.Path]++
	}
	for _, path := range transfer.ServingPaths() {
		if used[path] == 0 {
			t.Errorf("after %d switches no fetch was served by %s: %v", n, path, used)
		}
	}
}

// A client that does not read holds nobody else up.
func TestSlowReader(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	batch := batchOf(strings.Repeat("x", 1_000_000))
	for range 30 {
		ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", 0, bytes.Clone(batch)), 1)
	}
	everything := func(r *kmsg.FetchRequest) { r.Topics[0].Partitions[0].PartitionMaxBytes = 50 << 20 }
	for _, path := range transfer.ServingPaths() {
		c.setPath("t", path)
		for range 3 {
			dial(t, b.addr).send(frame(fetchReq("t", 0, everything), 1)) // and never reads
		}
		for range 20 {
			began := time.Now()
			if p := c.fetchOne(fetchReq("t", 29)); len(p.RecordBatches) != len(batch) {
				t.Fatalf("%s: %d bytes, want %d", path, len(p.RecordBatches), len(batch))
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Fatalf("%s: beside slow readers a fetch took %v", path, took)
			}
		}
	}
	// And the broker still ends in time with all of them stuck: see start.
}

// A file that became shorter under the broker: the answer cannot be completed,
// so the connection ends, with a log line, and others go on.
func TestFileShrinksUnderFetch(t *testing.T) {
	for _, path := range transfer.ServingPaths() {
		t.Run(path, func(t *testing.T) {
			dir := t.TempDir()
			b := start(t, dir)
			c := dial(t, b.addr)
			c.create(topicReq("t", 1), topicReq("other", 1))
			c.setPath("t", path)
			batch := batchOf(strings.Repeat("x", 300_000))
			ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", 0, batch), 1)
			ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "other", 0, bytes.Clone(batch)), 1)
			if err := os.Truncate(filepath.Join(dir, "t-0", "00000000000000000000.log"), 8192); err != nil {
				t.Fatal(err)
			}
			victim := dial(t, b.addr)
			victim.send(frame(fetchReq("t", 0), 1))
			got := make([]byte, 1<<20)
			n, closed := 0, false
			for !closed {
				m, err := victim.Read(got)
				n, closed = n+m, err != nil
				if isTimeout(err) {
					t.Fatal("the connection stays open though the answer cannot be completed")
				}
			}
			if n >= len(batch) {
				t.Errorf("%d bytes came of a file of 8192", n)
			}
			b.wantSaid(t, "the stored records could not be read")
			if p := dial(t, b.addr).fetchOne(fetchReq("other", 0)); p.ErrorCode != 0 || len(p.RecordBatches) != len(batch) {
				t.Errorf("another topic: error %d, %d bytes", p.ErrorCode, len(p.RecordBatches))
			}
			if s := waitServed(t, b, 1)[0]; s.Err == "" {
				t.Errorf("the summary tells no error: %+v", s)
			}
		})
	}
}
