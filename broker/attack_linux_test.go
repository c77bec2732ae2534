package broker_test

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
)

// attacked is a broker with both listeners, and a way to dial each as a client
// without a library does.
func attacked(t *testing.T, change ...func(*broker.Config)) (b *running, listeners map[string]func(*testing.T) raw) {
	cert, key, trust := authority(t)
	b = start(t, t.TempDir(), append([]func(*broker.Config){overTLS(t, cert, key)}, change...)...)
	return b, map[string]func(*testing.T) raw{
		"plain": func(t *testing.T) raw { return dial(t, b.addr) },
		"TLS": func(t *testing.T) raw {
			conn, err := tls.Dial("tcp", b.TLSAddr().String(), trust)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
			conn.SetDeadline(time.Now().Add(20 * time.Second))
			return raw{conn, t}
		},
	}
}

// wantServing holds the broker to what it does for a good client, and to have
// met no bug in itself.
func (r *running) wantServing(t *testing.T, c raw, topic string) {
	t.Helper()
	c.t = t
	p := ask[*kmsg.ProduceResponse](c, produceReq(9, -1, topic, 0, batchOf("good")), 77).Topics[0].Partitions[0]
	if p.ErrorCode != 0 {
		t.Fatalf("a good client's produce: error %d", p.ErrorCode)
	}
	if got := c.fetchOne(fetchReq(topic, p.BaseOffset)); got.ErrorCode != 0 || !bytes.Contains(got.RecordBatches, []byte("good")) {
		t.Fatalf("a good client's fetch: error %d, %d bytes", got.ErrorCode, len(got.RecordBatches))
	}
	if said := r.text(); strings.Contains(said, "met a bug") {
		t.Fatal(said)
	}
}

// Bytes of no sense, at every length of a frame around its fields' borders, in
// one piece, in pieces, and cut off: a close or an answer, and the broker serves
// on. Frames whose size is true and whose content is chance reach every decoder.
func TestNoise(t *testing.T) {
	b, listeners := attacked(t)
	for name, dialed := range listeners {
		t.Run(name, func(t *testing.T) {
			good := dialed(t)
			topic := "good-" + name
			good.create(topicReq(topic, 1))
			dice := rand.New(rand.NewPCG(3, uint64(len(name))))
			for round := range 300 {
				bad := dialed(t)
				bad.SetDeadline(time.Now().Add(5 * time.Second))
				size := dice.IntN(64)
				if round%10 == 0 {
					size = dice.IntN(100_000)
				}
				body := make([]byte, size)
				for i := range body {
					body[i] = byte(dice.Uint32())
				}
				if size >= 8 && round%2 == 0 { // an API that there is
					binary.BigEndian.PutUint16(body, []uint16{0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 32, 33, 35, 37, 42, 44, 47, 60}[dice.IntN(27)])
					binary.BigEndian.PutUint16(body[2:], uint16(dice.IntN(14)))
				}
				claims := uint32(size)
				switch round % 7 {
				case 5:
					claims = dice.Uint32()
				case 6:
					claims = uint32(size + 1 + dice.IntN(50))
				}
				bad.Write(append(binary.BigEndian.AppendUint32(nil, claims), body...)) // may fail: it may be closed already
				closeWrite(bad)
				drain(t, bad)
				bad.Close()
			}
			b.wantServing(t, good, topic)
		})
	}
}

// closeWrite is the end of what the client says: a FIN, over TLS a close_notify.
func closeWrite(c raw) {
	switch conn := c.Conn.(type) {
	case *net.TCPConn:
		conn.CloseWrite()
	case *tls.Conn:
		conn.CloseWrite()
	}
}

// drain reads until the broker closes, which it must.
func drain(t *testing.T, c raw) {
	t.Helper()
	buf := make([]byte, 64<<10)
	for {
		if _, err := c.Read(buf); isTimeout(err) {
			t.Fatal("the connection stays open after the client's end")
		} else if err != nil {
			return
		}
	}
}

