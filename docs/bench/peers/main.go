//go:build linux

// Command peers holds copyscope's broker against its real alternatives: Apache
// Kafka, NATS JetStream, kfake, nginx, iperf3, and the bare loops that are the
// least a broker could do. All serve the same client process with the same payload
// in one network namespace, in turns. Without flags it measures everything once and
// writes docs/bench/peers.md, and the raw figures beside it as docs/bench/peers/*.json.
// Run it from the repository, as root:
//
//	go run ./docs/bench/peers
//
// A server that cannot be had is named in the report, with the reason.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"copyscope/docs/bench/peers/contender"
	"copyscope/docs/bench/peers/report"
	"copyscope/docs/bench/peers/result"
	"copyscope/docs/bench/peers/workload"
	"copyscope/internal/ownnet"
)

// options are the command's flags.
type options struct {
	only, workloads string
	rounds, runs    int
	seconds         float64
	out, dir        string
	list, report    bool
	add             bool
	before          result.All // what -add adds to
	contenders      []contender.Contender
	load            []workload.Workload
}

// defaultOut is where a whole run writes.
const defaultOut = "docs/bench"

func main() {
	var o options
	flag.StringVar(&o.only, "only", "", "`servers` to measure, with commas (default: all); writes no report unless -out is given")
	flag.StringVar(&o.workloads, "workloads", "", "`workloads` to measure, with commas (default: all); writes no report unless -out is given")
	flag.IntVar(&o.rounds, "rounds", 3, "turns of each server in a workload, where that does not say other")
	flag.IntVar(&o.runs, "runs", 1, "how often the whole is repeated with new servers; the report shows how far the ratios lie apart")
	flag.Float64Var(&o.seconds, "seconds", 1, "time of a turn, where the workload does not say other")
	flag.StringVar(&o.out, "out", "", "`directory` of peers.md and peers/*.json (default: "+defaultOut+")")
	flag.StringVar(&o.dir, "dir", "", "`directory` for the servers' files (default: the system's temporary one)")
	flag.BoolVar(&o.add, "add", false, "add the runs to those that are stored, which were measured in the same way on this machine")
	flag.BoolVar(&o.list, "list", false, "list servers and workloads, and measure nothing")
	flag.BoolVar(&o.report, "report", false, "write the report anew from the stored figures, and measure nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := o.check()
	if err == nil {
		err = o.do(ctx)
	}
	var ended *ownnet.FailedError
	if err != nil && !errors.As(err, &ended) {
		fmt.Fprintln(os.Stderr, "peers:", err)
	}
	if err != nil {
		stop()
		os.Exit(1)
	}
}

// check finds mistakes in the call.
func (o *options) check() (err error) {
	if flag.NArg() > 0 {
		return fmt.Errorf("%q: there are no arguments, only flags; see -help", flag.Arg(0))
	}
	if o.contenders, err = contender.Choose(o.only); err != nil {
		return err
	}
	if o.load, err = workload.Choose(o.workloads); err != nil {
		return err
	}
	switch {
	case o.rounds < 1 || o.rounds > 100:
		return fmt.Errorf("-rounds %d: use 1 to 100", o.rounds)
	case o.runs < 1 || o.runs > 20:
		return fmt.Errorf("-runs %d: use 1 to 20", o.runs)
	case !(o.seconds >= 0.1 && o.seconds <= 60):
		return fmt.Errorf("-seconds %v: use 0.1 to 60", o.seconds)
	}
	if o.add {
		if o.place() == "" {
			return errors.New("-add: a part of the servers or workloads is not stored; name with -out where its runs are")
		}
		if o.before, err = result.Read(o.stored()); err != nil {
			return fmt.Errorf("-add: there are no runs to add to: %w; leave the flag out to store the first", err)
		}
	}
	if _, err := os.Stat(filepath.Join("docs", "bench", "peers", "servers", "go.mod")); err != nil {
		return fmt.Errorf("run it in the repository's root: %w", err)
	}
	return nil
}

// whole says whether the run measures everything.
func (o *options) whole() bool { return o.only == "" && o.workloads == "" }

func (o *options) turn() time.Duration { return time.Duration(o.seconds * float64(time.Second)) }

func (o *options) do(ctx context.Context) error {
	switch {
	case o.list:
		return list(os.Stdout)
	case o.report:
		return o.rewrite()
	case inside():
		return o.measure(ctx)
	}
	return o.enclose(ctx)
}

// rewrite writes the report from what is stored.
func (o *options) rewrite() error {
	all, err := result.Read(o.stored())
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.place(), "peers.md"), report.Page(all), 0o644)
}
