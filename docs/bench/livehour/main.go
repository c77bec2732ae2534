//go:build linux

// Command livehour keeps the live page open for an hour, at its highest rate, and
// tells what the page's heap and the server hold meanwhile.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/prometheus/procfs"
	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/internal/chromium"
	"copyscope/internal/host"
	"copyscope/internal/served"
)

// What the page may hold more after the second half than after the first: what is
// kept is a quarter of an hour of samples, so that the first half fills it.
const mostGrowth = 2e6

// sample is what page and server hold at a time.
type sample struct {
	after  time.Duration
	heap   float64 // of the page's script, after its garbage is gone, bytes
	nodes  float64 // of the document
	server int     // resident, bytes
}

func main() {
	log.SetFlags(0)
	long := flag.Duration("for", time.Hour, "how long the page is open")
	every := flag.Duration("every", 5*time.Minute, "how often it is looked at")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := watch(ctx, *long, *every); err != nil {
		log.Fatal(err)
	}
}

// traffic produces and consumes a little, so that the page has something to show.
func traffic(ctx context.Context, kafka string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(kafka), kgo.DefaultProduceTopic("livehour"), kgo.ConsumeTopics("livehour"), kgo.AllowAutoTopicCreation())
	if err != nil {
		return err
	}
	go func() {
		defer client.Close()
		for ctx.Err() == nil {
			client.Produce(ctx, &kgo.Record{Value: make([]byte, 4096)}, nil)
			poll, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
			client.PollFetches(poll)
			cancel()
			time.Sleep(50 * time.Millisecond)
		}
	}()
	return nil
}

func watch(ctx context.Context, long, every time.Duration) error {
	s, err := served.Start(ctx)
	if err != nil {
		return err
	}
	defer s.Stop()
	if err := traffic(ctx, s.Kafka); err != nil {
		return err
	}
	browser, stop, err := chromium.Start()
	if err != nil {
		return err
	}
	defer stop()
	if err := chromedp.Do(browser, chromedp.Navigate(s.Web+"/live?lang=en")); err != nil {
		return err
	}
	const rate = `(() => { const c = document.getElementById('live-rate'); if (!c || document.querySelector('.live-charts')?.dataset.ready !== 'true') return false; c.value = '10'; c.dispatchEvent(new Event('change', { bubbles: true })); return true; })()`
	fmt.Print(heading(long))
	if err := (chromium.Tab{Ctx: browser}).Await(rate, 30*time.Second); err != nil {
		return fmt.Errorf("the live page's rate cannot be chosen: %w", err)
	}
	begun := time.Now()
	var all []sample
	for next := min(time.Minute, every); ; next = min(next+every, long) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Until(begun.Add(next))):
		}
		now, err := look(browser, s.PID())
		if err != nil {
			return err
		}
		now.after = next
		all = append(all, now)
		fmt.Printf("| %v | %.2f MB | %.0f | %.1f MB |\n", next, now.heap/1e6, now.nodes, float64(now.server)/1e6)
		if next >= long {
			break
		}
	}
	half := all[(len(all)-1)/2]
	last := all[len(all)-1]
	fmt.Printf("\nFrom %v to %v the page's heap grew by %.2f MB, the server by %.1f MB.\n", half.after, last.after, (last.heap-half.heap)/1e6, float64(last.server-half.server)/1e6)
	if last.heap-half.heap > mostGrowth {
		return fmt.Errorf("the page's heap grew by more than %.0f MB", mostGrowth/1e6)
	}
	return nil
}

func look(browser context.Context, pid int) (sample, error) {
	var now sample
	held, err := chromium.Tab{Ctx: browser}.Held()
	if err != nil {
		return now, err
	}
	now.heap, now.nodes = held.HeapBytes, held.Nodes
	process, err := procfs.NewProc(pid)
	if err != nil {
		return now, err
	}
	stat, err := process.Stat()
	if err != nil {
		return now, err
	}
	now.server = stat.ResidentMemory()
	return now, nil
}

func heading(long time.Duration) string {
	facts := host.ReadFacts("")
	return strings.Join([]string{
		"# An hour of live charts",
		"",
		fmt.Sprintf("Written by `go run ./docs/bench/livehour` on %s: Linux %s, %d processors. The live page is open in Chromium for %v at 10 samples a second, while a client produces and consumes a few records a second.", time.Now().UTC().Format(time.DateOnly), facts.Kernel, facts.CPUs, long),
		"",
		"| after | page's heap | elements of the page | server's resident memory |",
		"| ---: | ---: | ---: | ---: |",
		"",
	}, "\n")
}