// Batches that lie, beyond those of TestProduceErrors: Kafka's code for each,
// nothing stored.
func TestLyingBatches(t *testing.T) {
	b, listeners := attacked(t)
	future := time.Now().Add(400 * 24 * time.Hour).UnixMilli()
	for name, dialed := range listeners {
		c := dialed(t)
		topic := "t-" + name
		c.create(topicReq(topic, 1), topicReq("strict-"+name, 1, "message.timestamp.after.max.ms", "3600000"))
		for _, k := range []struct {
			name  string
			topic string
			set   []byte
			want  int16
		}{
			{"length 0", topic, raised(8, 0), 2},
			{"length -1", topic, raised(8, 0xffffffff), 2},
			{"length beyond the set", topic, raised(8, 1<<30), 2},
			{"length of the header less 1", topic, raised(8, 48), 2},
			{"checksum 0", topic, raised(17, 0), 2},
			{"magic 0", topic, edited(func(b []byte) { b[16] = 0 }), 87},
			{"magic 3", topic, edited(func(b []byte) { b[16] = 3 }), 87},
			{"magic 255", topic, edited(func(b []byte) { b[16] = 255 }), 87},
			{"count 0", topic, edited(func(b []byte) { binary.BigEndian.PutUint32(b[57:], 0) }), 87},
			{"count -1", topic, edited(func(b []byte) { binary.BigEndian.PutUint32(b[57:], 1<<32-1) }), 87},
			{"count and delta of 2^31", topic, edited(func(b []byte) {
				binary.BigEndian.PutUint32(b[57:], 1<<31-1)
				binary.BigEndian.PutUint32(b[23:], 1<<31-2)
			}), 87},
			{"last offset delta -1", topic, edited(func(b []byte) { binary.BigEndian.PutUint32(b[23:], 1<<32-1) }), 87},
			{"last offset delta beyond the count", topic, edited(func(b []byte) { binary.BigEndian.PutUint32(b[23:], 9) }), 87},
			{"base offset at the end of all", topic, edited(func(b []byte) { binary.BigEndian.PutUint64(b, 1<<63-1) }), 87},
			{"codec 7", topic, edited(func(b []byte) { b[22] = 7 }), 76},
			{"a record longer than the batch", topic, edited(func(b []byte) { b[61] = 0x7e }), 87},
			{"a record of length -1", topic, edited(func(b []byte) { b[61] = 1 }), 87},
			{"bytes behind the last record", topic, sealed(append(batchOf("a"), 1, 2, 3)), 87},
			{"headers that are missing", topic, withHeaders(5), 87},
			{"a header with a null key", topic, withHeaders(1, 1, 0), 87},
			{"a header's value beyond the record", topic, withHeaders(1, 0, 20), 87},
			{"bytes behind the headers", topic, withHeaders(1, 0, 1, 9, 9), 87},
			{"the same, compressed", topic, gzipped(withHeaders(1, 0, 1, 9, 9)), 87},
			{"the same, large and compressed", topic, gzipped(withHeaders(0, make([]byte, 100_000)...)), 87},
			{"transactional", topic, edited(func(b []byte) {
				b[22] = 0x10
				binary.BigEndian.PutUint64(b[43:], 5)
				binary.BigEndian.PutUint16(b[51:], 0)
				binary.BigEndian.PutUint32(b[53:], 0)
			}), 53},
			{"control", topic, edited(func(b []byte) { b[22] = 0x20 }), 87},
			{"far future", "strict-" + name, edited(func(b []byte) {
				binary.BigEndian.PutUint64(b[27:], uint64(future))
				binary.BigEndian.PutUint64(b[35:], uint64(future))
			}), 32},
			{"end of time", "strict-" + name, edited(func(b []byte) {
				binary.BigEndian.PutUint64(b[27:], 1<<63-1)
				binary.BigEndian.PutUint64(b[35:], 1<<63-1)
			}), 32},
		} {
			t.Run(name+"/"+k.name, func(t *testing.T) {
				c := raw{c.Conn, t}
				_, before := stored(b, k.topic)
				p := ask[*kmsg.ProduceResponse](c, produceReq(9, -1, k.topic, 0, k.set), 1).Topics[0].Partitions[0]
				if p.ErrorCode != k.want {
					t.Errorf("error %d (%s), want %d", p.ErrorCode, *cmpOr(p.ErrorMessage), k.want)
				}
				if _, after := stored(b, k.topic); after != before {
					t.Errorf("%d records of it are stored", after-before)
				}
			})
		}
		b.wantServing(t, c, topic)
	}
}

