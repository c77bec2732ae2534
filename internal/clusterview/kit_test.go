package clusterview_test

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/broker"
	"copyscope/internal/brokerview"
	"copyscope/internal/clusterview"
)

// patienceOfTests bounds every wait of these tests.
const patienceOfTests = 20 * time.Second

// ownBroker is copyscope's broker, which here is somebody's cluster.
type ownBroker struct {
	*broker.Broker
	addr string
	stop func()
}

func startBroker(t *testing.T, c broker.Config) ownBroker {
	t.Helper()
	if c.Listen == "" && c.TLSListen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	b, err := broker.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Serve(ctx) }()
	stopped := false
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		<-ended
		b.Close()
	}
	t.Cleanup(stop)
	return ownBroker{b, b.Addr().String(), stop}
}

func (b ownBroker) view() brokerview.View { return brokerview.Of(b.Broker) }

func connect(t *testing.T, o clusterview.Options) *clusterview.View {
	t.Helper()
	v, err := clusterview.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

func client(t *testing.T, addr string, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(addr), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.AllowAutoTopicCreation()}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

func produce(t *testing.T, cl *kgo.Client, records ...*kgo.Record) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patienceOfTests)
	defer cancel()
	if err := cl.ProduceSync(ctx, records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// await asks again until it is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for began := time.Now(); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > patienceOfTests {
			t.Fatalf("after %v it is not so: %s", patienceOfTests, what)
		}
	}
}
