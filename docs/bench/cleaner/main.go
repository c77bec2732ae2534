// Command cleaner measures log compaction: how fast logs are cleaned, and what a
// cleaning costs the fetches beside it in the same process. Rounds without a
// cleaning, with one at the pace that is the default, and with one at full speed take
// turns; they are short and many, so that what else the machine does meets all kinds.
// A child process fetches at a steady rate, each fetch timed from when it was due.
//
//	go run ./docs/bench/cleaner [-rounds 28] [-mib 256]
//
// It fails where the medians of the rounds at the default pace break a promise:
// 200 MB/s, and a 99th percentile at most 20 % above that without a cleaning.
package main

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
	"copyscope/broker/log"
)

const (
	recordBytes  = 1024
	batchRecords = 63
	fetchBytes   = 64 << 10
	perSecond    = 500 // fetches

	wantRate  = 200.0 // MB/s
	wantWorse = 1.2
)

func main() {
	rounds := flag.Int("rounds", 28, "rounds of each kind")
	mib := flag.Int64("mib", 256, "MiB that a round cleans")
	fetch := flag.String("fetch", "", "be the child that fetches from this address")
	flag.Parse()
	var err error
	if *fetch != "" {
		err = fetches(*fetch)
	} else {
		err = measure(*rounds, *mib<<20)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func measure(rounds int, size int64) error {
	root, err := os.MkdirTemp("", "cleaner")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	served, err := broker.Open(context.Background(), broker.Config{Listen: "127.0.0.1:0", Dir: filepath.Join(root, "served"), Log: quiet(), EventsPerSecond: 1})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- served.Serve(ctx) }()
	defer func() { stop(); <-ended }()
	address := served.PlainAddr().String()
	if err := fill(address); err != nil {
		return err
	}
	kinds := []*kind{{name: "without"}, {name: "default pace", pace: log.DefaultPace}, {name: "full speed", pace: math.MaxFloat64}}
	fmt.Printf("%d processors, %s, %s, load %s\n", runtime.NumCPU(), cpu(), runtime.Version(), load())
	fmt.Println("| round | cleaning MB/s | kept | fetch p50 ms | p99 ms |")
	fmt.Println("| --- | --: | --: | --: | --: |")
	for i := range rounds {
		for _, k := range kinds {
			if err := k.round(i+1, address, filepath.Join(root, "cleaned"), size); err != nil {
				return err
			}
		}
	}
	fmt.Println("\n| medians (quartiles) of the rounds | cleaning MB/s | fetch p50 ms | p99 ms | against none |\n| --- | --: | --: | --: | --: |")
	for _, k := range kinds {
		fmt.Printf("| %s | %s | %s | %s | %.2f |\n", k.name, quartiles("%.0f", k.rates), quartiles("%.2f", k.p50), quartiles("%.2f", k.p99), median(k.p99)/median(kinds[0].p99))
	}
	fmt.Printf("\nPromised are %.0f MB/s and %.2f times at the default pace. Load at the end: %s\n", wantRate, wantWorse, load())
	if median(kinds[1].rates) < wantRate || median(kinds[1].p99) > wantWorse*median(kinds[0].p99) {
		return errors.New("a promise is broken")
	}
	return nil
}

// kind is a kind of rounds, and what they measured.
type kind struct {
	name            string
	pace            float64   // of the cleaner, bytes a second; 0: nothing is cleaned
	rates, p50, p99 []float64 // MB/s; ms
}

// aloneFor is how long a round without a cleaning is.
const aloneFor = 1200 * time.Millisecond

// round fetches while a directory is cleaned, or nothing is.
func (k *kind) round(n int, address, path string, size int64) error {
	if k.pace == 0 {
		x, err := fetchFor(address, func() error { time.Sleep(aloneFor); return nil })
		k.p50, k.p99 = append(k.p50, x.p50), append(k.p99, x.p99)
		fmt.Printf("| %d %s | | | %.2f | %.2f |\n", n, k.name, x.p50, x.p99)
		return err
	}
	d, err := dirty(path, size, k.pace)
	if err != nil {
		return err
	}
	var took time.Duration
	x, err := fetchFor(address, func() error {
		begun := time.Now()
		d.Clean()
		took = time.Since(begun)
		return nil
	})
	s := d.CleanerStats()
	if err = errors.Join(err, d.Close(), os.RemoveAll(path)); err != nil {
		return err
	}
	if s.Runs == 0 {
		return errors.New("nothing was cleaned")
	}
	rate := float64(s.BytesCleaned) / 1e6 / took.Seconds()
	k.rates, k.p50, k.p99 = append(k.rates, rate), append(k.p50, x.p50), append(k.p99, x.p99)
	fmt.Printf("| %d %s | %.0f | %.0f %% | %.2f | %.2f |\n", n, k.name, rate, 100*float64(s.BytesKept)/float64(s.BytesCleaned), x.p50, x.p99)
	return nil
}

// quartiles are the median and, in brackets, the quartiles.
func quartiles(format string, all []float64) string {
	if len(all) == 0 {
		return ""
	}
	m := median(all) // which sorts
	return fmt.Sprintf(format+" ("+format+" to "+format+")", m, all[len(all)/4], all[len(all)*3/4])
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

func load() string {
	b, _ := os.ReadFile("/proc/loadavg")
	return strings.Join(strings.Fields(string(b))[:min(3, len(strings.Fields(string(b))))], " ")
}

func cpu() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.SplitSeq(string(b), "\n") {
		if name, ok := strings.CutPrefix(line, "model name\t: "); ok {
			return name
		}
	}
	return runtime.GOARCH
}

// dirty is a directory with a compacted partition of so many bytes, of which about
// half are superseded, which is cleaned at the pace.
func dirty(path string, size int64, pace float64) (*log.Dir, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, err
	}
	d, err := log.OpenDir(context.Background(), path, log.DirOptions{Manual: true, Log: quiet(), Cleaner: log.CleanerOptions{BytesPerSec: pace}})
	if err != nil {
		return nil, err
	}
	cfg := log.Defaults()
	cfg.Compacted, cfg.Delete, cfg.SegmentBytes, cfg.FileDelay = true, false, 64<<20, 0
	p, _, err := d.Open(context.Background(), "t", log.ID{1}, 0, cfg)
	if err != nil {
		return nil, err
	}
	dice := rand.New(rand.NewPCG(1, 2))
	for n := int64(0); n < size; n += recordBytes * batchRecords {
		if _, err := p.Produce(batch(dice, int(size/recordBytes*6/10))); err != nil {
			return nil, err
		}
	}
	return d, p.Flush()
}