func cmpOr(s *string) *string {
	if s == nil {
		return new(string)
	}
	return s
}

// withHeaders is a batch with one record, without a key and value, that claims n
// headers, of which the bytes that follow are all.
func withHeaders(n byte, headers ...byte) []byte {
	body := append([]byte{0, 0, 0, 1, 1, 2 * n}, headers...) // null is a length of -1, as a zigzag varint 1
	b := append(batchOf("x")[:61], binary.AppendVarint(nil, int64(len(body)))...)
	return sealed(append(b, body...))
}

func gzipped(plain []byte) []byte {
	b := bytes.NewBuffer(bytes.Clone(plain[:61]))
	w := gzip.NewWriter(b)
	w.Write(plain[61:])
	w.Close()
	b.Bytes()[22] = 1
	return sealed(b.Bytes())
}

// raised is a batch with one field of 32 bits changed, which is not sealed again.
func raised(at int, v uint32) []byte {
	b := batchOf("a", "b")
	binary.BigEndian.PutUint32(b[at:], v)
	return b
}

// Names that are paths, empty or too long make nothing, wherever a request may
// name a topic, and name nothing outside of the data directory.
func TestEvilTopicNames(t *testing.T) {
	dir := t.TempDir()
	inner := filepath.Join(dir, "data")
	b := start(t, inner)
	c := dial(t, b.addr)
	c.create(topicReq("good", 1))
	for i, name := range []string{"", ".", "..", "../evil", "a/b", "/etc", "..\\evil", "a\x00b", "a b", "ä", strings.Repeat("n", 250), strings.Repeat("n", 20_000), "good-0/../evil"} {
		n := int32(10 * i)
		if got := ask[*kmsg.CreateTopicsResponse](c, createReq(topicReq(name, 1)), n).Topics[0]; got.ErrorCode != 17 {
			t.Errorf("CreateTopics %.30q: error %d, want 17", name, got.ErrorCode)
		}
		if got := ask[*kmsg.MetadataResponse](c, metadataReq(9, true, name), n+1).Topics[0]; got.ErrorCode != 17 && got.ErrorCode != 3 {
			t.Errorf("Metadata that creates %.30q: error %d, want 17", name, got.ErrorCode)
		}
		if got := ask[*kmsg.ProduceResponse](c, produceReq(9, -1, name, 0, batchOf("a")), n+2).Topics[0].Partitions[0]; got.ErrorCode != 3 {
			t.Errorf("Produce to %.30q: error %d, want 3", name, got.ErrorCode)
		}
		if got := c.fetchOne(fetchReq(name, 0)); got.ErrorCode != 3 {
			t.Errorf("Fetch of %.30q: error %d, want 3", name, got.ErrorCode)
		}
		remove := kmsg.NewPtrDeleteTopicsRequest()
		remove.Version, remove.TopicNames = 3, []string{name}
		if got := ask[*kmsg.DeleteTopicsResponse](c, remove, n+3).Topics[0]; got.ErrorCode != 3 && got.ErrorCode != 17 {
			t.Errorf("DeleteTopics of %.30q: error %d, want 3", name, got.ErrorCode)
		}
	}
	if all := b.Topics(); len(all) != 1 {
		t.Errorf("there are %d topics, want the good one", len(all))
	}
	outside, err := os.ReadDir(dir)
	if err != nil || len(outside) != 1 {
		t.Errorf("beside the data directory: %v (%v)", outside, err)
	}
	b.wantServing(t, c, "good")
}

