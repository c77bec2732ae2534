package broker_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sys/unix"

	"copyscope/internal/transfer"
)

// Signals without end interrupt the calls of a broker in a process of its own (EINTR,
// and transfers that stop short): what is stored and what is sent is whole.
//
// The directory is in memory, where there is such a place: older kernels let fallocate(2)
// be interrupted there (shmem_fallocate), and each segment here begins with one.
func TestSignalsCutNothing(t *testing.T) {
	dir, err := os.MkdirTemp("/dev/shm", "copyscope")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	b := startChild(t, dir)
	c := dial(t, b.addr)
	c.create(topicReq("t", 1, "flush.messages", "1", "preallocate", "true", "segment.bytes", strconv.Itoa(2<<20)))
	defer signalled(b.pid)()
	var want []byte
	const records = 32
	for i := range int64(records) {
		batch := batchOf(strings.Repeat(string(rune('A'+i)), 900_000))
		p := ask[*kmsg.ProduceResponse](c, produceReq(9, -1, "t", 0, bytes.Clone(batch)), 1).Topics[0].Partitions[0]
		if p.ErrorCode != 0 || p.BaseOffset != i {
			t.Fatalf("produce: error %d, offset %d; the broker says\n%s", p.ErrorCode, p.BaseOffset, b.text())
		}
		want = append(want, batch[21:]...)
	}
	for _, path := range transfer.ServingPaths() {
		if code, message := c.setPath("t", path); code != 0 {
			t.Fatalf("error %d %s", code, message)
		}
		var got []byte
		for next := int64(0); next < records; {
			p := c.fetchOne(fetchReq("t", next, func(r *kmsg.FetchRequest) { r.Topics[0].Partitions[0].PartitionMaxBytes = 50 << 20 }))
			n := wholeBatches(t, p.RecordBatches, next, func(_ int64, batch []byte) { got = append(got, batch[21:]...) })
			if p.ErrorCode != 0 || n == 0 {
				t.Fatalf("%s: error %d, no batch at offset %d", path, p.ErrorCode, next)
			}
			next += n
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, want %d", path, len(got), len(want))
		}
	}
}

// signalled interrupts every thread of the process, again and again, until stop is
// called: one that is for the process goes to its first thread if that may take it
// (complete_signal in kernel/signal.c), which is seldom in a call. Between some rounds
// there is time for a call to end.
func signalled(pid int) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-quit:
				return
			default:
				unix.Nanosleep(&unix.Timespec{Nsec: rand.Int64N(300_000)}, nil)
			}
			threads, _ := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "task"))
			for _, thread := range threads {
				if tid, err := strconv.Atoi(thread.Name()); err == nil {
					unix.Tgkill(pid, tid, unix.SIGURG) // the runtime's own, which no program minds
				}
			}
		}
	}()
	return func() { close(quit); <-done }
}
