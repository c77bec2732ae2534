//go:build linux

// Command viewers measures a talk with a large audience on one machine: how long
// a step takes until every viewer has it, and what a viewer costs the server
// (internal/audience says how).
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"copyscope/internal/audience"
	"copyscope/internal/host"
)

func main() {
	if audience.Main() {
		return
	}
	log.SetFlags(0)
	viewers := flag.Int("n", 2000, "viewers")
	steps := flag.Int("steps", 100, "steps of the talk")
	feed := flag.String("feed", "", "have three servers give the talk, and kill one, with the feed on copyscope or kafka, or both with a comma")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *feed != "" {
		if err := lossReport(ctx, *feed, *viewers, *steps); err != nil {
			log.Fatal(err)
		}
		return
	}
	fmt.Print(heading())
	kept := true
	for _, p := range []audience.Plan{
		{Viewers: *viewers, Steps: *steps, Every: 250 * time.Millisecond},
		{Viewers: *viewers, Steps: *steps, Every: 250 * time.Millisecond, Deaf: *viewers / 40},
		{Viewers: *viewers, Steps: *steps / 2, Every: 500 * time.Millisecond, Pointer: true},
	} {
		f, err := audience.Measure(ctx, p)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(row(p, f))
		kept = kept && f.StepP99 <= maxStep && f.Heap+f.Stack <= maxViewer
	}
	fmt.Printf("\nPromised: a step reaches all within %v (p99 of the steps), and a viewer costs at most %d KiB of heap and stack.\n", maxStep, maxViewer>>10)
	if !kept {
		log.Fatal("a promise is broken; on a busy machine the times say little")
	}
}

// What is promised.
const (
	maxStep   = 100 * time.Millisecond
	maxViewer = 30 << 10
)

// machine describes this one, and how busy it is.
func machine() string {
	facts := host.ReadFacts("")
	load, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(load), " ")
	at := fmt.Sprintf("%s: Linux %s, %d processors, %s; the load average was %s when it began: above 1, others were at work", time.Now().UTC().Format(time.DateOnly), facts.Kernel, facts.CPUs, runtime.Version(), first)
	group, _ := os.ReadFile("/proc/self/autogroup")
	if _, nice, _ := strings.Cut(strings.TrimSpace(string(group)), "nice "); nice != "" && nice != "0" {
		at += ", and this had its scheduler's group at nice " + nice
	}
	return at
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1e3) }

func heading() string {
	return fmt.Sprintf("# An audience of thousands\n\nWritten by `go run ./docs/bench/viewers` on %s. Server and viewers share the processors. Every 250 ms (500 ms with the pointer) the speaker takes a step; "+
		"the time is from before it is sent until a viewer has read it. Deaf viewers never read. Missed: a viewer was sent a newer state instead.\n\n"+
		"| viewers | deaf | pointer | steps | connected in | a viewer has a step: p50 | p99 | all have it: p99 | missed | heap a viewer | stack | both | all that the runtime holds |\n"+
		"| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n", machine())
}

func row(p audience.Plan, f audience.Figures) string {
	pointer := "–"
	if p.Pointer {
		pointer = "30 Hz"
	}
	kib := func(b float64) string { return fmt.Sprintf("%.1f KiB", b/1024) }
	return fmt.Sprintf("| %d | %d | %s | %d | %.1f s | %s | %s | %s | %d | %s | %s | %s | %s |", p.Viewers, p.Deaf, pointer, p.Steps, f.Connect.Seconds(),
		ms(f.P50), ms(f.P99), ms(f.StepP99), f.Missed, kib(f.Heap), kib(f.Stack), kib(f.Heap+f.Stack), kib(f.Total))
}
