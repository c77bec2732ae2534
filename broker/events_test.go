package broker_test

import (
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
	"copyscope/internal/trace"
)

// heard collects what a broker tells.
type heard struct {
	mu       sync.Mutex
	served   []trace.Served
	appended []trace.Appended
}

func (h *heard) listen(c *broker.Config) {
	c.OnServed = func(s trace.Served) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.served = append(h.served, s)
	}
	c.OnAppended = func(a trace.Appended) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.appended = append(h.appended, a)
	}
}

func TestEveryAppendIsTold(t *testing.T) {
	engines := []string{"write"}
	if runtime.GOOS == "linux" {
		engines = append(engines, "mmap")
	}
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			var h heard
			r := start(t, t.TempDir(), h.listen)
			dial(t, r.addr).create(topicReq("told", 1, "copyscope.append.engine", engine))
			cl := client(t, r.addr, kgo.ClientID("teller"))
			produce(t, cl, "told", "one", "two", "three")
			produce(t, cl, "told", "four")
			r.stop()
			h.mu.Lock()
			defer h.mu.Unlock()
			var records, stands, bytes int64
			calls := map[string]int64{}
			for _, a := range h.appended {
				if a.Topic != "told" || a.Partition != 0 || !strings.HasPrefix(a.Client, "teller@") || a.Engine != engine || a.Seq == 0 || a.Dur <= 0 ||
					a.Bytes < 61 || a.Duplicates != 0 || a.Err != "" || time.Since(a.Began) > time.Minute {
					t.Errorf("told %+v", a)
				}
				records += a.Records
				stands += a.Stands
				bytes += a.Bytes
				for name, n := range a.SyscallsByName {
					calls[name] += n
				}
			}
			if records != 4 || stands != int64(len(h.appended)) {
				t.Errorf("%d records in %d appends, want 4", records, stands)
			}
			want := []broker.EngineStats{{Engine: engine, Batches: stands, Bytes: bytes, SyscallsByName: calls}}
			if got := r.Stats().Engines; !reflect.DeepEqual(got, want) {
				t.Errorf("counted %+v, told %+v", got, want)
			}
			switch engine {
			case "write":
				if calls["pwrite64"] != stands || len(calls) != 1 {
					t.Errorf("calls %v for %d appends", calls, stands)
				}
			case "mmap": // one window holds both
				if calls["fallocate"] != 1 || calls["mmap"] != 1 || calls["pwrite64"] != 0 {
					t.Errorf("calls %v", calls)
				}
			}
		})
	}
}

func TestRefusedBatchesAreTold(t *testing.T) {
	var h heard
	r := start(t, t.TempDir(), h.listen)
	dial(t, r.addr).create(topicReq("told", 1, "max.message.bytes", "100"))
	cl := client(t, r.addr)
	if err := cl.ProduceSync(deadline(t), &kgo.Record{Topic: "told", Value: make([]byte, 1000)}).FirstErr(); err == nil {
		t.Fatal("a batch that is too large was taken")
	}
	r.stop()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.appended) != 1 || h.appended[0].Err == "" || h.appended[0].Bytes != 0 || h.appended[0].Records != 0 {
		t.Errorf("told %+v", h.appended)
	}
}

func TestRepeatedBatchIsToldAsDuplicate(t *testing.T) {
	var h heard
	r := start(t, t.TempDir(), h.listen)
	c := dial(t, r.addr)
	c.create(topicReq("told", 1))
	batch := edited(func(b []byte) {
		copy(b[43:57], make([]byte, 14)) // producer id, epoch and sequence
		b[50] = 7
	})
	for n := range int32(2) {
		p := ask[*kmsg.ProduceResponse](c, produceReq(9, -1, "told", 0, slices.Clone(batch)), 2+n).Topics[0].Partitions[0]
		if p.ErrorCode != 0 || p.BaseOffset != 0 {
			t.Fatalf("answer %d: %+v", n, p)
		}
	}
	r.stop()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.appended) != 2 || h.appended[0].Duplicates != 0 || h.appended[0].Records == 0 {
		t.Fatalf("told %+v", h.appended)
	}
	if again := h.appended[1]; again.Duplicates != 1 || again.Bytes != 0 || again.Records != 0 || len(again.SyscallsByName) != 0 {
		t.Errorf("the second time: %+v", again)
	}
	if counted := r.Stats().Engines; len(counted) != 1 || counted[0].Batches != 1 || counted[0].Bytes != h.appended[0].Bytes {
		t.Errorf("counted %+v, stored was %+v", counted, h.appended[0])
	}
}

// Above the rate events come in sums, and all add up to what was done.
func TestEventsAboveTheRateAddUp(t *testing.T) {
	const rate, appends = 2, 60
	var h heard
	r := start(t, t.TempDir(), h.listen, func(c *broker.Config) { c.EventsPerSecond = rate })
	cl := client(t, r.addr)
	began := time.Now()
	for range appends {
		produce(t, cl, "many", strings.Repeat("x", 100))
	}
	for from := range int64(appends) { // each fetch sends all that is left
		consume(t, r.addr, "many", from, 1)
	}
	seconds := int(time.Since(began)/time.Second) + 2
	stats := r.Topics()[0].Partitions[0]
	r.stop()
	h.mu.Lock()
	defer h.mu.Unlock()
	var a trace.Appended
	single, sums := 0, 0
	for _, e := range h.appended {
		a.Stands += e.Stands
		a.Bytes += e.Bytes
		a.Records += e.Records
		if e.Stands == 1 && e.Topic != "" {
			single++
		} else if sums++; e.SyscallsByName["pwrite64"] != e.Stands || e.Topic != "" || e.Client != "" {
			t.Errorf("the sum %+v", e)
		}
	}
	if a.Stands != appends || a.Records != appends || a.Bytes != stats.Bytes {
		t.Errorf("told %d appends of %d records, %d bytes; want %d of %d, %d", a.Stands, a.Records, a.Bytes, appends, appends, stats.Bytes)
	}
	if single > rate*seconds || sums == 0 {
		t.Errorf("%d told one by one in %d s and %d sums, want at most %d a second", single, seconds, sums, rate)
	}
	var s trace.Served
	for _, e := range h.served {
		s.Stands += e.Stands
		s.Bytes += e.Bytes
		s.SocketBytes += e.SocketBytes
	}
	if s.Stands < appends || s.Bytes < stats.Bytes || s.SocketBytes != s.Bytes || int64(len(h.served)) >= s.Stands {
		t.Errorf("told %d fetches in %d events, %d bytes, %d to sockets", s.Stands, len(h.served), s.Bytes, s.SocketBytes)
	}
}
