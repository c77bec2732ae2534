package broker_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
	"copyscope/internal/trace"
)

// running is a broker under test, with what it said and served.
type running struct {
	*broker.Broker
	addr string
	stop func() // ends Serve and waits for it; fails the test on an error

	mu     sync.Mutex
	served []trace.Served
	said   bytes.Buffer
}

func (r *running) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.said.Write(b)
}

// transfers are the summaries so far.
func (r *running) transfers() []trace.Served {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]trace.Served(nil), r.served...)
}

// wantSaid waits for a log line with the text.
func (r *running) wantSaid(t *testing.T, text string) {
	t.Helper()
	said := func() string {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.said.String()
	}
	for end := time.Now().Add(5 * time.Second); !strings.Contains(said(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the log says nothing of %q; it says:\n%s", text, said())
		}
	}
}

// start opens a broker on the directory and serves until the test ends.
func start(t *testing.T, dir string, change ...func(*broker.Config)) *running {
	t.Helper()
	r := open(t, dir, change...)
	r.serve(t)
	return r
}

func open(t testing.TB, dir string, change ...func(*broker.Config)) *running {
	t.Helper()
	r := &running{}
	cfg := broker.Config{Listen: "127.0.0.1:0", Dir: dir, Log: slog.New(slog.NewTextHandler(r, nil)), OnServed: func(s trace.Served) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.served = append(r.served, s)
	}}
	for _, f := range change {
		f(&cfg)
	}
	b, err := broker.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.Broker, r.addr = b, b.Addr().String()
	return r
}

// serve answers until stop is called or the test ends.
func (r *running) serve(t testing.TB) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Serve(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Serve ended with %v", err)
			}
		case <-time.After(5 * time.Second):
			t.Error("Serve did not end within 5 s")
		}
	})
	t.Cleanup(r.stop)
}

// client is a franz-go client of the broker, for producing without
// idempotence.
func client(t *testing.T, addr string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(addr), kgo.DisableIdempotentWrite(), kgo.AllowAutoTopicCreation(), kgo.ProducerBatchCompression(kgo.NoCompression()),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// deadline is a context for one test.
func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// produce stores the records in order, and fails the test if one is refused.
func produce(t *testing.T, cl *kgo.Client, topic string, values ...string) {
	t.Helper()
	var records []*kgo.Record
	for _, v := range values {
		records = append(records, &kgo.Record{Topic: topic, Value: []byte(v)})
	}
	if err := cl.ProduceSync(deadline(t), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// consume reads n values of partition 0 from the offset on.
func consume(t *testing.T, addr, topic string, from int64, n int, opts ...kgo.Opt) []string {
	t.Helper()
	cl := client(t, addr, append(opts, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(from)}}))...)
	var values []string
	for ctx := deadline(t); len(values) < n; {
		f := cl.PollFetches(ctx)
		if err := f.Err(); err != nil {
			t.Fatalf("after %d of %d records: %v", len(values), n, err)
		}
		f.EachRecord(func(r *kgo.Record) {
			if want := from + int64(len(values)); r.Offset != want {
				t.Fatalf("offset %d came where %d should", r.Offset, want)
			}
			values = append(values, string(r.Value))
		})
	}
	return values
}

// raw is a connection without a client library.
type raw struct {
	net.Conn
	t *testing.T
}

func dial(t *testing.T, addr string) raw {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	return raw{conn, t}
}

// frame is a whole request of the kind.
func frame(req kmsg.Request, correlation int32) []byte {
	id := "raw"
	return kmsg.NewRequestFormatter(kmsg.FormatterClientID(id)).AppendRequest(nil, req, correlation)
}

func (c raw) send(b []byte) {
	c.t.Helper()
	if _, err := c.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// receive reads a frame, checks the correlation id and returns what follows it.
func (c raw) receive(correlation int32) []byte {
	c.t.Helper()
	var size [4]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		c.t.Fatalf("no answer to %d: %v", correlation, err)
	}
	body := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(c, body); err != nil {
		c.t.Fatalf("answer to %d: %v", correlation, err)
	}
	if got := int32(binary.BigEndian.Uint32(body)); got != correlation {
		c.t.Fatalf("answer %d came, %d is due", got, correlation)
	}
	return body[4:]
}

// ask sends the request and decodes the answer.
func ask[Resp kmsg.Response](c raw, req kmsg.Request, correlation int32) Resp {
	c.t.Helper()
	c.send(frame(req, correlation))
	return answer[Resp](c, req, correlation)
}

func answer[Resp kmsg.Response](c raw, req kmsg.Request, correlation int32) Resp {
	c.t.Helper()
	body := c.receive(correlation)
	resp := req.ResponseKind().(Resp)
	if resp.IsFlexible() && resp.Key() != int16(kmsg.ApiVersions) {
		if body[0] != 0 {
			c.t.Fatalf("the response header has %d tagged fields, want none", body[0])
		}
		body = body[1:]
	}
	if err := resp.ReadFrom(body); err != nil {
		c.t.Fatalf("%T version %d: %v", resp, resp.GetVersion(), err)
	}
	return resp
}

// wantClosed waits for the broker to end the connection without an answer.
func (c raw) wantClosed() {
	c.t.Helper()
	if b, err := io.ReadAll(c); len(b) > 0 || isTimeout(err) {
		c.t.Fatalf("the connection is not closed: got %d bytes, %v", len(b), err)
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

// needKcat skips, or in CI fails, where kcat is missing.
func needKcat(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("kcat"); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("kcat is missing: install Debian's package kcat")
	}
	t.Skip("SKIPPED: kcat is missing; install Debian's package kcat to run this test")
}

// kcat runs kcat and returns its standard output.
func kcat(t *testing.T, stdin io.Reader, args ...string) []byte {
	t.Helper()
	out, err := runKcat(stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func runKcat(stdin io.Reader, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "kcat", args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("kcat %s: %w\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.Bytes(), nil
}
