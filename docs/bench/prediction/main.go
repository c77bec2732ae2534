// Command prediction holds the linux model, with the profile of this host,
// against this host's kernel: every path that runs here, chunks from 4 KiB to
// 1 MiB, warm and cold, over each of the nets. It writes the page that
// prediction.sh keeps.
//
//	prediction -profile FILE [-size 64MiB] [-rounds 3] [-limit 20] [-wall-limit 30] [-nets loopback,veth-sg,veth-nosg]
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"copyscope/internal/host"
	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

var chunks = []int64{4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20}

func main() {
	profile := flag.String("profile", "", "a profile of copyscope calibrate")
	size := flag.String("size", "64MiB", "bytes of each run")
	rounds := flag.Int("rounds", 3, "how often each is measured; the least times count, those that others disturbed least")
	limit := flag.Float64("limit", 20, "the median error of CPU time may be so many per cent")
	wallLimit := flag.Float64("wall-limit", 30, "the median error of wall time may be so many per cent")
	nets := flag.String("nets", "loopback", "what carries the bytes: a list of "+strings.Join(netNames(), ", "))
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	held, err := run(ctx, os.Stdout, *profile, *nets, document{size: *size, rounds: *rounds, limit: *limit, wallLimit: *wallLimit})
	if err != nil {
		fmt.Fprintln(os.Stderr, "prediction:", err)
		os.Exit(1)
	}
	if !held {
		fmt.Fprintln(os.Stderr, "prediction: a prediction did not hold; the page says which")
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, profile, nets string, d document) (held bool, err error) {
	l := lab.New("")
	text, err := os.ReadFile(profile)
	if err != nil {
		return false, fmt.Errorf("-profile: %w", err)
	}
	if l.Profile, err = lab.ParseProfile(profile, text); err != nil {
		return false, err
	}
	bytes, err := lab.ParseSize("-size", d.size)
	if err != nil {
		return false, err
	}
	if d.rounds < 1 {
		return false, fmt.Errorf("-rounds %d: use 1 or more", d.rounds)
	}
	carriers, err := parseNets(nets)
	if err != nil {
		return false, err
	}
	for _, path := range transfer.Paths() {
		if ok, why := host.Available(path); !ok {
			d.missing = append(d.missing, fmt.Sprintf("- `%s` does not run here: %s", path, why))
			continue
		}
		for _, n := range carriers {
			for _, chunk := range chunks {
				for _, cache := range []lab.Cache{lab.Warm, lab.Cold} {
					s := lab.Scenario{Path: path, Side: trace.Real, Size: bytes, Chunk: chunk, Cache: cache, Net: n.net, SG: n.sg}.Normal()
					o, err := predict(ctx, l, s)
					if err != nil {
						return false, err
					}
					o.net = n.name
					d.all = append(d.all, o)
				}
			}
		}
	}
	// All scenarios take turns, round by round: what comes and goes on a machine for
	// some seconds meets no scenario in all of its rounds.
	for round := range d.rounds + 1 {
		for i := range d.all {
			fmt.Fprintln(os.Stderr, round, d.all[i].scenario, d.all[i].net)
			if err := d.all[i].measure(ctx, l, round == 0); err != nil {
				return false, err
			}
		}
	}
	return d.write(w), nil
}

// predict is a scenario that is not measured yet.
func predict(ctx context.Context, l *lab.Lab, s lab.Scenario) (o outcome, err error) {
	o = outcome{scenario: s}
	if o.prediction, err = l.Predict(ctx, s); err != nil {
		return o, err
	}
	o.cpu.predicted, o.wall.predicted = o.prediction.Counter.Count(trace.CPUTime).Value, o.prediction.Counter.Count(trace.WallTime).Value
	return o, nil
}

// measure makes one real run and compares it. The kernel's tracepoints, whose hits
// cost processor time, watch a run of its own, whose times do not count.
func (o *outcome) measure(ctx context.Context, l *lab.Lab, traced bool) error {
	r, err := l.Run(ctx, o.scenario, lab.Options{Untraced: !traced})
	if err != nil {
		return err
	}
	o.rows = append(o.rows, lab.CompareResults(o.prediction, r)...)
	if !traced {
		o.cpu.least(r.Counter.Count(trace.CPUTime).Value)
		o.wall.least(r.Counter.Count(trace.WallTime).Value)
	}
	return nil
}