// batch has random keys of so many.
func batch(dice *rand.Rand, keys int) []byte {
	var records []byte
	value := make([]byte, recordBytes-40)
	for i := range batchRecords {
		for j := 0; j < len(value); j += 8 {
			binary.LittleEndian.PutUint64(value[j:], dice.Uint64())
		}
		r := kmsg.Record{OffsetDelta: int32(i), Key: fmt.Appendf(nil, "key-%016d", dice.IntN(keys)), Value: value}
		r.Length = int32(len(r.AppendTo(nil)) - 1)
		records = r.AppendTo(records)
	}
	now := time.Now().UnixMilli()
	rb := kmsg.RecordBatch{PartitionLeaderEpoch: -1, Magic: 2, LastOffsetDelta: batchRecords - 1, NumRecords: batchRecords,
		FirstTimestamp: now, MaxTimestamp: now, ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1, Records: records}
	b := rb.AppendTo(nil)
	binary.BigEndian.PutUint32(b[8:], uint32(len(b)-12))
	binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

// fill makes the topic that is fetched from.
func fill(address string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	meta := kmsg.NewPtrMetadataRequest()
	meta.Version, meta.AllowAutoTopicCreation = 4, true
	topic := kmsg.NewMetadataRequestTopic()
	topic.Topic = kmsg.StringPtr("read")
	meta.Topics = append(meta.Topics, topic)
	if _, err := ask(conn, meta); err != nil {
		return err
	}
	dice := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		r := kmsg.NewPtrProduceRequest()
		r.Version, r.Acks, r.TimeoutMillis = 8, 1, 10000
		t, p := kmsg.NewProduceRequestTopic(), kmsg.NewProduceRequestTopicPartition()
		t.Topic, p.Records = "read", batch(dice, 1000)
		t.Partitions = append(t.Partitions, p)
		r.Topics = append(r.Topics, t)
		if _, err := ask(conn, r); err != nil {
			return err
		}
	}
	return nil
}

// ask sends a request and reads its answer, without the header.
func ask(conn net.Conn, r kmsg.Request) ([]byte, error) {
	frame := kmsg.NewRequestFormatter(kmsg.FormatterClientID("bench")).AppendRequest(nil, r, 1)
	if _, err := conn.Write(frame); err != nil {
		return nil, err
	}
	var head [8]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return nil, err
	}
	b := make([]byte, int(binary.BigEndian.Uint32(head[:]))-4)
	_, err := io.ReadFull(conn, b)
	return b, err
}

type latencies struct{ p50, p99 float64 } // ms

// fetchFor runs the child while work runs.
func fetchFor(address string, work func() error) (x latencies, err error) {
	self, err := os.Executable()
	if err != nil {
		return x, err
	}
	child := exec.Command(self, "-fetch", address)
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		return x, err
	}
	out, err := child.StdoutPipe()
	if err != nil {
		return x, err
	}
	if err := child.Start(); err != nil {
		return x, err
	}
	time.Sleep(200 * time.Millisecond)
	err = errors.Join(work(), in.Close())
	_, scan := fmt.Fscan(out, &x.p50, &x.p99)
	return x, errors.Join(err, scan, child.Wait())
}

// fetches fetches at a steady rate until the standard input ends, and prints the
// median and the 99th percentile in ms.
func fetches(address string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	ended := make(chan struct{})
	go func() { io.Copy(io.Discard, os.Stdin); close(ended) }()
	var took []time.Duration
	const every = time.Second / perSecond
	for due, n := time.Now(), int64(0); ; due, n = due.Add(every), n+1 {
		select {
		case <-ended:
			if took = took[min(50, len(took)):]; len(took) == 0 { // the first ones find nothing warm
				return errors.New("the round was too short")
			}
			slices.Sort(took)
			at := func(q float64) float64 { return took[int(q*float64(len(took)-1))].Seconds() * 1000 }
			fmt.Println(at(0.5), at(0.99))
			return nil
		default:
		}
		time.Sleep(time.Until(due))
		r := kmsg.NewPtrFetchRequest()
		r.Version, r.MaxBytes, r.MinBytes, r.MaxWaitMillis, r.ReplicaID = 11, 55<<20, 1, 500, -1
		t, p := kmsg.NewFetchRequestTopic(), kmsg.NewFetchRequestTopicPartition()
		t.Topic, p.FetchOffset, p.PartitionMaxBytes = "read", n*batchRecords%(1000*batchRecords), fetchBytes
		t.Partitions = append(t.Partitions, p)
		r.Topics = append(r.Topics, t)
		b, err := ask(conn, r)
		if err != nil {
			return err
		}
		if len(b) < fetchBytes/2 {
			return fmt.Errorf("a fetch brought %d bytes", len(b))
		}
		took = append(took, time.Since(due))
	}
}
