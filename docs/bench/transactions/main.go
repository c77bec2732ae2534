// Command transactions measures what transactions cost a producer: franz-go
// produces, idempotent and in transactions of 1,000 records, in turns, against one
// broker in a process of its own. Records are of 100 and of 1,000 bytes, producers
// one and four, partitions four. Who is idempotent buffers 10,000 records, which is
// franz-go's default, or 1,000, as many as a transaction has: the faster of the two
// is what the transactions are compared with.
//
//	go run ./docs/bench/transactions [-rounds 5] [-for 1.5s] [-old] [-profile cpu.pprof]
//
// It fails where the median rate of the transactions is below 60 % of that.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"

	"copyscope/broker"
)

const (
	partitions = 4
	perTxn     = 1000 // records
	promised   = 0.6
)

// settings are the flags.
type settings struct {
	rounds  int
	lasts   time.Duration
	sizes   []int
	counts  []int // of producers
	profile string
	old     bool
}

func main() {
	var s settings
	flag.IntVar(&s.rounds, "rounds", 5, "rounds of each kind")
	flag.DurationVar(&s.lasts, "for", 1500*time.Millisecond, "how long each lasts")
	flag.StringVar(&s.profile, "profile", "", "write the broker's CPU profile, of all rounds, to this file")
	flag.BoolVar(&s.old, "old", false, "speak the protocol of transactions from before KIP-890")
	sizes := flag.String("sizes", "100,1000", "bytes of a record")
	counts := flag.String("producers", "1,4", "how many producers")
	serve := flag.String("serve", "", "be the broker on this directory")
	flag.Parse()
	var err, err2 error
	s.sizes, err = numbers(*sizes)
	s.counts, err2 = numbers(*counts)
	if err = errors.Join(err, err2); err != nil {
		fmt.Fprintln(os.Stderr, "transactions:", err)
		os.Exit(2)
	}
	if *serve != "" {
		err = beBroker(*serve, s.profile)
	} else {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		err = measure(ctx, s)
		stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "transactions:", err)
		os.Exit(1)
	}
}

func numbers(list string) (all []int, err error) {
	for _, text := range strings.Split(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q in %q is no number above 0", text, list)
		}
		all = append(all, n)
	}
	return all, nil
}

// beBroker serves until the standard input ends.
func beBroker(dir, profile string) error {
	b, err := broker.Open(context.Background(), broker.Config{Listen: "127.0.0.1:0", Dir: dir, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		return err
	}
	if profile != "" {
		out, err := os.Create(profile)
		if err != nil {
			return errors.Join(err, b.Close())
		}
		defer out.Close()
		if err := pprof.StartCPUProfile(out); err != nil {
			return errors.Join(err, b.Close())
		}
		defer pprof.StopCPUProfile()
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { io.Copy(io.Discard, os.Stdin); cancel() }()
	fmt.Println(b.PlainAddr())
	return b.Serve(ctx)
}

func measure(ctx context.Context, s settings) (err error) {
	dir, err := os.MkdirTemp("", "copyscope-transactions-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	child := exec.Command(self, "-serve", filepath.Join(dir, "data"), "-profile", s.profile)
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		return err
	}
	out, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close(), child.Wait()) }()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("the broker did not start: %w", err)
	}
	return rounds(ctx, strings.TrimSpace(address), s)
}

func rounds(ctx context.Context, address string, s settings) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		return err
	}
	defer cl.Close()
	admin := kadm.NewClient(cl)
	fmt.Printf("%s, %d processors; %d rounds of %v\n\n", runtime.Version(), runtime.NumCPU(), s.rounds, s.lasts)
	fmt.Println("| record bytes | producers | idempotent, records/s | the same, 1,000 buffered | in transactions | of the faster |")
	fmt.Println("| --: | --: | --: | --: | --: | --: |")
	var broken error
	for _, size := range s.sizes {
		for _, producers := range s.counts {
			var rates [len(sides)][]float64
			for range s.rounds {
				for i, side := range sides {
					rate, err := turn(ctx, admin, address, s, size, producers, side)
					if err != nil {
						return err
					}
					rates[i] = append(rates[i], rate)
				}
			}
			plain, txns := max(median(rates[0]), median(rates[1])), median(rates[2])
			fmt.Printf("| %d | %d | %s | %s | %s | %.0f %% |\n", size, producers, shown(rates[0]), shown(rates[1]), shown(rates[2]), 100*txns/plain)
			if txns < promised*plain {
				broken = errors.Join(broken, fmt.Errorf("%d producers of records of %d bytes: transactions have %.0f %% of the idempotent rate, %.0f %% are promised", producers, size, 100*txns/plain, 100*promised))
			}
		}
	}
	return broken
}

