// Command sendfile holds the lab's sendfile against a bare loop.
//
// It sends the same file with the same chunk to the same reader, alternately
// by a bare loop of sendfile(2) and by the measured kernel with its witness,
// and prints the medians and their ratio. Run it from the repository:
//
//	go run ./docs/bench/sendfile -size 1GiB -chunk 64KiB -rounds 7
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"

	"copyscope/internal/host"
	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

func main() {
	size := flag.String("size", "1GiB", "bytes to send in each round")
	chunk := flag.String("chunk", "64KiB", "bytes that a call is asked for")
	rounds := flag.Int("rounds", 7, "rounds of each")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := bench(ctx, *size, *chunk, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "sendfile:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, size, chunk string, rounds int) error {
	n, err := lab.ParseSize("-size", size)
	if err != nil {
		return err
	}
	c, err := lab.ParseSize("-chunk", chunk)
	if err != nil {
		return err
	}
	source, err := host.NewSource(ctx, "", n)
	if err != nil {
		return err
	}
	defer source.Close()
	program, _ := transfer.Lookup("sendfile")
	facts := host.ReadFacts("")
	fmt.Printf("%s by sendfile in %s chunks, loopback, warm; Linux %s, %d CPUs, %s\n", size, chunk, facts.Kernel, runtime.NumCPU(), runtime.Version())
	var bare, measured []float64
	for range rounds {
		for _, side := range []struct {
			run func(context.Context, host.Options) (*host.Outcome, error)
			to  *[]float64
		}{{host.BareSendfile, &bare}, {host.Run, &measured}} {
			counter := trace.NewCounter(n, trace.Measured, nil)
			out, err := side.run(ctx, host.Options{Program: program, Size: n, Chunk: c, Source: source, Recorder: counter})
			if err != nil {
				return err
			}
			if !out.Intact() {
				return fmt.Errorf("the receiver got other bytes than the file's")
			}
			*side.to = append(*side.to, float64(n)/float64(out.Delivered)*1e3) // bytes per ns to MB/s
		}
	}
	b, m := median(bare), median(measured)
	fmt.Printf("bare loop  MB/s: median %.0f of %.0f\n", b, bare)
	fmt.Printf("lab        MB/s: median %.0f of %.0f\n", m, measured)
	fmt.Printf("ratio %.3f\n", m/b)
	return nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}
