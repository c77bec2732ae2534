package broker_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sys/unix"

	"copyscope/internal/transfer"
)

// Signals without end interrupt the calls of a broker in a process of its own (EINTR,
// and transfers that stop short): what is stored and what is sent is whole.
func TestSignalsCutNothing(t *testing.T) {
	b := startChild(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 1, "flush.messages", "1"))
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-quit:
				return
			default:
				unix.Kill(b.pid, unix.SIGURG) // the runtime's own, which no program minds
			}
		}
	}()
	defer func() { close(quit); <-done }()
	var want []byte
	for i := range int64(16) {
		batch := batchOf(strings.Repeat(string(rune('a'+i)), 900_000))
		p := ask[*kmsg.ProduceResponse](c, produceReq(9, -1, "t", 0, bytes.Clone(batch)), 1).Topics[0].Partitions[0]
		if p.ErrorCode != 0 || p.BaseOffset != i {
			t.Fatalf("produce: error %d, offset %d", p.ErrorCode, p.BaseOffset)
		}
		want = append(want, batch[21:]...)
	}
	for _, path := range transfer.ServingPaths() {
		if code, message := c.setPath("t", path); code != 0 {
			t.Fatalf("error %d %s", code, message)
		}
		p := c.fetchOne(fetchReq("t", 0, func(r *kmsg.FetchRequest) { r.Topics[0].Partitions[0].PartitionMaxBytes = 50 << 20 }))
		var got []byte
		if n := wholeBatches(t, p.RecordBatches, 0, func(_ int64, batch []byte) { got = append(got, batch[21:]...) }); n != 16 || !bytes.Equal(got, want) {
			t.Errorf("%s: %d batches with %d bytes, want 16 with %d", path, n, len(got), len(want))
		}
	}
}
