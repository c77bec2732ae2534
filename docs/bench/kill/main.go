//go:build linux

// Command kill kills a broker under load with SIGKILL, again and again, and
// holds what it stored to what it had acknowledged. There are two loads.
//
//   - records: no acknowledged record is lost, none is stored twice for an
//     idempotent producer, offsets have no gap, and no acknowledged commit of a
//     group is forgotten.
//   - transfers: transactional producers move money between accounts. Who reads
//     what is committed sees each transfer whole or not at all, and once; none
//     that was acknowledged is lost, none that was aborted is seen; after each
//     transaction the accounts have the same sum; and none hangs.
//
// The broker runs with Kafka's default flush settings, so this is the crash of a
// process, not of a machine; the power cut is tested in broker/log and
// broker/txn. It runs on Linux only: the broker that it starts must die with it,
// which is PR_SET_PDEATHSIG, prctl(2). Run it from the repository:
//
//	go run ./docs/bench/kill -rounds 200
//	go run ./docs/bench/kill -rounds 200 -load transfers
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

	"copyscope/docs/bench/victim"
)

// settings are the flags.
type settings struct {
	rounds     int
	load       string
	seed       uint64
	partitions int
	engine     string
	binary     string
}

func main() {
	var s settings
	flag.IntVar(&s.rounds, "rounds", 200, "how often the broker is killed")
	flag.StringVar(&s.load, "load", "records", "what it is killed under: records or transfers")
	flag.Uint64Var(&s.seed, "seed", uint64(time.Now().UnixNano()), "decides when; printed, so that a run can be repeated")
	flag.IntVar(&s.partitions, "partitions", 4, "of the topic that is produced to")
	flag.StringVar(&s.engine, "engine", "write", "copyscope.append.engine of the topic: write or mmap")
	flag.StringVar(&s.binary, "binary", "", "the copyscope to kill (default: built from this tree)")
	flag.Parse()
	if loads[s.load] == nil {
		fmt.Fprintf(os.Stderr, "kill: there is no load %q; use records or transfers\n", s.load)
		os.Exit(2)
	}
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
	fmt.Printf("%s, %d CPUs; %d rounds of %s, seed %d, engine %s\n", runtime.Version(), runtime.NumCPU(), s.rounds, s.load, s.seed, s.engine)
	b, err := victim.New(dir, s.serve)
	if err != nil {
		return err
	}
	defer b.Kill()
	return rounds(ctx, s, b, rand.New(rand.NewPCG(s.seed, 0)))
}

// serve is the command of a life.
func (s settings) serve(b *victim.Broker) (*exec.Cmd, error) {
	return exec.Command(s.binary, "serve", "--http", "127.0.0.1:0", "--kafka-listen", b.Address, "--data", b.Data(), "--ready-file", b.Ready()), nil
}

// The broker lives so long in each round. Some rounds end while it recovers.
const (
	shortest = 50 * time.Millisecond
	longest  = 600 * time.Millisecond
)

// work is a load, and what the broker told it.
type work interface {
	// hold keeps back, until it is released, what would hide a loss of a broker
	// that is about to come back.
	hold() (release func())
	// check holds a broker that has come back to its word.
	check(context.Context) error
	// failed is what went wrong in between.
	failed() error
	// finish ends the load when all that was begun is decided.
	finish(context.Context) error
	// whole checks everything once more, from the first record.
	whole(context.Context) error
	stop()
	fmt.Stringer
}

// loads begin the load on a broker that is new.
var loads = map[string]func(ctx context.Context, address string, s settings) (work, error){
	"records":   startRecords,
	"transfers": startTransfers,
}

func rounds(ctx context.Context, s settings, b *victim.Broker, dice *rand.Rand) error {
	if err := b.Start(ctx); err != nil {
		return err
	}
	load, err := loads[s.load](ctx, b.Address, s)
	if err != nil {
		return err
	}
	defer load.stop()
	var recovering int
	var slowest time.Duration // start since the last line
	began := time.Now()
	for round := 1; round <= s.rounds; round++ {
		if err := victim.Sleep(ctx, shortest+upTo(dice, longest-shortest)); err != nil {
			return err
		}
		b.Kill()
		again, took, err := comeBack(ctx, b, load, dice)
		if err == nil {
			err = load.failed()
		}
		if err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		if again {
			recovering++
		}
		slowest = max(slowest, took)
		if round%20 == 0 {
			fmt.Printf("  round %d: %s, %v; started in at most %v\n", round, load, time.Since(began).Round(time.Second), slowest.Round(time.Millisecond))
			slowest = 0
		}
	}
	if err := load.finish(ctx); err != nil {
		return err
	}
	b.Kill()
	if err := b.Start(ctx); err != nil {
		return err
	}
	if err := load.whole(ctx); err != nil {
		return fmt.Errorf("at the end: %w", err)
	}
	fmt.Printf("%d kills, and %d more while it recovered, in %v: %s\n", s.rounds, recovering, time.Since(began).Round(time.Second), load)
	return nil
}

// comeBack starts the broker that was killed, which took so long, holds it to its
// word, and says whether it was killed once more before.
func comeBack(ctx context.Context, b *victim.Broker, load work, dice *rand.Rand) (again bool, took time.Duration, err error) {
	defer load.hold()()
	if again = dice.IntN(8) == 0; again { // before it is ready
		if err := b.Launch(); err != nil {
			return again, 0, err
		}
		if err := victim.Sleep(ctx, upTo(dice, 60*time.Millisecond)); err != nil {
			return again, 0, err
		}
		b.Kill()
	}
	began := time.Now()
	if err := b.Start(ctx); err != nil {
		return again, 0, err
	}
	took = time.Since(began)
	return again, took, load.check(ctx)
}

func upTo(dice *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(dice.Int64N(int64(most)))
}
