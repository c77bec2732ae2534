package wire_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/wire"
)

// The header of requests as franz-go writes it.
func TestCutHeader(t *testing.T) {
	for _, c := range []struct {
		req kmsg.Request
		id  string
	}{
		{&kmsg.MetadataRequest{Version: 4}, "a client"},
		{&kmsg.MetadataRequest{Version: 12}, "a client"},
		{&kmsg.ProduceRequest{Version: 11}, ""},
	} {
		in := kmsg.NewRequestFormatter(kmsg.FormatterClientID(c.id)).AppendRequest(nil, c.req, 77)[4:]
		h, rest, err := wire.CutHeader(in)
		if err != nil {
			t.Fatal(err)
		}
		if want := (wire.RequestHeader{Key: c.req.Key(), Version: c.req.GetVersion(), Correlation: 77, ClientID: c.id}); h != want {
			t.Errorf("got %+v, want %+v", h, want)
		}
		if c.req.IsFlexible() {
			if rest, err = wire.CutTags(rest); err != nil {
				t.Fatal(err)
			}
		}
		if want := c.req.AppendTo(nil); !bytes.Equal(rest, want) {
			t.Errorf("%T version %d: the message is %x, want %x", c.req, c.req.GetVersion(), rest, want)
		}
	}
}

func TestLyingHeaders(t *testing.T) {
	id := []byte{0, 3, 0, 4, 0, 0, 0, 1, 0x7f, 0xff, 'x'} // a client id of 32767 bytes
	if _, _, err := wire.CutHeader(id); !errors.Is(err, wire.ErrFrame) {
		t.Errorf("client id beyond the frame: got %v", err)
	}
	for _, tags := range [][]byte{nil, {5}, {1, 0}, {1, 0, 200}, {1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 1}, bytes.Repeat([]byte{0xff}, 12)} {
		if _, err := wire.CutTags(tags); !errors.Is(err, wire.ErrFrame) {
			t.Errorf("tags %x: got %v", tags, err)
		}
	}
}

