// Command witness measures what the kernel's tracepoints cost a real run: the same
// transfer with them and without, in turn, each first as often as the other, in one
// process. It writes the page that witness.sh keeps. Takes root.
//
//	witness [-size 256MiB] [-rounds 15]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"copyscope/internal/host"
	"copyscope/internal/lab"
	"copyscope/internal/spread"
	"copyscope/internal/trace"
)

func main() {
	size := flag.String("size", "256MiB", "bytes of each run")
	rounds := flag.Int("rounds", 15, "how often each is measured; their medians count")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *size, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "witness:", err)
		os.Exit(1)
	}
}

// times are the wall and processor times of runs, in ms.
type times struct{ wall, cpu []float64 }

func run(ctx context.Context, size string, rounds int) error {
	bytes, err := lab.ParseSize("-size", size)
	if err != nil {
		return err
	}
	if rounds < 1 {
		return fmt.Errorf("-rounds %d: use 1 or more", rounds)
	}
	f := host.ReadFacts("")
	fmt.Printf("# What watching costs\n\nMedians of %d rounds, with the kernel's tracepoints and without in turn, each first as often as the other; %s over loopback; %s (%d processors), Linux %s. Promised: at most 15 %% more wall time at 64 KiB, 5 %% at 1 MiB.\n\n", rounds, size, host.ProcessorName(), f.CPUs, f.Kernel)
	fmt.Print("A warm run passes the tracepoints of softirqs, polls, switches and faults alone; a cold one those of each page that comes in, too. In cold rows the disk is most of the noise.\n\n")
	fmt.Print("| path | chunk | cache | wall ms, without | with | more | CPU ms, without | with | more |\n| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, path := range []string{"read-write", "sendfile"} {
		for _, chunk := range []int64{64 << 10, 1 << 20} {
			for _, cache := range []lab.Cache{lab.Warm, lab.Cold} {
				s := lab.Scenario{Path: path, Side: trace.Real, Size: bytes, Chunk: chunk, Cache: cache, Net: lab.Loopback}.Normal()
				fmt.Fprintln(os.Stderr, s)
				without, with, err := measure(ctx, s, rounds)
				if err != nil {
					return err
				}
				fmt.Printf("| `%s` | %s | %s | %s | %s |\n", path, lab.FormatSize(chunk), cache, row(without.wall, with.wall), row(without.cpu, with.cpu))
			}
		}
	}
	return nil
}

func measure(ctx context.Context, s lab.Scenario, rounds int) (without, with times, err error) {
	l := lab.New("")
	for round := range rounds {
		for turn := range 2 {
			traced := (round+turn)%2 == 0
			r, err := l.Run(ctx, s, lab.Options{Untraced: !traced})
			if err != nil {
				return without, with, err
			}
			to := &without
			if traced {
				to = &with
			}
			to.wall = append(to.wall, r.Counter.Count(trace.WallTime).Value/1e6)
			to.cpu = append(to.cpu, r.Counter.Count(trace.CPUTime).Value/1e6)
		}
	}
	return without, with, nil
}

func row(without, with []float64) string {
	a, b := spread.Of(without).Median, spread.Of(with).Median
	return fmt.Sprintf("%.1f | %.1f | %+.0f %%", a, b, (b/a-1)*100)
}
