package broker_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/broker"
)

// badNetwork stands between clients and a broker, and does to their connections what
// networks and peers do: bytes come in pieces of any size, one direction stalls while
// the other goes on, a half is closed, a connection is reset in the middle of
// anything.
type badNetwork struct {
	net.Listener
	to     string // the broker
	seed   uint64
	faulty atomic.Bool // no: it is a good one, but for the pieces

	stalls, halves, resets atomic.Int64
}

func (n *badNetwork) serve() {
	for i := uint64(0); ; i++ {
		client, err := n.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", n.to)
		if err != nil {
			client.Close()
			continue
		}
		var both sync.WaitGroup
		both.Go(func() { n.carry(server.(*net.TCPConn), client.(*net.TCPConn), rand.New(rand.NewPCG(n.seed, 2*i))) })
		both.Go(func() { n.carry(client.(*net.TCPConn), server.(*net.TCPConn), rand.New(rand.NewPCG(n.seed, 2*i+1))) })
		go func() {
			both.Wait()
			client.Close()
			server.Close()
		}()
	}
}

// carry copies one direction until it ends, as badly as the dice fall.
func (n *badNetwork) carry(to, from *net.TCPConn, dice *rand.Rand) {
	buf := make([]byte, 32<<10)
	for {
		got, err := from.Read(buf[:1+dice.IntN(len(buf))])
		for rest := buf[:got]; len(rest) > 0; {
			piece := rest[:min(len(rest), 1+dice.IntN(5000))]
			if _, err := to.Write(piece); err != nil {
				return
			}
			rest = rest[len(piece):]
			if !n.faulty.Load() {
				continue
			}
			switch dice.IntN(150) {
			case 0, 1, 2:
				n.stalls.Add(1)
				time.Sleep(time.Duration(dice.IntN(20)) * time.Millisecond)
			case 3:
				n.halves.Add(1)
				to.CloseWrite() // the other direction goes on; what still comes is lost
				io.Copy(io.Discard, from)
				return
			case 4:
				n.resets.Add(1)
				to.SetLinger(0)
				to.Close()
				from.SetLinger(0)
				from.Close()
				return
			}
		}
		if err != nil {
			to.CloseWrite()
			return
		}
	}
}

// Through a network that cuts, stalls, half-closes and resets, an idempotent producer's
// records are stored once each, in its order, and a consumer gets all of them; the
// broker meets no bug in itself, and keeps no connection that is gone.
func TestThroughABadNetwork(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b := start(t, t.TempDir(), func(c *broker.Config) { c.Advertised, c.MaxIdle = l.Addr().String(), 5*time.Second })
	dial(t, b.addr).create(topicReq("t", 1))
	bad := &badNetwork{Listener: l, to: b.addr, seed: 7}
	bad.faulty.Store(true)
	go bad.serve()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	settings := []kgo.Opt{kgo.SeedBrokers(l.Addr().String()), kgo.DefaultProduceTopic("t"), kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.RetryBackoffFn(func(int) time.Duration { return 5 * time.Millisecond }), kgo.RequestRetries(1000), kgo.RetryTimeout(time.Minute), kgo.RecordRetries(1000),
		kgo.ProducerBatchMaxBytes(20_000), kgo.FetchMaxPartitionBytes(50_000), kgo.RequestTimeoutOverhead(2 * time.Second), kgo.FetchMaxWait(100 * time.Millisecond)}
	producer, err := kgo.NewClient(settings...)
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	const records = 1500
	value := func(i int) string { return fmt.Sprintf("%d %0*d", i, 100+i%2000, i) }
	for i := range records {
		producer.Produce(ctx, kgo.StringRecord(value(i)), func(_ *kgo.Record, err error) {
			if err != nil {
				t.Errorf("record %d: %v", i, err)
			}
		})
	}
	if err := producer.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if _, high := stored(b, "t"); high != records {
		t.Errorf("%d records are stored of %d", high, records)
	}
	consumer, err := kgo.NewClient(append(settings, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{"t": {0: kgo.NewOffset().At(0)}}))...)
	if err != nil {
		t.Fatal(err)
	}
	defer consumer.Close()
	for next := 0; next < records; {
		fetched := consumer.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("%d records came of %d", next, records)
		}
		fetched.EachRecord(func(r *kgo.Record) {
			if r.Offset != int64(next) || string(r.Value) != value(next) {
				t.Fatalf("offset %d has %.20q where %d should be", r.Offset, r.Value, next)
			}
			next++
		})
	}
	t.Logf("%d stalls, %d halves closed, %d resets", bad.stalls.Load(), bad.halves.Load(), bad.resets.Load())
	if bad.stalls.Load() == 0 || bad.halves.Load() == 0 || bad.resets.Load() == 0 {
		t.Error("the network was too good")
	}
	bad.faulty.Store(false)
	good := dial(t, l.Addr().String())
	b.wantServing(t, good, "t")
	producer.Close()
	consumer.Close()
	for end := time.Now().Add(15 * time.Second); len(b.ConnectionInfos()) > 1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d connections are left, want the good one", len(b.ConnectionInfos()))
		}
	}
}
