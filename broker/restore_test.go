package broker_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
)

const sendsZeroCopy = runtime.GOOS == "linux"

func wantOpenError(t *testing.T, dir string, want ...string) {
	t.Helper()
	b, err := broker.Open(context.Background(), broker.Config{Listen: "127.0.0.1:0", Dir: dir})
	if err == nil {
		b.Close()
		t.Fatal("it opened")
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error %q does not say %q", err, w)
		}
	}
}

// written is a data directory with the topic t of three partitions, one record
// in each, after a clean stop.
func written(t *testing.T) (dir string, info broker.TopicInfo) {
	t.Helper()
	dir = t.TempDir()
	b := start(t, dir)
	c := dial(t, b.addr)
	c.create(topicReq("t", 3))
	for n := range int32(3) {
		ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", n, batchOf("kept")), 1)
	}
	info = b.Topics()[0]
	b.stop()
	return dir, info
}

func rewrite(t *testing.T, dir, format string, args ...any) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "topics.json"), fmt.Appendf(nil, format, args...), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Were two topics to have one id, a reader by id would get the records of
// either.
func TestTopicsOfOneID(t *testing.T) {
	dir, info := written(t)
	if err := os.CopyFS(filepath.Join(dir, "copy-0"), os.DirFS(filepath.Join(dir, "t-0"))); err != nil {
		t.Fatal(err)
	}
	wantOpenError(t, dir, `"copy"`, `"t"`, info.ID, "move")
}

// Wherever creation, growth or deletion is cut short, a start finds each topic
// whole or gone.
func TestCrashPoints(t *testing.T) {
	for _, k := range []struct {
		name       string
		leave      func(t *testing.T, dir string, id string)
		partitions int     // 0: the topic is gone
		records    []int64 // by partition
	}{
		{"create: the file names it, no directory is made", func(t *testing.T, dir, id string) {
			for n := range 3 {
				os.RemoveAll(filepath.Join(dir, fmt.Sprint("t-", n)))
			}
		}, 3, []int64{0, 0, 0}},
		{"create: one directory is made", func(t *testing.T, dir, id string) {
			os.RemoveAll(filepath.Join(dir, "t-1"))
			os.RemoveAll(filepath.Join(dir, "t-2"))
		}, 3, []int64{1, 0, 0}},
		{"grow: the file has the number, no directory is made", func(t *testing.T, dir, id string) {
			rewrite(t, dir, `{"schema":1,"topics":{"t":{"id":%q,"partitions":5}}}`, id)
		}, 5, []int64{1, 1, 1, 0, 0}},
		{"delete: the file says so, nothing is removed", func(t *testing.T, dir, id string) {
			rewrite(t, dir, `{"schema":1,"topics":{},"deleting":{"t":{"id":%q,"partitions":3}}}`, id)
		}, 0, nil},
		{"delete: one directory is removed", func(t *testing.T, dir, id string) {
			rewrite(t, dir, `{"schema":1,"topics":{},"deleting":{"t":{"id":%q,"partitions":3}}}`, id)
			os.RemoveAll(filepath.Join(dir, "t-0"))
		}, 0, nil},
		{"delete: all are removed, the file is not written again", func(t *testing.T, dir, id string) {
			rewrite(t, dir, `{"schema":1,"topics":{},"deleting":{"t":{"id":%q,"partitions":3}}}`, id)
			for n := range 3 {
				os.RemoveAll(filepath.Join(dir, fmt.Sprint("t-", n)))
			}
		}, 0, nil},
	} {
		t.Run(k.name, func(t *testing.T) {
			dir, info := written(t)
			k.leave(t, dir, info.ID)
			for range 2 { // the second start finds nothing left to do
				b := start(t, dir)
				topics := b.Topics()
				if k.partitions == 0 {
					if left := partitionsOnDisk(t, dir, "t"); len(topics) > 0 || len(left) > 0 {
						t.Errorf("there is %+v, and on the disk %v", topics, left)
					}
				} else if len(topics) != 1 || len(topics[0].Partitions) != k.partitions || topics[0].ID != info.ID {
					t.Fatalf("there is %+v", topics)
				}
				for n, want := range k.records {
					if got := topics[0].Partitions[n]; got.High != want || got.Offline {
						t.Errorf("partition %d: %+v, want %d records", n, got, want)
					}
				}
				b.stop()
			}
			file, err := os.ReadFile(filepath.Join(dir, "topics.json"))
			if err != nil || strings.Contains(string(file), "deleting") {
				t.Errorf("the file still has %s (%v)", file, err)
			}
		})
	}
}