// A client that sends requests and never reads an answer is held up, not
// buffered: it may push no more than the sockets hold, the broker keeps one
// answer, and in MaxIdle it is closed.
func TestPipelinesAndNeverReads(t *testing.T) {
	b, listeners := attacked(t, func(c *broker.Config) { c.MaxIdle = time.Second })
	for name, dialed := range listeners {
		t.Run(name, func(t *testing.T) {
			good := dialed(t)
			topic := "good-" + name
			good.create(topicReq(topic, 1))
			produceLarge := produceReq(9, -1, topic, 0, batchOf(strings.Repeat("x", 100_000)))
			if p := ask[*kmsg.ProduceResponse](good, produceLarge, 1).Topics[0].Partitions[0]; p.ErrorCode != 0 {
				t.Fatalf("produce: error %d", p.ErrorCode)
			}
			describe := kmsg.NewPtrDescribeConfigsRequest()
			describe.Resources = []kmsg.DescribeConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeBroker}}
			// Answers of records are sent otherwise than all others: of each kind there are
			// 20 MB and more.
			floods := [][]byte{bytes.Repeat(frame(fetchReq(topic, 0), 1), 2000), bytes.Repeat(frame(describe, 1), 4000)}
			began := time.Now()
			closed := make(chan error, 4)
			for i := range cap(closed) {
				bad, requests := dialed(t), floods[i%len(floods)]
				go func() {
					for {
						if _, err := bad.Write(requests); err != nil {
							closed <- err
							return
						}
					}
				}()
			}
			before := heap()
			for range 20 {
				b.wantServing(t, good, topic)
			}
			if grown := int64(heap()) - int64(before); grown > 64<<20 {
				t.Errorf("the heap grew by %d bytes", grown)
			}
			for range cap(closed) {
				if err := <-closed; isTimeout(err) {
					t.Errorf("after %v one is not closed", time.Since(began))
				}
			}
			b.wantSaid(t, "did not read")
		})
	}
}

// A hundred requests in one write are answered in order; so are they when they
// come a few bytes at a time.
func TestHundredPipelined(t *testing.T) {
	b, listeners := attacked(t)
	for name, dialed := range listeners {
		for _, piece := range []int{1 << 30, 7} {
			t.Run(fmt.Sprint(name, piece), func(t *testing.T) {
				c := dialed(t)
				topic := fmt.Sprint("t-", name, piece)
				c.create(topicReq(topic, 1))
				var all []byte
				for i := range int32(100) {
					all = append(all, frame(produceReq(9, -1, topic, 0, batchOf(fmt.Sprint(i))), i)...)
				}
				go func() {
					for rest := all; len(rest) > 0; {
						n := min(piece, len(rest))
						if _, err := c.Write(rest[:n]); err != nil {
							return
						}
						rest = rest[n:]
					}
				}()
				for i := range int32(100) {
					if p := answer[*kmsg.ProduceResponse](c, produceReq(9, -1, topic, 0, nil), i).Topics[0].Partitions[0]; p.ErrorCode != 0 || p.BaseOffset != int64(i) {
						t.Fatalf("request %d: error %d, offset %d", i, p.ErrorCode, p.BaseOffset)
					}
				}
				b.wantServing(t, c, topic)
			})
		}
	}
}

