//go:build linux

// Command soak puts a mixed load on a copyscope of its own for two hours, with its
// pages open in a browser, and tells whether what the server and the pages hold is
// flat: memory, goroutines, descriptors, connections, disk. It fails if something
// grows, if a client meets an error that the load does not bring about itself, or if
// goroutines and descriptors do not come back when all is closed.
//
//	go run ./docs/bench/soak [-for 2h] [-cpu 0.33] [-o docs/bench/soak.md]
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// settings are the flags.
type settings struct {
	lasts   time.Duration
	every   time.Duration // between two samples
	cpu     float64       // share of the machine that all processes together use
	pace    float64       // the factor of the basic rates, if it is not to be found; 0: it is
	viewers int
	report  string // a Markdown file; samples and drawings go into the directory beside it
	json    bool
}

func main() {
	s, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second Ctrl-C ends it at once
	}()
	if err := s.run(ctx, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func parse(args []string) (s settings, err error) {
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.DurationVar(&s.lasts, "for", 2*time.Hour, "how long the load lasts; Ctrl-C ends it, and reports what is there")
	flags.DurationVar(&s.every, "every", 0, "between two samples (default: a minute, or an 80th of a short run)")
	flags.IntVar(&s.viewers, "viewers", 100, "viewers of the talk, who leave and come back")
	flags.StringVar(&s.report, "o", "", "write the report to this Markdown file, and its samples and drawings into the directory of the same name (default: to standard output alone)")
	flags.BoolVar(&s.json, "json", false, "print the samples and verdicts as JSON instead of the report")
	cpu := flags.String("cpu", "0.33", "share of the machine that server, clients and browser together use: the clients' rates are set by it in the first eighth")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if s.cpu, err = share(*cpu); err != nil {
		return s, err
	}
	if s.lasts <= 0 {
		return s, fmt.Errorf("-for %v: give a time above 0", s.lasts)
	}
	if s.viewers < 0 || s.viewers > 2000 {
		return s, fmt.Errorf("-viewers %d: a talk takes up to 2000 here", s.viewers)
	}
	if s.every <= 0 {
		s.every = min(time.Minute, max(s.lasts/80, 250*time.Millisecond))
	}
	return s, nil
}

// run soaks, writes the report, and says what is wrong.
func (s settings) run(ctx context.Context, out, progress io.Writer) error {
	k := newSoak(s, progress)
	if err := k.run(ctx); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // a Ctrl-C ends the load, and what is there is written
	r := k.result()
	if s.report != "" {
		if err := r.write(ctx, s.report); err != nil {
			return err
		}
	}
	if s.json {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "\t")
		if err := enc.Encode(r); err != nil {
			return err
		}
	} else if _, err := io.WriteString(out, r.markdown("")); err != nil {
		return err
	}
	return r.wrong()
}
