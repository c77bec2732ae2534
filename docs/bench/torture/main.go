//go:build linux

// Command torture holds a broker to its promises under everything that goes wrong
// with processes, networks and disks: a model checker in the manner of Jepsen.
// Producers and consumers of every kind work against a broker in a child process
// while faults come at random; all they do, and all they are told, goes into a
// history, and package check judges it after every fault.
//
//	go run ./docs/bench/torture -for 30m
//	go run ./docs/bench/torture -for 2m -faults kill,power -seed 7
//	go run ./docs/bench/torture -for 2m -bug ack-before-append
//
// docs/torture.md says what is injected, what is checked and what is not.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"copyscope/docs/bench/torture/check"
	"copyscope/docs/bench/torture/history"
)

// settings are the flags.
type settings struct {
	seed   uint64
	long   time.Duration
	faults []string
	bug    string
	json   bool
	keep   string
}

func main() {
	if text := os.Getenv(childEnv); text != "" {
		if err := beChild(text); err != nil {
			fmt.Fprintln(os.Stderr, "torture: the broker:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// parse reads the flags.
func parse(args []string, stderr io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("torture", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Uint64Var(&s.seed, "seed", uint64(time.Now().UnixNano()), "draws the faults and what clients do; printed, so that a run can be repeated (its scheduling cannot)")
	flags.DurationVar(&s.long, "for", 30*time.Minute, "how long")
	list := flags.String("faults", strings.Join(allFaults, ","), "which faults come")
	flags.StringVar(&s.bug, "bug", "", "a bug that the broker gets, which must be found: "+strings.Join(slices.Sorted(maps.Keys(bugs)), ", "))
	flags.BoolVar(&s.json, "json", false, "print the verdict as JSON")
	flags.StringVar(&s.keep, "dir", os.TempDir(), "where data directories are made, and kept if something is found")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("argument %q: there are flags alone; see -help", flags.Arg(0))
	}
	s.faults = strings.Split(*list, ",")
	for _, f := range s.faults {
		if !slices.Contains(allFaults, f) {
			return s, fmt.Errorf("-faults: there is no fault %q; there are %s", f, strings.Join(allFaults, ", "))
		}
	}
	if _, ok := bugs[s.bug]; !ok && s.bug != "" {
		return s, fmt.Errorf("-bug: there is no bug %q; there are %s", s.bug, strings.Join(slices.Sorted(maps.Keys(bugs)), ", "))
	}
	if s.long <= 0 {
		return s, fmt.Errorf("-for %v: give a time above zero, such as 30m", s.long)
	}
	return s, nil
}

// run is the command; it returns the exit code: 1 if a promise was broken, or the
// run could not be made.
func run(args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "torture:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	defer stop()
	fmt.Fprintf(stderr, "%s, %d CPUs; seed %d, %v of %s\n", runtime.Version(), runtime.NumCPU(), s.seed, s.long, strings.Join(s.faults, ", "))
	v := verdict{Schema: 1, Seed: s.seed, Bug: s.bug, Faults: map[string]int{}, Operations: map[history.Kind]int{}}
	began := time.Now()
	err = v.trials(ctx, s, stderr)
	v.Seconds = time.Since(began).Round(time.Second).Seconds()
	v.Interrupted = ctx.Err() != nil
	if err != nil && ctx.Err() == nil {
		v.Error = err.Error()
	}
	v.print(stdout, s.json)
	if len(v.Violations) > 0 || v.Error != "" {
		return 1
	}
	return 0
}

// verdict is what came of a run.
type verdict struct {
	Schema      int                  `json:"schema"`
	Seed        uint64               `json:"seed"`
	Bug         string               `json:"bug,omitempty"`
	Seconds     float64              `json:"seconds"`
	Interrupted bool                 `json:"interrupted,omitempty"`
	Trials      int                  `json:"trials"`
	Faults      map[string]int       `json:"faults"`
	Operations  map[history.Kind]int `json:"operations"`
	Records     int                  `json:"records_read"`
	Violations  []check.Violation    `json:"violations"`
	Kept        string               `json:"kept,omitempty"` // directory
	Error       string               `json:"error,omitempty"`
}

// trials makes one after the other until the time is over or something is found.
func (v *verdict) trials(ctx context.Context, s settings, stderr io.Writer) error {
	v.Violations = []check.Violation{}
	dice := rand.New(rand.NewPCG(s.seed, 0))
	for end := time.Now().Add(s.long); ctx.Err() == nil && time.Until(end) > 0; {
		dir, err := os.MkdirTemp(s.keep, "copyscope-torture-")
		if err != nil {
			return err
		}
		t := newTrial(s, dice.Uint64(), dir, v.Trials)
		v.Trials++
		err = t.run(ctx, min(trialLong, time.Until(end)))
		ops := t.history.Ops()
		v.count(t, ops)
		fmt.Fprintf(stderr, "  trial %d: %v; %d operations, %d records read, faults %s; %s left\n", v.Trials, t, len(ops), v.Records, counts(v.Faults), max(0, time.Until(end)).Round(time.Second))
		if v.Violations = append(v.Violations, t.found...); len(v.Violations) == 0 && (err == nil || ctx.Err() != nil) {
			os.RemoveAll(dir)
			continue
		}
		v.Kept = dir
		return errors.Join(err, keep(filepath.Join(dir, "history.jsonl"), ops))
	}
	return nil
}

// keep writes the history.
func keep(name string, ops []history.Op) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(history.Write(f, ops), f.Close())
}

func (v *verdict) count(t *trial, ops []history.Op) {
	for _, o := range ops {
		v.Operations[o.Kind]++
		v.Records += len(o.Records)
	}
	for what, n := range t.counts() {
		v.Faults[what] += n
	}
}

func counts(of map[string]int) string {
	var all []string
	for _, what := range slices.Sorted(maps.Keys(of)) {
		all = append(all, fmt.Sprintf("%s %d", what, of[what]))
	}
	return strings.Join(all, ", ")
}

func (v *verdict) print(w io.Writer, asJSON bool) {
	if asJSON {
		to := json.NewEncoder(w)
		to.SetIndent("", "  ")
		to.Encode(v)
		return
	}
	operations := 0
	for _, n := range v.Operations {
		operations += n
	}
	fmt.Fprintf(w, "%d trials in %.0f s, seed %d: %d operations, %d records read; faults: %s\n", v.Trials, v.Seconds, v.Seed, operations, v.Records, counts(v.Faults))
	for _, of := range v.Violations {
		fmt.Fprintln(w, of)
	}
	switch {
	case v.Error != "":
		fmt.Fprintln(w, "the run could not go on:", v.Error)
	case len(v.Violations) == 0 && v.Interrupted:
		fmt.Fprintln(w, "interrupted; no promise was broken so far")
	case len(v.Violations) == 0:
		fmt.Fprintln(w, "no promise was broken")
	}
	if v.Kept != "" {
		fmt.Fprintf(w, "data directory, history and the broker's log are kept in %s\n", v.Kept)
	}
}