// Sockets that are half open, or stop in the middle of a frame, end with
// MaxIdle; meanwhile they cost what they sent, not what they claim.
func TestSlowSenders(t *testing.T) {
	b, listeners := attacked(t, func(c *broker.Config) { c.MaxIdle = 500 * time.Millisecond })
	for name, dialed := range listeners {
		t.Run(name, func(t *testing.T) {
			topic := "good-" + name
			first := dialed(t)
			first.create(topicReq(topic, 1))
			before := heap()
			var slow []raw
			for i := range 40 {
				c := dialed(t)
				switch i % 8 {
				case 1:
					c.send([]byte{0, 0})
				case 2: // claims 90 MiB, sends a header
					c.send(append(binary.BigEndian.AppendUint32(nil, 90<<20), frame(produceReq(9, -1, topic, 0, batchOf("a")), 1)[4:]...))
				case 3, 7: // a whole request and half of the next
					request := frame(metadataReq(9, false), 1)
					c.send(append(request, request[:len(request)/2]...))
				}
				slow = append(slow, c) // the others send nothing at all
			}
			if grown := int64(heap()) - int64(before); grown > 48<<20 {
				t.Errorf("40 slow senders cost %d bytes", grown)
			}
			b.wantServing(t, dialed(t), topic)
			end := time.Now().Add(10 * time.Second)
			for i, c := range slow {
				c.SetDeadline(end)
				buf := make([]byte, 4096)
				for {
					if _, err := c.Read(buf); isTimeout(err) {
						t.Errorf("slow sender %d is not closed", i)
						break
					} else if err != nil {
						break
					}
				}
			}
			b.wantSaid(t, "silent")
			b.wantServing(t, dialed(t), topic)
		})
	}
}

// heap is what the heap holds, garbage apart.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A group id of 64 KiB, which only the flexible versions can carry, and an empty
// one: INVALID_GROUP_ID from each request that names a group to do something
// with it, and no group is made.
func TestEvilGroupIDs(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("good", 1))
	for i, id := range []string{"", strings.Repeat("g", 64<<10)} {
		join := kmsg.NewPtrJoinGroupRequest()
		join.Version, join.Group, join.ProtocolType, join.SessionTimeoutMillis, join.RebalanceTimeoutMillis = 9, id, "consumer", 10_000, 10_000
		join.Protocols = []kmsg.JoinGroupRequestProtocol{{Name: "range"}}
		sync := kmsg.NewPtrSyncGroupRequest()
		sync.Version, sync.Group, sync.MemberID = 5, id, "m"
		beat := kmsg.NewPtrHeartbeatRequest()
		beat.Version, beat.Group, beat.MemberID = 4, id, "m"
		leave := kmsg.NewPtrLeaveGroupRequest()
		leave.Version, leave.Group = 5, id
		leave.Members = []kmsg.LeaveGroupRequestMember{{MemberID: "m"}}
		commit := kmsg.NewPtrOffsetCommitRequest()
		commit.Version, commit.Group, commit.Generation = 8, id, -1
		commit.Topics = []kmsg.OffsetCommitRequestTopic{{Topic: "good", Partitions: []kmsg.OffsetCommitRequestTopicPartition{{Offset: 1}}}}
		consumer := &kmsg.ConsumerGroupHeartbeatRequest{Version: 1, Group: id, MemberID: "m", RebalanceTimeoutMillis: 10_000, SubscribedTopicNames: []string{"good"}, Topics: []kmsg.ConsumerGroupHeartbeatRequestTopic{}}
		for name, code := range map[string]func() int16{
			"ConsumerGroupHeartbeat": func() int16 { return ask[*kmsg.ConsumerGroupHeartbeatResponse](c, consumer, 7).ErrorCode },
			"JoinGroup":              func() int16 { return ask[*kmsg.JoinGroupResponse](c, join, 1).ErrorCode },
			"SyncGroup":              func() int16 { return ask[*kmsg.SyncGroupResponse](c, sync, 2).ErrorCode },
			"Heartbeat":              func() int16 { return ask[*kmsg.HeartbeatResponse](c, beat, 3).ErrorCode },
			"LeaveGroup":             func() int16 { return ask[*kmsg.LeaveGroupResponse](c, leave, 4).ErrorCode },
			"OffsetCommit": func() int16 {
				return ask[*kmsg.OffsetCommitResponse](c, commit, 5).Topics[0].Partitions[0].ErrorCode
			},
		} {
			if got := code(); got != 24 {
				t.Errorf("%s with group id %d of the table: error %d, want 24", name, i, got)
			}
		}
	}
	list := kmsg.NewPtrListGroupsRequest()
	list.Version = 4
	if got := ask[*kmsg.ListGroupsResponse](c, list, 6).Groups; len(got) != 0 {
		t.Errorf("there are %d groups", len(got))
	}
	b.wantServing(t, c, "good")
}
