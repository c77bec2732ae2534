//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"copyscope/internal/chromium"
)

// Each client and each page does its work once against a real server; nobody meets
// an error that is not expected, all comes back, and the report has its files.
func TestSoak(t *testing.T) {
	_, stop, err := chromium.Start()
	if err != nil {
		chromium.Absent(t, err.Error())
	}
	stop()
	file := filepath.Join(t.TempDir(), "soak.md")
	var out, progress bytes.Buffer
	s := settings{lasts: 2 * time.Second, every: time.Second, cpu: 1, pace: 4, viewers: 10, report: file}
	if err := s.run(t.Context(), &out, &progress); err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(file), "soak", "samples.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r result
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	for _, f := range figures {
		seen := false
		for _, one := range r.Samples {
			seen = seen || one.Values[f.Key] > 0
		}
		if !seen {
			t.Errorf("%d samples have no %s of the %s", len(r.Samples), f.Title, f.Of)
		}
		if got := r.Trends[f.Key].Verdict; got != short {
			t.Errorf("%s: of some seconds it says %q", f.Key, got)
		}
	}
	for _, d := range drawn {
		svg, err := os.ReadFile(filepath.Join(filepath.Dir(file), "soak", d.name+".svg"))
		if err != nil || !bytes.Contains(svg, []byte("prefers-color-scheme: dark")) {
			t.Errorf("the drawing %s: %v: %.100s", d.name, err, svg)
		}
	}
	report, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(report), "soak/memory.svg") || !strings.Contains(string(report), "| topics made and deleted |") {
		t.Errorf("%v: %s", err, report)
	}
}

// good is a run of two hours in which nothing is wrong.
func good() *result {
	r := &result{Seconds: 7200, Carried: map[string]float64{}, Cleanings: 1, Trends: map[string]trend{}, Before: held{20, 15, 0, 1}, After: held{20, 15, idlePipes, 3}}
	for _, p := range paths {
		r.Carried[p] = 1
	}
	for _, f := range figures {
		r.Trends[f.Key] = trend{Verdict: flat}
	}
	return r
}

func TestWhatIsWrong(t *testing.T) {
	if err := good().wrong(); err != nil {
		t.Fatalf("of a good run: %v", err)
	}
	for name, k := range map[string]struct {
		spoil func(*result)
		want  string
	}{
		"a figure grows": {func(r *result) { r.Trends["goroutines"] = trend{Verdict: grows, Slope: 99} }, "goroutines of the server grows by 99"},
		"an error": {func(r *result) {
			r.Errors = []entry{{Who: "a client", Kind: "x", Count: 3, Examples: []string{"what it said"}}}
		}, "a client: what it said"},
		"goroutines are left":   {func(r *result) { r.After.Goroutines++ }, "21 goroutines"},
		"descriptors are left":  {func(r *result) { r.After.Descriptors++; r.Left = []string{"a-file"} }, "a-file"},
		"pipes are left":        {func(r *result) { r.After.Pipes = 34 }, "34 of pipes"},
		"work was never done":   {func(r *result) { r.Missing = []string{"some work"} }, "some work"},
		"a path was not taken":  {func(r *result) { r.Carried["splice"] = 0 }, "by splice"},
		"nothing was compacted": {func(r *result) { r.Cleanings = 0 }, "never cleaned"},
	} {
		r := good()
		k.spoil(r)
		if err := r.wrong(); err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%s: %v, want %q", name, err, k.want)
		}
	}
	for name, spoil := range map[string]func(*result){
		"an unclear figure":   func(r *result) { r.Trends["rss"] = trend{Verdict: unclear} },
		"an expected error":   func(r *result) { r.Errors = []entry{{Kind: "x", Count: 3, Expected: "since it is brought about"}} },
		"ended before all is": func(r *result) { r.Interrupted, r.Missing, r.Cleanings = true, []string{"some work"}, 0 },
	} {
		r := good()
		if spoil(r); r.wrong() != nil {
			t.Errorf("%s: %v", name, r.wrong())
		}
	}
}

// Errors are counted by who met them and their kind; those of clients that are ended
// are none.
func TestLedger(t *testing.T) {
	l := newLedger()
	ctx, cancel := context.WithCancel(t.Context())
	for range 5 {
		l.note(ctx, asStranger, kerr.SaslAuthenticationFailed)
		l.note(ctx, asProducer, kerr.NotLeaderForPartition)
	}
	l.note(ctx, asProducer, io.ErrUnexpectedEOF)
	cancel()
	l.note(ctx, asProducer, errors.New("ended"))
	all, unexpected := l.account()
	if unexpected != 6 || len(all) != 3 {
		t.Fatalf("%d unexpected errors in %+v, want 6 in 3 kinds", unexpected, all)
	}
	if e := all[0]; e.Expected != "" || len(e.Examples) > examples {
		t.Errorf("the first is %+v: want an unexpected one with its first few texts", e)
	}
	if e := all[2]; e.Kind != "SASL_AUTHENTICATION_FAILED" || e.Count != 5 || e.Expected == "" {
		t.Errorf("the last is %+v: want the one that is expected, 5 times", e)
	}
}

func TestFlags(t *testing.T) {
	for _, args := range [][]string{{"-cpu", "2"}, {"-cpu", "0"}, {"-cpu", "-0.5"}, {"-cpu", "NaN"}, {"-cpu", "none"}, {"-for", "-1s"}, {"-for", "0s"}, {"-viewers", "5000"}, {"-viewers", "-1"}} {
		if _, err := parse(args); err == nil || !strings.Contains(err.Error(), args[1]) {
			t.Errorf("%v: %v; want an error that names %s", args, err, args[1])
		}
	}
	s, err := parse([]string{"-cpu", "25%", "-for", "2h"})
	if err != nil || s.cpu != 0.25 || s.every != time.Minute {
		t.Errorf("%+v, %v", s, err)
	}
}
