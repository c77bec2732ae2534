package host_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"copyscope/internal/host"
	"copyscope/internal/spread"
	"copyscope/internal/trace"
)

// The costs are in an order that holds on every machine: a change of threads
// holds several mode switches, a fault at least one, a read of a byte two.
func TestMeasureCosts(t *testing.T) {
	src, err := host.NewSource(t.Context(), t.TempDir(), 8<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	told := int64(0)
	costs, err := host.MeasureCosts(t.Context(), src, func(done, total int64) {
		if done != told+1 || total < done {
			t.Errorf("progress: %d of %d after %d", done, total, told)
		}
		told = done
	})
	if err != nil {
		t.Fatal(err)
	}
	median := map[string]float64{}
	for _, c := range costs {
		s := spread.Of(c.Samples)
		t.Logf("%s: %.0f ± %.0f of %d rounds %s", c.Name, s.Median, s.IQR()/2, s.N, c.Why)
		if (c.Why == "") != (s.N > 0) || c.How == "" || c.Limit.Rounds < 3 {
			t.Errorf("%s: %d samples, why none: %q, how: %q, limit %+v", c.Name, s.N, c.Why, c.How, c.Limit)
		}
		if s.N > 0 && s.Median <= 0 && c.Name != "page_reference_ns" {
			t.Errorf("%s: %v", c.Name, s.Median)
		}
		median[c.Name] = s.Median
	}
	mode := median["mode_switch_ns"]
	if mode < 1 || mode > 50_000 {
		t.Errorf("a mode switch takes %f ns", mode)
	}
	for name, least := range map[string]float64{"context_switch_ns": mode, "fault_ns": mode, "fault_of_one_page_ns": mode, "read_one_byte_ns": 2 * mode, "loopback_round_trip_ns": 4 * mode} {
		if median[name] < least {
			t.Errorf("%s is %.0f, less than %.0f of its mode switches", name, median[name], least)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := host.MeasureCosts(ctx, src, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A partner that does not come, or ends early, ends the measurement with its error.
func TestSwitchCostWithoutPartner(t *testing.T) {
	broken := errors.New("no partner")
	for name, partner := range map[string]func(_, _ *os.File, _ int) (func() (trace.Ns, error), error){
		"does not come": func(_, _ *os.File, _ int) (func() (trace.Ns, error), error) { return nil, broken },
		"ends early": func(_, _ *os.File, _ int) (func() (trace.Ns, error), error) {
			return func() (trace.Ns, error) { return 0, broken }, nil
		},
	} {
		got := make(chan error, 1)
		go func() {
			runtime.LockOSThread() // it binds the thread, which ends with the goroutine
			_, err := host.SwitchCost(host.SwitchOptions{Partner: partner})
			got <- err
		}()
		select {
		case err := <-got:
			if !errors.Is(err, broken) {
				t.Errorf("a partner that %s: %v", name, err)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("a partner that %s is waited for", name)
		}
	}
}
