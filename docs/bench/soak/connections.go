//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/gorilla/websocket"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// drops are the ways in which a connection is opened and dropped.
var drops = []struct {
	name string
	run  func(*net.TCPConn) error
}{
	{"at once", func(*net.TCPConn) error { return nil }},
	{"after an answer", func(c *net.TCPConn) error { return asked(c, kmsg.NewPtrApiVersionsRequest()) }},
	{"mid-frame", func(c *net.TCPConn) error { return half(c) }},
	{"mid-frame, by a reset", func(c *net.TCPConn) error { return errors.Join(half(c), c.SetLinger(0)) }},
	{"while a fetch waits", func(c *net.TCPConn) error { return write(c, waiting(1<<20)) }},
	{"with an answer under way", func(c *net.TCPConn) error {
		if err := write(c, waiting(0)); err != nil {
			return err
		}
		_, err := io.ReadFull(c, make([]byte, 4)) // its size alone
		return errors.Join(err, c.SetLinger(0))
	}},
}

// openAndDrop opens connections and drops them.
func (s *soak) openAndDrop(ctx context.Context) {
	for n := 0; s.rate.next(ctx, 200*time.Millisecond); n++ {
		d := drops[n%len(drops)]
		if err := s.drop(ctx, d.run); err != nil {
			s.book.note(ctx, asConnection, err)
			continue
		}
		s.book.did("connections dropped "+d.name, 1)
	}
}

func (s *soak) drop(ctx context.Context, run func(*net.TCPConn) error) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", s.server.Kafka)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	return run(conn.(*net.TCPConn))
}

var format = kmsg.NewRequestFormatter(kmsg.FormatterClientID("soak"))

func write(c net.Conn, r kmsg.Request) error {
	_, err := c.Write(format.AppendRequest(nil, r, 1))
	return err
}

func half(c net.Conn) error {
	frame := format.AppendRequest(nil, kmsg.NewPtrApiVersionsRequest(), 1)
	_, err := c.Write(frame[:len(frame)/2])
	return err
}

func asked(c net.Conn, r kmsg.Request) error {
	if err := write(c, r); err != nil {
		return err
	}
	var size [4]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return err
	}
	_, err := io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint32(size[:])))
	return err
}

// waiting is a fetch that is answered when there are so many bytes, or after 30 s.
func waiting(least int32) kmsg.Request {
	r := kmsg.NewPtrFetchRequest()
	r.Version, r.ReplicaID, r.MaxWaitMillis, r.MinBytes, r.MaxBytes = 11, -1, 30_000, least, 1<<20
	t := kmsg.NewFetchRequestTopic()
	t.Topic = topicOf + "sendfile"
	p := kmsg.NewFetchRequestTopicPartition()
	p.PartitionMaxBytes, p.CurrentLeaderEpoch, p.LogStartOffset = 1<<20, -1, -1
	if least > 0 {
		p.Partition, t.Topic = 0, compactedTopic
		p.PartitionMaxBytes = least
	}
	t.Partitions = append(t.Partitions, p)
	r.Topics = append(r.Topics, t)
	return r
}

// Who authenticates by SASL, and how.
const (
	user     = "soak"
	password = "soak-password" // of a broker that only this process knows
)

// makeUser lets the user in.
func (s *soak) makeUser(ctx context.Context) error {
	return s.admin(ctx, func(ctx context.Context, admin *kadm.Client) error {
		altered, err := admin.AlterUserSCRAMs(ctx, nil, []kadm.UpsertSCRAM{{User: user, Mechanism: kadm.ScramSha512, Iterations: 4096, Password: password}})
		if err == nil {
			err = altered.Error()
		}
		if err != nil {
			return fmt.Errorf("the user %s: %w", user, err)
		}
		return nil
	})
}

// overTLS are clients that authenticate by SCRAM over TLS, produce, read and go;
// some say a wrong password, and some end in the handshake.
func (s *soak) overTLS(ctx context.Context) {
	for n := 0; s.rate.next(ctx, 2*time.Second); n++ {
		switch {
		case n%5 == 1:
			if s.sealed(ctx, asStranger, "wrong") == nil && ctx.Err() == nil {
				s.book.note(ctx, asStranger, errors.New("a wrong password is let in"))
			}
			s.book.did("clients with a wrong password", 1)
		case n%5 == 3:
			s.book.note(ctx, asTLS, s.inHandshake(ctx))
			s.book.did("connections dropped in the handshake of TLS", 1)
		default:
			if s.sealed(ctx, asTLS, password) == nil {
				s.book.did("clients with TLS and SASL", 1)
			}
		}
	}
}

func (s *soak) sealed(running context.Context, who, pass string) (err error) {
	defer func() { s.book.note(running, who, err) }()
	ctx, cancel := context.WithTimeout(running, patience)
	defer cancel()
	topic := topicOf + "sendfile"
	cl, err := s.client(kgo.SeedBrokers(s.server.KafkaTLS), kgo.DialTLSConfig(s.trust.Clone()), kgo.SASL(scram.Auth{User: user, Pass: pass}.AsSha512Mechanism()),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtEnd().Relative(-1)}}), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.FetchMaxWait(time.Second), kgo.RetryTimeout(time.Second))
	if err != nil {
		return err
	}
	defer cl.Close()
	if err := cl.Ping(ctx); err != nil {
		return err
	}
	if err := s.sent(ctx, cl, []*kgo.Record{{Topic: topic, Partition: 0, Value: payload()}}); err != nil {
		return err
	}
	return cl.PollFetches(ctx).Err0()
}

// inHandshake sends a part of a ClientHello: a record's header that promises more.
func (s *soak) inHandshake(ctx context.Context) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", s.server.KafkaTLS)
	if err != nil {
		return err
	}
	_, err = conn.Write([]byte{22, 3, 1, 1, 0, 1})
	return errors.Join(err, conn.Close())
}

// scrape reads /metrics as Prometheus does.
func (s *soak) scrape(ctx context.Context) {
	for s.rate.next(ctx, 5*time.Second) {
		_, err := s.metrics(ctx)
		s.book.note(ctx, asScraper, err)
		s.book.did("scrapes of /metrics", 1)
	}
}

const viewersSeen = "viewers of the talk that came and left"

// viewer watches the talk for a while, leaves, each other time without a word, and
// comes back.
func (s *soak) viewer(ctx context.Context) {
	dialer := websocket.Dialer{ReadBufferSize: 512, WriteBufferSize: 512}
	for n := 0; s.rate.next(ctx, 2*time.Second); n++ {
		conn, _, err := dialer.DialContext(ctx, "ws"+s.server.Web[len("http"):]+s.room+"/ws", nil)
		if err != nil {
			s.book.note(ctx, asViewer, err)
			continue
		}
		s.book.did(viewersSeen, 1)
		stay, leave := context.WithTimeout(ctx, about(20*time.Second))
		stop := context.AfterFunc(stay, func() { // which ends the reading
			if n%2 == 0 {
				conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, ""), time.Now().Add(time.Second))
			}
			conn.Close()
		})
		for err == nil {
			if _, _, err = conn.ReadMessage(); err == nil {
				s.book.did("messages to viewers of the talk", 1)
			}
		}
		s.book.note(stay, asViewer, err)
		stop()
		leave()
		conn.Close()
	}
}
