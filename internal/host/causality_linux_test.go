package host_test

import (
	"testing"

	"copyscope/internal/host"
	"copyscope/internal/trace"
)

// In the order of the events nothing comes out of a place before it went in:
// the disk's bytes are in the page cache before they are copied or lent, and
// the receiver gets only what a call has begun to send. In the end every byte
// has arrived.
func TestEventsKeepCausesBeforeEffects(t *testing.T) {
	const many = testSize / 16384 // bytes; more calls than the witness looks at each of
	for _, p := range available(t) {
		for _, how := range []struct {
			cold  bool
			chunk int64
		}{{false, testChunk}, {true, testChunk}, {true, many}} {
			cold := how.cold
			_, run := measure(t, host.Options{Program: p, Size: testSize, Chunk: how.chunk, Cold: cold, Dir: t.TempDir()})
			var cached, taken, queued int64
			if !cold {
				cached = testSize
			}
			last := trace.Ns(0)
			for _, e := range run.Events {
				if e.At < last {
					t.Fatalf("%s: event %d is at %d, after one at %d", p.Path, e.Seq, e.At, last)
				}
				last = e.At
				moved := e.Kind == trace.CPUCopy || e.Kind == trace.Descriptor || e.Kind == trace.DMA
				if !moved {
					continue
				}
				if e.To == trace.PageCache {
					cached += e.Bytes
				}
				if e.From == trace.PageCache || e.From == trace.UserMapping {
					taken += e.Bytes
				}
				// A relay takes from another socket's buffer; what is copied
				// within one stays there.
				if e.To == trace.SocketBuffer && e.From != trace.SocketBuffer {
					queued += e.Bytes
				}
				if e.Endpoint == trace.Receiver {
					queued -= e.Bytes
				}
				if taken > cached || queued < 0 {
					t.Fatalf("%s, cold %v: after event %d (%s %s→%s) %d bytes were taken of %d in the page cache, %d are in the socket buffer",
						p.Path, cold, e.Seq, e.Kind, e.From, e.To, taken, cached, queued)
				}
			}
			if queued != 0 {
				t.Errorf("%s, cold %v: %d bytes are left in the socket buffer", p.Path, cold, queued)
			}
		}
	}
}
