//go:build linux

// Command kill kills a broker under load with SIGKILL, again and again, and
// holds what it stored to what it had acknowledged: no acknowledged record is
// lost, none is stored twice for an idempotent producer, offsets have no gap, and
// no acknowledged commit of a group is forgotten. The broker runs with Kafka's
// default flush settings, so this is the crash of a process, not of a machine;
// the power cut is tested in broker/log. It runs on Linux only: the broker that it starts must die with it, which is
// PR_SET_PDEATHSIG, prctl(2). Run it from the repository:
//
//	go run ./docs/bench/kill -rounds 200
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// settings are the flags.
type settings struct {
	rounds     int
	seed       uint64
	partitions int
	engine     string
	binary     string
}

func main() {
	var s settings
	flag.IntVar(&s.rounds, "rounds", 200, "how often the broker is killed")
	flag.Uint64Var(&s.seed, "seed", uint64(time.Now().UnixNano()), "decides when; printed, so that a run can be repeated")
	flag.IntVar(&s.partitions, "partitions", 4, "of the topic that is produced to")
	flag.StringVar(&s.engine, "engine", "write", "copyscope.append.engine of the topic: write or mmap")
	flag.StringVar(&s.binary, "binary", "", "the copyscope to kill (default: built from this tree)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "kill:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (err error) {
	dir, err := os.MkdirTemp("", "copyscope-kill-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w\nseed %d; the data directory and the broker's log are kept in %s", err, s.seed, dir)
			return
		}
		os.RemoveAll(dir)
	}()
	if s.binary == "" {
		s.binary = filepath.Join(dir, "copyscope")
		if out, err := exec.Command("go", "build", "-o", s.binary, "./cmd/copyscope").CombinedOutput(); err != nil {
			return fmt.Errorf("go build: %w\n%s", err, out)
		}
	}
	fmt.Printf("%s, %d CPUs; %d rounds, seed %d, engine %s\n", runtime.Version(), runtime.NumCPU(), s.rounds, s.seed, s.engine)
	b, err := newBroker(s.binary, dir)
	if err != nil {
		return err
	}
	defer b.kill()
	return rounds(ctx, s, b, rand.New(rand.NewPCG(s.seed, 0)))
}

// The broker lives so long in each round. Some rounds end while it recovers.
const (
	shortest = 50 * time.Millisecond
	longest  = 600 * time.Millisecond
)

func rounds(ctx context.Context, s settings, b *broker, dice *rand.Rand) error {
	if err := b.start(ctx); err != nil {
		return err
	}
	id, err := createTopic(ctx, b.address, s)
	if err != nil {
		return err
	}
	book := newLedger(s.partitions)
	load, err := startLoad(b.address, book)
	if err != nil {
		return err
	}
	defer load.stop()
	commits, err := startCommits(ctx, b.address, id)
	if err != nil {
		return err
	}
	defer commits.stop()
	var recovering int
	began := time.Now()
	for round := 1; round <= s.rounds; round++ {
		if err := pause(ctx, shortest+upTo(dice, longest-shortest)); err != nil {
			return err
		}
		b.kill()
		again, err := comeBack(ctx, b, book, commits, dice)
		if err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		if again {
			recovering++
		}
		if err := load.failed(); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		if round%20 == 0 {
			fmt.Printf("  round %d: %s, %s, %v\n", round, book, commits, time.Since(began).Round(time.Second))
		}
	}
	if err := load.finish(ctx); err != nil {
		return err
	}
	b.kill()
	if err := b.start(ctx); err != nil {
		return err
	}
	book.forgetRead() // all of it once more, from the first record
	if err := book.check(ctx, b.address); err != nil {
		return fmt.Errorf("at the end: %w", err)
	}
	if err := book.complete(); err != nil {
		return err
	}
	fmt.Printf("%d kills, and %d more while it recovered: %s, %s; none lost, none twice, no gap\n", s.rounds, recovering, book, commits)
	return nil
}

// comeBack starts the broker that was killed, holds it to its word, and says
// whether it was killed once more before.
func comeBack(ctx context.Context, b *broker, book *ledger, commits *committer, dice *rand.Rand) (again bool, err error) {
	commits.attempt.Lock()
	defer commits.attempt.Unlock()
	if again = dice.IntN(8) == 0; again { // before it is ready
		if err := b.launch(); err != nil {
			return again, err
		}
		if err := pause(ctx, upTo(dice, 60*time.Millisecond)); err != nil {
			return again, err
		}
		b.kill()
	}
	if err := b.start(ctx); err != nil {
		return again, err
	}
	if err := book.check(ctx, b.address); err != nil {
		return again, err
	}
	return again, commits.check(ctx, b.address)
}

func upTo(dice *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(dice.Int64N(int64(most)))
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