// A partition that cannot be opened is offline; its files stay, and the rest of
// the broker works.
func TestOfflinePartition(t *testing.T) {
	dir, _ := written(t)
	aside := filepath.Join(dir, "aside")
	if err := os.Rename(filepath.Join(dir, "t-1"), aside); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "t-1"), []byte("not a directory"), 0o644); err != nil {
		t.Fatal(err)
	}
	b := start(t, dir)
	b.wantSaid(t, "the partition is offline")
	c := dial(t, b.addr)
	for n, p := range ask[*kmsg.MetadataResponse](c, metadataReq(9, false, "t"), 1).Topics[0].Partitions {
		offline := n == 1
		if offline != (p.ErrorCode == 5) || offline != (p.Leader == -1) || offline != (len(p.OfflineReplicas) == 1) {
			t.Errorf("partition %d: %+v", n, p)
		}
	}
	if code := ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", 2, batchOf("more")), 2).Topics[0].Partitions[0].ErrorCode; code != 0 {
		t.Errorf("partition 2 is as it was, and says %d", code)
	}
	if code := ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", 1, batchOf("more")), 2).Topics[0].Partitions[0].ErrorCode; code != 56 {
		t.Errorf("appending to the offline partition says %d, want 56", code)
	}
	if code, message := c.setPath("t", "read-write"); code != 0 {
		t.Errorf("altering the topic: error %d %s", code, message)
	}
	b.stop()
	os.Remove(filepath.Join(dir, "t-1"))
	os.Rename(aside, filepath.Join(dir, "t-1"))
	again := start(t, dir).Topics()[0]
	if p := again.Partitions[1]; p.High != 1 || p.Offline {
		t.Errorf("with its files back it is %+v", p)
	}
}