// Produce requests that franz-go encodes are decoded to what they say.
func TestDecodeProduce(t *testing.T) {
	for version := range int16(wire.MaxProduceVersion + 1) {
		for _, txn := range []*string{nil, kmsg.StringPtr("txn")} {
			req := kmsg.ProduceRequest{Version: version, TransactionID: txn, Acks: -1, TimeoutMillis: 1500}
			want := wire.ProduceRequest{Acks: -1}
			if version >= 3 {
				want.TransactionalID = txn
			}
			for _, name := range []string{"one", strings.Repeat("t", 249)} {
				id := [16]byte{byte(len(name)), 1}
				to, in := kmsg.ProduceRequestTopic{Topic: name, TopicID: id}, wire.ProduceTopic{Name: name}
				if version >= 13 {
					in = wire.ProduceTopic{ID: id}
				}
				for n := range int32(3) {
					records := bytes.Repeat([]byte{byte(n)}, int(n)*1000)
					if n == 0 {
						records = nil
					}
					to.Partitions = append(to.Partitions, kmsg.ProduceRequestTopicPartition{Partition: n, Records: records})
					in.Partitions = append(in.Partitions, wire.ProducePartition{Index: n, Records: records})
				}
				req.Topics, want.Topics = append(req.Topics, to), append(want.Topics, in)
			}
			body := req.AppendTo(nil)
			got, err := wire.DecodeProduce(version, body)
			if err != nil {
				t.Fatalf("version %d: %v", version, err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("version %d: what came back is not what was sent", version)
			}
			for n := range body { // no prefix of it is taken for the whole
				if _, err := wire.DecodeProduce(version, body[:n]); !errors.Is(err, wire.ErrFrame) {
					t.Fatalf("version %d cut after %d of %d bytes: got %v", version, n, len(body), err)
				}
			}
		}
	}
}

// A count that cannot be true costs no memory.
func TestLyingCounts(t *testing.T) {
	old := []byte{0xff, 0xff, 0, 1, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff} // 2^31-1 topics
	flexible := []byte{0, 0, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x07}
	for version, body := range map[int16][]byte{3: old, 8: old, 9: flexible, 11: flexible} {
		if _, err := wire.DecodeProduce(version, append(body, make([]byte, 1000)...)); !errors.Is(err, wire.ErrFrame) {
			t.Errorf("version %d: got %v, want %v", version, err, wire.ErrFrame)
		}
	}
}

// A laid out response, with its regions filled in, is what kmsg reads.
func TestFetchLayout(t *testing.T) {
	regions := [][]byte{bytes.Repeat([]byte{'r'}, 100), bytes.Repeat([]byte{'s'}, 20000)}
	in := wire.FetchResponse{Topics: []wire.FetchTopic{
		{Name: "empty", ID: [16]byte{1}},
		{Name: "some", ID: [16]byte{2}, Partitions: []wire.FetchPartition{
			{Index: 0, HighWatermark: 10, LogStart: 2, Bytes: 100, Region: 0},
			{Index: 1, ErrorCode: 1, HighWatermark: 5, LogStart: 0, Diverging: &wire.EpochEnd{Epoch: 3, Offset: 1 << 33}},
			{Index: 2, HighWatermark: 1 << 40, LogStart: 0, Bytes: 20000, Region: 1},
		}},
	}}
	for version := int16(wire.MinFetchVersion); version <= wire.MaxFetchVersion; version++ {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			pieces, err := in.Layout(version, 99)
			if err != nil {
				t.Fatal(err)
			}
			var frame []byte
			for _, p := range pieces {
				frame = append(frame, p.Head...)
				if p.Region != wire.NoRegion {
					frame = append(frame, regions[p.Region]...)
				}
			}
			if size := int(binary.BigEndian.Uint32(frame)); size != len(frame)-4 {
				t.Fatalf("the frame says %d bytes and has %d", size, len(frame)-4)
			}
			if c := binary.BigEndian.Uint32(frame[4:]); c != 99 {
				t.Fatalf("correlation id %d, want 99", c)
			}
			resp := kmsg.FetchResponse{Version: version}
			body := frame[8:]
			if resp.IsFlexible() {
				body = body[1:]
			}
			if err := resp.ReadFrom(body); err != nil {
				t.Fatal(err)
			}
			if n := len(resp.AppendTo(nil)); n != len(body) {
				t.Errorf("kmsg needs %d bytes for what has %d here", n, len(body))
			}
			if len(resp.Topics) != 2 || resp.SessionID != 0 {
				t.Fatalf("%d topics, session id %d; want 2 and none", len(resp.Topics), resp.SessionID)
			}
			for i, want := range in.Topics {
				name, id := want.Name, [16]byte{}
				if version >= 13 {
					name, id = "", want.ID
				}
				if got := resp.Topics[i]; got.Topic != name || got.TopicID != id {
					t.Errorf("topic %d is %q, id %x; want %q, id %x", i, got.Topic, got.TopicID, name, id)
				}
			}
			diverging := kmsg.NewFetchResponseTopicPartitionDivergingEpoch()
			if version >= 12 {
				diverging.Epoch, diverging.EndOffset = 3, 1<<33
			}
			if got := resp.Topics[1].Partitions[1].DivergingEpoch; got.Epoch != diverging.Epoch || got.EndOffset != diverging.EndOffset {
				t.Errorf("diverging epoch %+v, want %+v", got, diverging)
			}
			for i, want := range in.Topics[1].Partitions {
				got := resp.Topics[1].Partitions[i]
				if got.Partition != want.Index || got.ErrorCode != want.ErrorCode || got.HighWatermark != want.HighWatermark || got.LastStableOffset != want.LastStable {
					t.Errorf("partition %d: got %+v, want %+v", i, got, want)
				}
				if version >= 5 && got.LogStartOffset != want.LogStart {
					t.Errorf("partition %d: log start %d, want %d", i, got.LogStartOffset, want.LogStart)
				}
				var records []byte
				if want.Bytes > 0 {
					records = regions[want.Region]
				}
				if !bytes.Equal(got.RecordBatches, records) {
					t.Errorf("partition %d: %d bytes of records, want %d", i, len(got.RecordBatches), len(records))
				}
			}
		})
	}
}

// A frame's size field has 31 bits.
func TestFetchLayoutTooLarge(t *testing.T) {
	var parts []wire.FetchPartition
	for n := range int32(3) {
		parts = append(parts, wire.FetchPartition{Index: n, Bytes: 1 << 30})
	}
	in := wire.FetchResponse{Topics: []wire.FetchTopic{{Name: "t", Partitions: parts}}}
	if _, err := in.Layout(11, 1); err == nil {
		t.Error("3 GiB were laid out in one frame")
	}
}
