package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"copyscope/internal/lab"
	"copyscope/internal/load"
)

func benchCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "bench",
		Short: "Put a Kafka broker under load and measure throughput, latency and what the server takes",
		Long: `Puts a Kafka broker, this program's or any other of version 2.4 and later, under
load. Without --brokers a broker of our own is started as a child process on a
temporary directory, so that the processor time of client and server are told
apart.

Sizes are written 64KiB, 1GiB or 1GB, durations 500ms, 10s or 1m.`,
		Example: `  copyscope bench fetch --baseline
  copyscope bench produce --record-size 100 --client raw,franz
  copyscope bench e2e --rate 50MB --duration 10s
  copyscope bench produce --brokers kafka:9092 --json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(benchFetchCommand(), benchProduceCommand(), benchE2ECommand(), benchIdleCommand(), benchStartCommand(), benchBareCommand())
	return c
}

// benchFlags are the flags that the benchmarks share, as they were typed.
type benchFlags struct {
	brokers, topic, dir, data string
	pid, partitions, rounds   int
	client                    []string
	compression               string
	baseline, json            bool
}

func (f *benchFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.brokers, "brokers", "", "host:port of a broker that is there (default: start one of our own)")
	flags.StringVar(&f.topic, "topic", "", "an existing topic (default: a fresh one, deleted at the end if the broker can)")
	flags.IntVar(&f.partitions, "partitions", 4, "partitions of a fresh topic")
	flags.StringVar(&f.dir, "dir", "", "where temporary data goes (default: the system's temporary directory)")
	flags.IntVar(&f.pid, "server-pid", 0, "process of the broker of --brokers, to read its CPU time and memory (default: found by its port)")
	flags.IntVar(&f.rounds, "rounds", 1, "measurements of each side, in turns; the medians count")
	flags.BoolVar(&f.json, "json", false, "print JSON, schema 1")
	f.compression, f.client = "none", []string{load.RawSide} // where no flag says other
}

// addSides adds the flags of what takes turns: raw says what the raw client
// does, bare what the bare server is.
func (f *benchFlags) addSides(flags *pflag.FlagSet, raw, bare string) {
	flags.StringSliceVar(&f.client, "client", f.client, "raw ("+raw+"), franz (franz-go), or both in turns")
	flags.StringVar(&f.compression, "compression", f.compression, "compression of the batches: none")
	flags.BoolVar(&f.baseline, "baseline", false, "also measure "+bare+", in turns, and print the ratio")
}

// check finds mistakes in the call.
func (f *benchFlags) check() error {
	if f.brokers != "" {
		if _, _, err := net.SplitHostPort(f.brokers); err != nil {
			return fmt.Errorf("--brokers %q: %w; give host:port of one broker, such as 127.0.0.1:9092", f.brokers, err)
		}
	}
	switch {
	case f.pid < 0:
		return fmt.Errorf("--server-pid %d: give the number of a process", f.pid)
	case f.pid != 0 && f.brokers == "":
		return fmt.Errorf("--server-pid %d: the broker of our own is known; leave it out, or name another's with --brokers", f.pid)
	case f.topic != "" && f.brokers == "":
		return fmt.Errorf("--topic %q: a broker of our own has no topics; leave it out, or name a broker with --brokers", f.topic)
	case f.compression != "none":
		return fmt.Errorf("--compression %q: only none, as the load does not compress", f.compression)
	}
	for _, c := range f.client {
		if c != load.RawSide && c != load.FranzSide {
			return fmt.Errorf("--client %q: use raw, franz or both", c)
		}
	}
	return errors.Join(within("--partitions", f.partitions, 1, 10_000), within("--rounds", f.rounds, 1, 1000))
}

func within(flag string, n, least, most int) error {
	if n < least || n > most {
		return fmt.Errorf("%s %d: use %d to %d", flag, n, least, most)
	}
	return nil
}

// setup is what the flags say; the settings of the report are all flags as they
// are in force.
func (f *benchFlags) setup(c *cobra.Command) load.Setup {
	settings := map[string]any{}
	c.Flags().VisitAll(func(flag *pflag.Flag) {
		if flag.Name == "help" || flag.Name == "json" {
			return
		}
		settings[strings.ReplaceAll(flag.Name, "-", "_")] = flag.Value.String()
	})
	return load.Setup{Brokers: f.brokers, ServerPID: f.pid, Data: f.data, Dir: f.dir, Clients: f.client, Baseline: f.baseline, Rounds: f.rounds,
		Topic: load.TopicSpec{Name: f.topic, Partitions: f.partitions}, Settings: settings}
}

// size reads a size that fits in an int32, as the protocol's do.
func size(flag, text string, least int64) (int, error) {
	n, err := lab.ParseSizeWithin(flag, text, least, 1<<30)
	return int(n), err
}

// recordFlags are of the records that are produced; in says where to, if that
// is not plain.
type recordFlags struct{ record, batch string }

func (f *recordFlags) add(flags *pflag.FlagSet, in string) {
	flags.StringVar(&f.record, "record-size", "1KiB", "bytes of a record's value"+in+", at least 8")
	flags.StringVar(&f.batch, "batch-bytes", "64KiB", "bytes of a batch"+in+" at most; a batch has at least one record")
}

func (f *recordFlags) sizes() (recordBytes, batchBytes int, err error) {
	if recordBytes, err = size("--record-size", f.record, 8); err != nil {
		return 0, 0, err
	}
	batchBytes, err = size("--batch-bytes", f.batch, 100)
	return recordBytes, batchBytes, err
}

// requestFlags are of the produce requests.
type requestFlags struct{ acks, outstanding int }

func (f *requestFlags) add(flags *pflag.FlagSet, each string) {
	flags.IntVar(&f.acks, "acks", 1, "acknowledgement: 0 (none), 1 (the leader's) or -1 (all replicas')")
	flags.IntVar(&f.outstanding, "outstanding", 5, "produce requests under way "+each)
}

func (f *requestFlags) check() error {
	if f.acks < -1 || f.acks > 1 {
		return fmt.Errorf("--acks %d: use 0, 1 or -1 (all)", f.acks)
	}
	return within("--outstanding", f.outstanding, 1, 1000)
}

// amount reads the flag of the bytes, and --duration; the default bytes hold if
// neither is given, and are then in the flag.
func amount(flag string, bytes *string, duration time.Duration, standard string) (a load.Amount, err error) {
	if duration < 0 {
		return a, fmt.Errorf("--duration %v: use a time above 0, such as 10s", duration)
	}
	if a.Duration = duration; duration > 0 && *bytes == "" {
		return a, nil
	}
	if *bytes == "" {
		*bytes = standard
	}
	a.Bytes, err = lab.ParseSize(flag, *bytes)
	return a, err
}

// finishBench prints what was measured, also if the run was cut.
func finishBench(ctx context.Context, c *cobra.Command, f benchFlags, p *progress, report *load.Report, err error) error {
	p.clear()
	if err != nil && ctx.Err() == nil {
		return err
	}
	if f.json {
		out := json.NewEncoder(c.OutOrStdout())
		out.SetIndent("", "  ")
		return errors.Join(out.Encode(report), err)
	}
	return errors.Join(printBench(c.OutOrStdout(), report), err)
}

// benchBareCommand is what the baselines run as a child process: a bare server
// that prints its address and ends with its standard input.
func benchBareCommand() *cobra.Command {
	bare := &cobra.Command{Use: "bare", Hidden: true, Args: noArguments}
	serve := func(c *cobra.Command, run func(net.Listener) error) error {
		l, err := load.ListenBare(c.Context())
		if err != nil {
			return err
		}
		defer l.Close()
		ended := make(chan error, 1)
		go func() { ended <- run(l) }()
		fmt.Fprintln(c.OutOrStdout(), l.Addr())
		left := make(chan struct{})
		go func() {
			io.Copy(io.Discard, os.Stdin)
			close(left)
		}()
		select {
		case err := <-ended:
			return err
		case <-left:
		case <-c.Context().Done():
		}
		return nil
	}
	bare.AddCommand(&cobra.Command{Use: "relay DIR", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		return serve(c, func(l net.Listener) error { return load.ServeRelay(l, args[0]) })
	}}, &cobra.Command{Use: "sendfile CHUNK FILE…", Args: cobra.MinimumNArgs(2), RunE: func(c *cobra.Command, args []string) error {
		chunk, err := size("CHUNK", args[0], 1)
		if err != nil {
			return &usageError{err}
		}
		return serve(c, func(l net.Listener) error { return load.ServeSendfile(l, slices.Clone(args[1:]), chunk) })
	}})
	return bare
}
