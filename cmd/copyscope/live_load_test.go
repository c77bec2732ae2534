package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"copyscope/broker"
	"copyscope/web"
)

// loaded gives a broker that serves from a directory, and the live page's load on it.
func loaded(t *testing.T, dir string) (*broker.Broker, web.FetchLoad) {
	t.Helper()
	t.Setenv("COPYSCOPE_TEST_MAIN", "1") // the child is this program
	ctx, stop := context.WithCancel(context.Background())
	kafka, err := broker.Open(ctx, broker.Config{Dir: dir, Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- kafka.Serve(ctx) }()
	t.Cleanup(func() { stop(); <-served; kafka.Close() })
	return kafka, newShownLoad(kafka)
}

// The load of the live page: a consumer in a process of its own reads a real
// broker, whose path is flipped under it; it ends when it is told to.
func TestLiveLoad(t *testing.T) {
	ctx := t.Context()
	kafka, l := loaded(t, t.TempDir())
	const size = 4 << 20
	for range 2 { // the second time it is there
		if err := l.Fill(ctx, "lab", size); err != nil {
			t.Fatal(err)
		}
	}
	shown := shownBroker{kafka}.Topics()
	if len(shown) != 1 || shown[0].Partitions != labPartitions || shown[0].Bytes < size || shown[0].Bytes > 2*size {
		t.Fatalf("the topic is %+v", shown)
	}
	paths := l.Paths()
	before, err := l.SetFetchPath(ctx, "lab", paths[0])
	if err != nil || before != "" {
		t.Fatalf("before %q, %v", before, err)
	}
	if _, err := l.SetFetchPath(ctx, "none", paths[0]); err == nil {
		t.Error("the path of a topic that is not there was set")
	}
	start := traffic(kafka)
	congestion, err := l.Fetch(ctx, "lab", 1<<30, time.Second)
	if err != nil || congestion == "" && slices.Contains(paths, "sendfile") {
		t.Fatalf("congestion control %q, %v", congestion, err)
	}
	after := traffic(kafka)
	if got := after.Paths[paths[0]]; got.Bytes-start.Paths[paths[0]].Bytes < size || got.Syscalls == 0 || after.Fetches == start.Fetches || after.CPU <= start.CPU {
		t.Errorf("by %s went %+v, in all %+v", paths[0], got, after)
	}
	if before, err := l.SetFetchPath(ctx, "lab", ""); err != nil || before != paths[0] {
		t.Errorf("before it was put back the path was %q, %v", before, err)
	}

	cut, cancel := context.WithCancelCause(ctx)
	stopped := errors.New("stopped")
	time.AfterFunc(300*time.Millisecond, func() { cancel(stopped) })
	began := time.Now()
	if _, err := l.Fetch(cut, "lab", 1<<40, time.Minute); !errors.Is(err, stopped) || time.Since(began) > 5*time.Second {
		t.Errorf("a load that is stopped ended after %v: %v", time.Since(began), err)
	}
}
