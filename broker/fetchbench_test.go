package broker_test

import (
	"io"
	"net"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// BenchmarkFetch is one answer of 1 MiB, asked for and thrown away by a client
// that allocates nothing.
func BenchmarkFetch(b *testing.B) {
	r := open(b, b.TempDir())
	r.serve(b)
	c := dialBench(b, r.addr)
	if _, err := c.Write(frame(createReq(topicReq("t", 1)), 1)); err != nil {
		b.Fatal(err)
	}
	discardFrame(b, c)
	value := make([]byte, 60<<10)
	for range 64 {
		if _, err := c.Write(frame(produceReq(7, 1, "t", 0, batchOf(string(value))), 1)); err != nil {
			b.Fatal(err)
		}
		discardFrame(b, c)
	}
	ask := frame(fetchReq("t", 3, func(r *kmsg.FetchRequest) { r.MaxBytes = 1 << 20 }), 2)
	b.ReportAllocs()
	b.SetBytes(1 << 20)
	for b.Loop() {
		if _, err := c.Write(ask); err != nil {
			b.Fatal(err)
		}
		discardFrame(b, c)
	}
}

// BenchmarkMetadata is the answer that tells of a topic of 1,000 partitions.
func BenchmarkMetadata(b *testing.B) {
	r := open(b, b.TempDir())
	r.serve(b)
	c := dialBench(b, r.addr)
	if _, err := c.Write(frame(createReq(topicReq("t", 1000)), 1)); err != nil {
		b.Fatal(err)
	}
	discardFrame(b, c)
	req := kmsg.NewPtrMetadataRequest()
	req.Version = 8
	topic := kmsg.NewMetadataRequestTopic()
	topic.Topic = kmsg.StringPtr("t")
	req.Topics = append(req.Topics, topic)
	ask := frame(req, 2)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(ask); err != nil {
			b.Fatal(err)
		}
		discardFrame(b, c)
	}
}

var thrown = make([]byte, 256<<10)

func discardFrame(b *testing.B, c io.Reader) {
	b.Helper()
	if _, err := io.ReadFull(c, thrown[:4]); err != nil {
		b.Fatal(err)
	}
	for n := int(uint32(thrown[0])<<24 | uint32(thrown[1])<<16 | uint32(thrown[2])<<8 | uint32(thrown[3])); n > 0; {
		got, err := c.Read(thrown[:min(n, len(thrown))])
		if err != nil {
			b.Fatal(err)
		}
		n -= got
	}
}

func dialBench(b *testing.B, addr string) net.Conn {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return conn
}
