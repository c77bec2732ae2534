//go:build linux

// Command scale measures how the product's costs grow with the size of what it
// holds: partitions, segments, consumers, connections, simulated events, viewers.
// It writes docs/bench/scale.md, and for each curve a drawing and its figures as
// JSON into docs/bench/scale. Run it from the repository, on a quiet machine:
//
//	go run ./docs/bench/scale [-curves partitions,events] [-quick]
//
// Ctrl-C keeps what is complete. It needs 4 GB in the directory for temporary files.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"copyscope/internal/audience"
	"copyscope/internal/served"
)

func main() {
	if audience.Main() {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := scale(ctx, os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

// How much is measured: six curves of curveLimit are 15 minutes.
const (
	curveLimit  = 140 * time.Second
	rounds      = 5
	quickLimit  = 20 * time.Second
	quickRounds = 2
)

func scale(ctx context.Context, arguments []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	flags.SetOutput(stderr)
	names := flags.String("curves", "", "curves to measure, with commas between them (default: all)")
	quick := flags.Bool("quick", false, "a short look: fewer sizes and rounds, two minutes in all")
	render := flags.Bool("render", false, "measure nothing; draw and write what was measured anew")
	points := flags.Int("points", 0, "how many sizes of each curve, from the smallest on (default: all)")
	times := flags.Int("rounds", 0, "how many rounds (default: 5, of -quick 2)")
	out := flags.String("o", "docs/bench", "the folder of scale.md and of scale/")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q: no arguments are taken; see -help", flags.Arg(0))
	}
	if *points < 0 {
		return fmt.Errorf("-points %d: use a number of sizes, 0 for all", *points)
	}
	if *times < 0 {
		return fmt.Errorf("-rounds %d: use a number above 0, 0 for the default", *times)
	}
	chosen := curves()
	if *names != "" {
		var err error
		if chosen, err = named(strings.Split(*names, ",")); err != nil {
			return err
		}
	}
	if *render {
		return report(*out)
	}
	p := plan{points: *points, rounds: rounds, limit: curveLimit, say: func(format string, a ...any) { fmt.Fprintf(stderr, format+"\n", a...) }}
	if p.quick = *quick; *quick {
		p.rounds, p.limit = quickRounds, quickLimit
	}
	p.rounds = cmp.Or(*times, p.rounds)
	return errors.Join(measure(ctx, chosen, p, *out), report(*out))
}

// measure runs the curves and writes their figures.
func measure(ctx context.Context, chosen []*curve, p plan, out string) (err error) {
	binary, err := served.Build(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, binary.Remove()) }()
	p.binary = binary.Path
	if p.dir, err = os.MkdirTemp("", "copyscope-scale-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(p.dir)) }()
	if err := os.MkdirAll(figuresDir(out), 0o755); err != nil {
		return err
	}
	var failed []error // a curve that fails keeps no other from being measured
	for _, c := range chosen {
		r, err := c.run(ctx, p)
		if len(r.sizes()) > 0 {
			err = errors.Join(err, r.write(figuresDir(out)))
		}
		failed = append(failed, err)
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}
