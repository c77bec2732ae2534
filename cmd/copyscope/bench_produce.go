package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"copyscope/internal/load"
)

// benchProduceFlags are the flags of `copyscope bench produce`.
type benchProduceFlags struct {
	benchFlags
	records   recordFlags
	requests  requestFlags
	bytes     string
	duration  time.Duration
	producers int
}

func benchProduceCommand() *cobra.Command {
	var f benchProduceFlags
	c := &cobra.Command{
		Use:   "produce",
		Short: "Measure how fast a broker takes records",
		Long: `Measures how fast a broker takes records. The raw client sends batches that were
built beforehand and is told of each request's acknowledgement; the franz client
is franz-go, which builds them while it sends.

--baseline holds the broker against a bare relay: a child process that receives
the same frames from the same client, checks the CRC-32C, writes the batch with
write(2) and answers. The two take turns. A round begins when less than 64 MiB
of pages wait to be written back, and its files are deleted when it ends.

bytes are those of the record batches for raw, of the values for franz.`,
		Example: `  copyscope bench produce --baseline --rounds 5
  copyscope bench produce --record-size 100 --client raw,franz
  copyscope bench produce --brokers kafka:9092 --duration 30s --acks -1 --json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := f.options()
			if err != nil {
				return &usageError{err}
			}
			p := newProgress(c.ErrOrStderr(), "produce")
			o.Progress = p.show
			report, err := load.Produce(c.Context(), f.setup(c), o)
			return finishBench(c.Context(), c, f.benchFlags, p, report, err)
		},
	}
	flags := c.Flags()
	f.add(flags)
	f.records.add(flags, "")
	f.requests.add(flags, "on each connection")
	flags.StringVar(&f.bytes, "bytes", "", "bytes to produce in each round (default 1GiB, or what --duration allows)")
	flags.DurationVar(&f.duration, "duration", 0, "time of each round, if it ends before the bytes do")
	flags.IntVar(&f.producers, "producers", 1, "connections")
	f.addSides(flags, "batches built beforehand", "a bare relay")
	return c
}

func (f *benchProduceFlags) options() (o load.ProduceOptions, err error) {
	if err := f.check(); err != nil {
		return o, err
	}
	if err := f.requests.check(); err != nil {
		return o, err
	}
	if o.RecordBytes, o.BatchBytes, err = f.records.sizes(); err != nil {
		return o, err
	}
	if o.Amount, err = amount("--bytes", &f.bytes, f.duration, "1GiB"); err != nil {
		return o, err
	}
	if f.baseline && f.requests.acks == 0 {
		return o, fmt.Errorf("--baseline with --acks 0: the relay answers every request; use --acks 1")
	}
	if err := within("--producers", f.producers, 1, 1000); err != nil {
		return o, err
	}
	o.Acks, o.Outstanding, o.Producers = int16(f.requests.acks), f.requests.outstanding, f.producers
	return o, nil
}
