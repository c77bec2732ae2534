package host_test

import (
	"context"
	"errors"
	"testing"

	"copyscope/internal/host"
)

// The costs are in an order that holds on every machine: a change of threads
// holds several mode switches, a fault at least one.
func TestMeasureCosts(t *testing.T) {
	src, err := host.NewSource(t.Context(), t.TempDir(), 8<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	c, err := host.MeasureCosts(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", c)
	if c.ModeSwitch < 1 || c.ModeSwitch > 50_000 {
		t.Errorf("a mode switch takes %d ns", c.ModeSwitch)
	}
	if c.ContextSwitch < c.ModeSwitch || c.Fault < c.ModeSwitch {
		t.Errorf("a mode switch takes %d ns, a context switch %d, a fault %d", c.ModeSwitch, c.ContextSwitch, c.Fault)
	}
	if (c.NoDisk == "") != (c.DiskLatency > 0 && c.DiskRate > 0) {
		t.Errorf("the disk takes %d ns and moves %d bytes per second, and the reason for no figures is %q", c.DiskLatency, c.DiskRate, c.NoDisk)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := host.MeasureCosts(ctx, src); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
