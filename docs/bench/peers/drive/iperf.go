//go:build linux

package drive

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"copyscope/docs/bench/peers/contender"
	"copyscope/docs/bench/peers/workload"
	"copyscope/internal/load"
	"copyscope/internal/process"
)

// iperf is iperf3, which is both ends itself. What sends is its client, so that
// process counts as the server, and its server as the client.
type iperf struct{ *contender.Server }

func (i iperf) prepare(w workload.Workload) (Prepared, error) {
	if w.Kind != workload.Fetch || w.Consumers != 1 || w.TLS || w.Cold {
		return unsupported("it sends its own bytes on one connection")
	}
	return Prepared{Turn: i.send}, nil
}

func (i iperf) send(ctx context.Context, d time.Duration) (load.Figures, error) {
	_, port, err := net.SplitHostPort(i.Address)
	if err != nil {
		return nil, err
	}
	args := []string{"-c", "127.0.0.1", "-p", port, "-J", "-t", fmt.Sprint(int(math.Ceil(d.Seconds())))} // whole seconds
	if strings.HasSuffix(i.Name, "zerocopy") {
		args = append(args, "-Z")
	}
	path, err := process.Find("iperf3")
	if err != nil {
		return nil, err
	}
	c := exec.CommandContext(ctx, path, args...)
	c.Env = append(os.Environ(), "TMPDIR="+filepath.Dir(i.Data)) // -Z sends a file of its own
	var out bytes.Buffer
	c.Stdout = &out
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 5 * time.Second
	var report struct {
		Error string
		End   struct {
			Received struct{ Bytes, Seconds float64 } `json:"sum_received"`
		}
	}
	f, err := load.MeasureOnce(i.Target, func(t *load.Tally) error {
		err := c.Run()
		if parsed := json.Unmarshal(out.Bytes(), &report); err == nil {
			err = parsed
		}
		if report.Error != "" {
			err = fmt.Errorf("iperf3: %s", report.Error)
		}
		t.Count(int64(report.End.Received.Bytes), 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	gb := report.End.Received.Bytes / 1e9
	sender := c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	receiver := *f["server_cpu_ns"].Value
	f.Set(load.BytesPerSecond, "bytes/s", report.End.Received.Bytes/report.End.Received.Seconds)
	f.Set("client_cpu_ns", "ns", receiver)
	f.Set("client_cpu_ms_per_gb", "ms/GB", receiver/1e6/gb)
	f.Set("server_cpu_ns", "ns", float64(sender))
	f.Set("server_cpu_ms_per_gb", "ms/GB", sender.Seconds()*1e3/gb)
	for _, name := range []string{"server_rss_bytes", "server_rss_anon_bytes", "server_rss_anon_peak_bytes", "server_voluntary_switches", "server_involuntary_switches", load.RecordsPerSecond} {
		delete(f, name) // of the receiving process, or of no records
	}
	return f, nil
}