// side is how records are produced.
type side struct {
	transactions bool
	buffer       int // records
}

var sides = [...]side{{false, 10_000}, {false, perTxn}, {true, perTxn}}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// shown is the median of rates that are sorted, the least and the most.
func shown(all []float64) string {
	return fmt.Sprintf("%.0f (%.0f to %.0f)", all[len(all)/2], all[0], all[len(all)-1])
}

// turn produces to a topic of its own, and says how many records were acknowledged
// in a second, or committed.
func turn(ctx context.Context, admin *kadm.Client, address string, s settings, size, producers int, by side) (perSecond float64, err error) {
	const topic = "produced"
	off := "0"
	if _, err := admin.CreateTopic(ctx, partitions, 1, map[string]*string{"file.delete.delay.ms": &off}, topic); err != nil {
		return 0, err
	}
	defer func() {
		_, gone := admin.DeleteTopic(ctx, topic)
		err = errors.Join(err, gone)
	}()
	all := make([]*kgo.Client, producers)
	for i := range all {
		opts := []kgo.Opt{kgo.SeedBrokers(address), kgo.DefaultProduceTopic(topic), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.MaxBufferedRecords(by.buffer)}
		if by.transactions {
			opts = append(opts, kgo.TransactionalID(fmt.Sprint("bench-", i)))
		}
		if s.old {
			opts = append(opts, kgo.MaxVersions(kversion.V3_7_0()))
		}
		cl, err := kgo.NewClient(opts...)
		if err != nil {
			return 0, err
		}
		defer cl.Close()
		if _, _, err := cl.ProducerID(ctx); err != nil {
			return 0, err
		}
		all[i] = cl
	}
	work := stream
	if by.transactions {
		work = commit
	}
	counts, errs := make([]int, producers), make([]error, producers)
	began := time.Now()
	var working sync.WaitGroup
	for i, cl := range all {
		working.Go(func() { counts[i], errs[i] = work(ctx, cl, make([]byte, size), began.Add(s.lasts)) })
	}
	working.Wait()
	took := time.Since(began)
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / took.Seconds(), errors.Join(errs...)
}

// stream produces without a pause until the end, and waits for the last record.
func stream(ctx context.Context, cl *kgo.Client, value []byte, end time.Time) (n int, err error) {
	promise := kgo.AbortingFirstErrPromise(cl)
	for time.Now().Before(end) {
		produce(ctx, cl, value, promise)
		n += perTxn
	}
	return n, errors.Join(cl.Flush(ctx), promise.Err())
}

// commit produces in transactions until the end.
func commit(ctx context.Context, cl *kgo.Client, value []byte, end time.Time) (n int, err error) {
	for time.Now().Before(end) {
		if err := cl.BeginTransaction(); err != nil {
			return n, err
		}
		promise := kgo.AbortingFirstErrPromise(cl)
		produce(ctx, cl, value, promise)
		if err := errors.Join(cl.Flush(ctx), promise.Err()); err != nil {
			return n, err
		}
		if err := cl.EndTransaction(ctx, kgo.TryCommit); err != nil {
			return n, err
		}
		n += perTxn
	}
	return n, nil
}

func produce(ctx context.Context, cl *kgo.Client, value []byte, promise *kgo.FirstErrPromise) {
	for range perTxn {
		cl.Produce(ctx, &kgo.Record{Value: value}, promise.Promise())
	}
}
