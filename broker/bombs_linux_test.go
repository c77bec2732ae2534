//go:build !race

// Not under the race detector: its shadow memory is many times the broker's, and
// the broker's is what is measured.

package broker_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// bomb is a small batch of the codec's with one record that claims and has size
// bytes.
func bomb(t *testing.T, codec byte, size int) []byte {
	t.Helper()
	plain := append(binary.AppendVarint(nil, int64(size)), make([]byte, size)...)
	var packed bytes.Buffer
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	switch codec {
	case 1:
		w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		check(err)
		_, err = w.Write(plain)
		check(err)
		check(w.Close())
	case 2:
		packed.Write(s2.EncodeSnappyBest(nil, plain))
	case 3:
		w := lz4.NewWriter(&packed)
		_, err := w.Write(plain)
		check(err)
		check(w.Close())
	case 4:
		w, err := zstd.NewWriter(nil)
		check(err)
		packed.Write(w.EncodeAll(plain, nil))
	}
	b := append(batchOf("x")[:61], packed.Bytes()...)
	b[22] = codec
	return sealed(b)
}

// Compressed bombs, many at a time, against a broker in a process of its own:
// each is refused with MESSAGE_TOO_LARGE or INVALID_RECORD, and the process stays
// small.
func TestBombs(t *testing.T) {
	b := startChild(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 1, "max.message.bytes", "4194304"))
	before := peak(t, b.pid)
	for codec, name := range map[byte]string{1: "gzip", 2: "snappy", 3: "lz4", 4: "zstd"} {
		size := 260 << 20 // more than any batch may inflate to
		if codec == 2 {
			size = 30 << 20 // snappy packs 21 to 1 at most
		}
		set := bomb(t, codec, size)
		if len(set) > 2<<20 { // or it were refused unread
			t.Fatalf("%s: the bomb has %d bytes", name, len(set))
		}
		const at = 40
		var clients [at]raw
		for i := range clients {
			clients[i] = dial(t, b.addr)
			clients[i].send(frame(produceReq(9, -1, "t", 0, set), 1))
		}
		for i := range clients {
			if p := answer[*kmsg.ProduceResponse](clients[i], produceReq(9, -1, "t", 0, nil), 1).Topics[0].Partitions[0]; p.ErrorCode != 10 && p.ErrorCode != 87 {
				t.Errorf("%s: error %d, want 10 or 87", name, p.ErrorCode)
			}
		}
	}
	if grown := peak(t, b.pid) - before; grown > 256<<20 {
		t.Errorf("the process grew by %d bytes", grown)
	} else {
		t.Logf("the process grew by %d bytes", grown)
	}
	if p := ask[*kmsg.ProduceResponse](c, produceReq(9, -1, "t", 0, batchOf("good")), 2).Topics[0].Partitions[0]; p.ErrorCode != 0 || p.BaseOffset != 0 {
		t.Errorf("a good batch: error %d, offset %d", p.ErrorCode, p.BaseOffset)
	}
}