// A stop that was not clean is told of at the next start, in one line: what was read,
// what was cut off, and how long it took. Of a clean one, and of a directory that is
// new, nothing is.
func TestUncleanStopIsTold(t *testing.T) {
	const line = "the last stop was not clean"
	told := func(b *running) string {
		b.mu.Lock()
		defer b.mu.Unlock()
		var lines []string
		for l := range strings.Lines(b.said.String()) {
			if strings.Contains(l, line) {
				lines = append(lines, l)
			}
		}
		if len(lines) > 1 {
			t.Errorf("it is told %d times: %s", len(lines), lines)
		}
		return strings.Join(lines, "")
	}
	dir := t.TempDir()
	b := start(t, dir)
	if said := told(b); said != "" {
		t.Errorf("a new directory: %s", said)
	}
	c := dial(t, b.addr)
	c.create(topicReq("t", 3))
	var size int
	for n := range int32(2) { // the third partition stays empty
		batch := batchOf("kept")
		size += len(batch)
		ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", n, batch), 1)
	}
	b.stop()
	b = start(t, dir)
	if said := told(b); said != "" {
		t.Errorf("after a clean stop: %s", said)
	}
	b.stop()

	torn := func(n int, rest string) {
		f, err := os.OpenFile(filepath.Join(dir, fmt.Sprint("t-", n), "00000000000000000000.log"), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(rest); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	for _, cut := range []string{"", "0123456789"} {
		if err := os.Remove(filepath.Join(dir, ".kafka_cleanshutdown")); err != nil {
			t.Fatal(err)
		}
		torn(0, cut)
		torn(1, cut)
		b = start(t, dir)
		want := fmt.Sprintf("partitions=3 partitions_read=2 segments_read=2 bytes_read=%d cut_bytes=%d partitions_offline=0 took=", size+2*len(cut), 2*len(cut))
		if said := told(b); !strings.Contains(said, want) || !strings.Contains(said, "level=WARN") {
			t.Errorf("with %d bytes behind each of two logs it says %q, want %q", len(cut), said, want)
		}
		b.stop()
	}

	// Partitions that were copied into a directory that had none had no stop here.
	fresh := t.TempDir()
	if err := os.CopyFS(filepath.Join(fresh, "t-0"), os.DirFS(filepath.Join(dir, "t-0"))); err != nil {
		t.Fatal(err)
	}
	if said := told(start(t, fresh)); said != "" {
		t.Errorf("partitions that were copied in: %s", said)
	}
}

// What another broker wrote is adopted when it is copied in, with its id.
func TestAdopt(t *testing.T) {
	from, info := written(t)
	dir := t.TempDir()
	for n := range 3 {
		if err := os.CopyFS(filepath.Join(dir, fmt.Sprint("t-", n)), os.DirFS(filepath.Join(from, fmt.Sprint("t-", n)))); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		b := start(t, dir)
		topics := b.Topics()
		if len(topics) != 1 || topics[0].ID != info.ID || len(topics[0].Partitions) != 3 || topics[0].Partitions[2].High != 1 {
			t.Fatalf("adopted is %+v, it was %+v", topics, info)
		}
		if got := consume(t, b.addr, "t", 0, 1); got[0] != "kept" {
			t.Errorf("consumed %q", got)
		}
		b.stop()
	}
}

func TestAdoptRefused(t *testing.T) {
	from, _ := written(t)
	other, _ := written(t)
	put := func(dir, from, as string) {
		if err := os.CopyFS(filepath.Join(dir, as), os.DirFS(filepath.Join(from, "t-0"))); err != nil {
			t.Fatal(err)
		}
	}
	gap := t.TempDir()
	put(gap, from, "t-0")
	put(gap, from, "t-2")
	wantOpenError(t, gap, `"t"`, "t-2", "partition 1", "bring what is missing")
	mixed := t.TempDir()
	put(mixed, from, "t-0")
	put(mixed, other, "t-1")
	wantOpenError(t, mixed, `"t"`, "t-1", "topic id", "move it away")
	copied := t.TempDir()
	put(copied, from, "t-0")
	put(copied, from, "u-0")
	wantOpenError(t, copied, `"u"`, `of "t"`, "remove partition.metadata from u-0")
	if err := os.Remove(filepath.Join(copied, "u-0", "partition.metadata")); err != nil {
		t.Fatal(err)
	}
	if topics := start(t, copied).Topics(); len(topics) != 2 || topics[0].ID == topics[1].ID {
		t.Errorf("a copy without partition.metadata is adopted as %+v", topics)
	}
	if left := partitionsOnDisk(t, mixed, "t"); len(left) != 2 {
		t.Errorf("left on the disk is %v", left)
	}
}

// 1,000 topics of 8 partitions are there again. How fast, docs/bench/broker.sh
// measures.
func TestManyPartitions(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: makes 8,000 partitions; run without -short")
	}
	dir := t.TempDir()
	b := start(t, dir)
	c := dial(t, b.addr)
	c.SetDeadline(time.Now().Add(5 * time.Minute)) // each new partition waits for the disk
	var all []kmsg.CreateTopicsRequestTopic
	for n := range 1000 {
		all = append(all, topicReq(fmt.Sprint("topic-", n), 8))
	}
	began := time.Now()
	c.create(all...)
	t.Logf("created in %v", time.Since(began))
	b.stop()
	began = time.Now()
	again := open(t, dir)
	t.Logf("opened in %v", time.Since(began))
	if n := len(again.Topics()); n != 1000 {
		t.Errorf("there are %d topics", n)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// A topic of which one partition cannot be made is not made at all, nor is a
// topic enlarged by half; both can be once the obstacle is gone.
func TestCreationUndone(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	c := dial(t, b.addr)
	c.create(topicReq("grown", 1))
	obstacles := []string{filepath.Join(dir, "made-1"), filepath.Join(dir, "grown-2")}
	for _, path := range obstacles {
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	grow := func() int16 {
		req := kmsg.NewPtrCreatePartitionsRequest()
		req.Topics = []kmsg.CreatePartitionsRequestTopic{{Topic: "grown", Count: 4}}
		return ask[*kmsg.CreatePartitionsResponse](c, req, 1).Topics[0].ErrorCode
	}
	created := ask[*kmsg.CreateTopicsResponse](c, createReq(topicReq("made", 3), topicReq("other", 1)), 1).Topics
	if created[0].ErrorCode != 56 || created[1].ErrorCode != 0 {
		t.Errorf("creating: %+v", created)
	}
	if code := grow(); code != 56 {
		t.Errorf("growing: error %d, want 56", code)
	}
	want := func(partitions map[string]int) {
		t.Helper()
		got := map[string]int{}
		for _, info := range b.Topics() {
			got[info.Name] = len(info.Partitions)
		}
		if !maps.Equal(got, partitions) {
			t.Errorf("there is %v, want %v", got, partitions)
		}
	}
	want(map[string]int{"grown": 1, "other": 1})
	for _, path := range obstacles {
		os.Remove(path)
	}
	if left := append(partitionsOnDisk(t, dir, "made"), partitionsOnDisk(t, dir, "grown")...); len(left) != 1 {
		t.Errorf("on the disk is %v", left)
	}
	b.stop()
	b = start(t, dir)
	c = dial(t, b.addr)
	want(map[string]int{"grown": 1, "other": 1})
	c.create(topicReq("made", 3))
	if code := grow(); code != 0 {
		t.Errorf("growing: error %d", code)
	}
	want(map[string]int{"grown": 4, "other": 1, "made": 3})
}
