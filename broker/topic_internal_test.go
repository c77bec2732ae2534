package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"

	"copyscope/broker/log"
)

func catalogueIn(t *testing.T, dir string) *catalogue {
	t.Helper()
	cfg, err := Config{Listen: "127.0.0.1:0", Dir: dir}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	c, err := openCatalogue(context.Background(), dir, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.close() })
	return c
}

// The broker makes its own topics when it needs them, and finds them again.
func TestInternalTopic(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	c := catalogueIn(t, dir)
	const name = "__consumer_offsets"
	if err := c.create(ctx, []wantedTopic{{name: name, partitions: 1}})[0].err; !errors.Is(err, errTopicInternal) {
		t.Errorf("made for a client: %v", err)
	}
	made, err := c.internal(ctx, name, 5, map[string]string{"retention.ms": "-1"})
	if err != nil || len(made.all()) != 5 || !made.internal() || made.configs.Load().get("retention.ms") != "-1" {
		t.Fatalf("got %+v, %v", made, err)
	}
	if again, err := c.internal(ctx, name, 9, nil); again != made || err != nil {
		t.Errorf("asked again: %+v, %v", again, err)
	}
	c.close()
	again, err := catalogueIn(t, dir).internal(ctx, name, 9, nil)
	if err != nil || again.id != made.id || len(again.all()) != 5 || again.configs.Load().get("retention.ms") != "-1" {
		t.Errorf("after a restart: %+v, %v", again, err)
	}
}

// An error of a partition whose topic was deleted is none of the disk's.
func TestFailureOfDeletedTopic(t *testing.T) {
	c := catalogueIn(t, t.TempDir())
	made := c.create(context.Background(), []wantedTopic{{name: "t", partitions: 1}})[0]
	if made.err != nil {
		t.Fatal(made.err)
	}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	lost := fmt.Errorf("%w: gone", log.ErrStorage)
	if code := made.failure(quiet, lost, 0); code != codeStorage {
		t.Errorf("before: %d, want %d", code, codeStorage)
	}
	p := made.partition(0)
	if err := c.delete([]*topic{made.topic})[0]; err != nil {
		t.Fatal(err)
	}
	if code := made.failure(quiet, lost, 0); code != codeUnknownTopic {
		t.Errorf("after: %d, want %d", code, codeUnknownTopic)
	}
	if made.partition(0) != p {
		t.Error("who holds the topic finds another partition than before")
	}
	if err := c.delete([]*topic{made.topic})[0]; !errors.Is(err, errTopicUnknown) {
		t.Errorf("deleting it again: %v", err)
	}
}
