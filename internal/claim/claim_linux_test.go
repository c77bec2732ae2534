package claim_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"copyscope/internal/claim"
	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
)

// The test binary is its own worker, as copyscope is.
func TestMain(m *testing.M) {
	n := len(claim.WorkerCommand)
	if len(os.Args) == n+3 && slices.Equal(os.Args[1:n+1], claim.WorkerCommand) {
		ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		if claim.Work(ctx, os.Args[n+1], os.Args[n+2], os.Stdin, os.Stdout) != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func quick(t *testing.T, name string, o claim.Options) *claim.Report {
	t.Helper()
	o.Quick = true
	last := int64(0)
	o.Progress = func(done, total int64) {
		if done < last || done > total {
			t.Errorf("%s: progress %d of %d after %d", name, done, total, last)
		}
		last = done
	}
	r, err := claim.Run(t.Context(), lab.New(t.TempDir()), name, o)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return r
}

// figure finds a column of a row by its labels.
func figure(t *testing.T, r *claim.Report, table string, column string, labels ...string) claim.Figure {
	t.Helper()
	for _, tab := range r.Tables {
		if tab.Name != table {
			continue
		}
		k := slices.IndexFunc(tab.Columns, func(c claim.Column) bool { return c.Name == column })
		for _, row := range tab.Rows {
			if k >= 0 && slices.Equal(row.Labels[:len(labels)], labels) {
				return row.Figures[k]
			}
		}
	}
	t.Fatalf("%s has no %s of %v", table, column, labels)
	return claim.Figure{}
}

// What every report is: whole, in words of both languages, and to be downloaded.
func hold(t *testing.T, r *claim.Report) {
	t.Helper()
	if r.Schema != trace.Schema || !r.Quick || r.Seconds <= 0 || time.Since(r.At) > time.Hour || r.Machine.Kernel == "" {
		t.Errorf("%s: %+v", r.Claim, r)
	}
	for _, lang := range locale.Languages() {
		words := locale.New(lang)
		word := func(key string, pairs ...any) {
			if text := words.T(key, pairs...); strings.ContainsAny(text, "⟦") || strings.Contains(text, "<no value>") {
				t.Errorf("%s in %s: %s", key, lang, text)
			}
		}
		for _, key := range []string{"title", "claim", "truth", "experiment", "source"} {
			word("claims." + key + "." + r.Claim)
		}
		for _, n := range slices.Concat(r.Findings, r.Limits) {
			word(n.Key, n.Pairs()...)
		}
		for _, tab := range r.Tables {
			word("claims.table." + tab.Name)
			for _, k := range tab.Keys {
				word("claims.key." + k)
			}
			for _, c := range tab.Columns {
				word("claims.column." + c.Name)
			}
		}
	}
	if len(r.Findings) == 0 || len(r.Tables) == 0 {
		t.Fatalf("%s: %d findings, %d tables", r.Claim, len(r.Findings), len(r.Tables))
	}
	known := 0
	for _, tab := range r.Tables {
		for _, row := range tab.Rows {
			if len(row.Labels) != len(tab.Keys) || len(row.Figures) != len(tab.Columns) {
				t.Fatalf("%s: row %v has %d figures", tab.Name, row.Labels, len(row.Figures))
			}
			for i, f := range row.Figures {
				known += len(f.Samples)
				if f.Known() == (f.Provenance == trace.Unavailable) || f.Known() == (f.Reason != "") || f.Known() != (len(f.Samples) > 0) {
					t.Errorf("%s %v %s: %+v", tab.Name, row.Labels, tab.Columns[i].Name, f)
				}
			}
		}
	}
	text := &bytes.Buffer{}
	if err := r.WriteCSV(text); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(text).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rounds := 0
	for _, l := range lines[1:] {
		if l[6] != "" {
			rounds++
		}
	}
	if rounds != known {
		t.Errorf("%s: the CSV has %d rounds, the report %d", r.Claim, rounds, known)
	}
	var read claim.Report
	if b, err := json.Marshal(r); err != nil || json.Unmarshal(b, &read) != nil || len(read.Tables) != len(r.Tables) {
		t.Errorf("%s as JSON: %v", r.Claim, err)
	}
}

// A context switch holds several mode switches; a thread for each connection
// changes threads for each request, and epoll does not.
func TestSwitches(t *testing.T) {
	r := quick(t, "switches", claim.Options{})
	hold(t, r)
	mode := figure(t, r, "switch_costs", "switch_time", "mode-switch", "0").Median()
	for _, kind := range []string{"same-process", "other-process"} {
		if ns := figure(t, r, "switch_costs", "switch_time", kind, "0").Median(); ns < 2*mode {
			t.Errorf("%s: a context switch takes %.0f ns, a mode switch %.0f", kind, ns, mode)
		}
	}
	threads := figure(t, r, "connections", "context_switches", "threads", "100").Median()
	epoll := figure(t, r, "connections", "context_switches", "epoll", "100").Median()
	if threads < 1 || epoll > threads/2 {
		t.Errorf("context switches of a request at 100 connections: %.2f with threads, %.2f with epoll", threads, epoll)
	}
	if n := figure(t, r, "connections", "mode_switches", "threads", "100").Median(); n != 8 {
		t.Errorf("a request makes %v mode switches, not those of two reads and two writes", n)
	}
}

// The sender of sendfile copies nothing, which costs less at large chunks.
func TestSpeedup(t *testing.T) {
	r := quick(t, "speedup", claim.Options{})
	hold(t, r)
	if f := figure(t, r, "speedup", "cpu_ratio", "loopback", "warm", "1MiB"); f.Median() < 1 || f.Spread.N != 3 {
		t.Errorf("read-write takes %+v of sendfile's CPU time", f)
	}
}

func TestNeighbour(t *testing.T) {
	r := quick(t, "neighbour", claim.Options{Rate: 100e6})
	hold(t, r)
	rows := r.Tables[0].Rows
	first, last := rows[0].Labels[1], rows[len(rows)-1].Labels[1]
	small, large := figure(t, r, "neighbour", "access_time", "same", first, "none").Median(), figure(t, r, "neighbour", "access_time", "same", last, "none").Median()
	if small <= 0 || large <= small {
		t.Errorf("an access takes %.1f ns in %s and %.1f ns in %s", small, first, large, last)
	}
	if did := figure(t, r, "neighbour", "throughput", "same", first, "sendfile").Median(); did > 110 {
		t.Errorf("at 100 MB/s, %.0f MB/s were sent", did)
	}
}

func TestHeadroom(t *testing.T) {
	r := quick(t, "headroom", claim.Options{Rate: 100e6})
	hold(t, r)
	for _, row := range r.Tables[0].Rows {
		if left := row.Figures[2].Median(); left < 0 || left > 101 {
			t.Errorf("%s: %.1f %% are left over", row.Labels[0], left)
		}
	}
	if copied, lent := figure(t, r, "headroom", "sender_share", "read-write").Median(), figure(t, r, "headroom", "sender_share", "sendfile").Median(); lent >= copied {
		t.Errorf("at the same throughput sendfile takes %.1f %% of the processor, read-write %.1f %%", lent, copied)
	}
	_, err := claim.Run(t.Context(), lab.New(t.TempDir()), "headroom", claim.Options{Quick: true, Rate: 1e15})
	if err == nil || !strings.Contains(err.Error(), "--rate 1000000000000000") {
		t.Errorf("a rate that no path has: %v", err)
	}
}

func TestPrediction(t *testing.T) {
	profile, err := claim.ShippedProfile("")
	if err != nil {
		t.Fatal(err)
	}
	r := quick(t, "prediction", claim.Options{Profile: profile})
	hold(t, r)
	predicted := figure(t, r, "residuals", "cpu_predicted", "sendfile", "warm", "64KiB")
	measured := figure(t, r, "residuals", "cpu_measured", "sendfile", "warm", "64KiB")
	off := figure(t, r, "residuals", "cpu_error", "sendfile", "warm", "64KiB")
	if predicted.Provenance != trace.Modelled || measured.Provenance != trace.Measured || off.Provenance != trace.Derived {
		t.Errorf("provenances %s, %s, %s", predicted.Provenance, measured.Provenance, off.Provenance)
	}
	if want := 100 * (predicted.Median() - measured.Samples[0]) / measured.Samples[0]; fmt.Sprintf("%.6f", want) != fmt.Sprintf("%.6f", off.Samples[0]) {
		t.Errorf("the residual is %v, not %v", off.Samples[0], want)
	}
}

// The context ends what is under way, its workers included.
func TestCancelled(t *testing.T) {
	for _, name := range claim.Names() {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 900*time.Millisecond, context.Canceled)
		began := time.Now()
		_, err := claim.Run(ctx, lab.New(t.TempDir()), name, claim.Options{})
		cancel()
		if !errors.Is(err, context.Canceled) || time.Since(began) > 5*time.Second {
			t.Errorf("%s: after %s: %v", name, time.Since(began), err)
		}
	}
	for deadline := time.Now().Add(3 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		left := workers(t)
		if len(left) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("these workers go on: %q", left)
		}
	}
	if _, err := claim.Run(t.Context(), lab.New(""), "miracles", claim.Options{}); err == nil || !strings.Contains(err.Error(), "use one of switches, speedup") {
		t.Errorf("an unknown claim: %v", err)
	}
}

// What a worker cannot do it says, and its caller hears it.
func TestWorkerErrors(t *testing.T) {
	for _, c := range []struct{ kind, request, want string }{
		{"juggle", "{}", `there is no measurement "juggle"`},
		{"crowd", "{", "unexpected end of JSON input"},
		{"partner", `{"CPU":1000}`, "sched_setaffinity"},
	} {
		out := &bytes.Buffer{}
		forever, gone := io.Pipe()
		t.Cleanup(func() { forever.Close(); gone.Close() })
		err := claim.Work(t.Context(), c.kind, c.request, forever, out)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(out.String(), `"error":`) {
			t.Errorf("%s %s: %v, it said %s", c.kind, c.request, err, out)
		}
	}
}

// workers are the command lines of this binary's workers, whoever started them.
func workers(t *testing.T) (out []string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	all, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	for _, exe := range all {
		if target, err := os.Readlink(exe); err != nil || target != self {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(exe), "cmdline"))
		if words := strings.ReplaceAll(string(line), "\x00", " "); strings.Contains(words, strings.Join(claim.WorkerCommand, " ")) {
			out = append(out, words)
		}
	}
	return out
}
