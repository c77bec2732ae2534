package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"copyscope/internal/lab"
	"copyscope/internal/load"
)

// benchFetchFlags are the flags of `copyscope bench fetch`.
type benchFetchFlags struct {
	benchFlags
	records                recordFlags
	fill                   string
	bytes, bytesEach, max  string
	duration               time.Duration
	outstanding, consumers int
}

func benchFetchCommand() *cobra.Command {
	var f benchFetchFlags
	c := &cobra.Command{
		Use:   "fetch",
		Short: "Measure how fast a broker hands out records",
		Long: `Measures how fast a broker hands out records that are in the page cache. A fresh
topic is filled first. The raw client reads the partitions again and again and
throws the records away; of each batch it looks at the header alone. It keeps
--outstanding requests under way, each for other partitions. The franz client is
franz-go, which decodes each record, and reads the topic once.

--baseline holds the broker against a bare loop of sendfile(2): a child process
that answers the same requests of the same client from the same segment files.
The two take turns.`,
		Example: `  copyscope bench fetch --baseline --rounds 5
  copyscope bench fetch --consumers 100 --bytes-each 50MB
  copyscope bench fetch --brokers kafka:9092 --topic events --duration 10s --json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			o, fill, err := f.options()
			if err != nil {
				return &usageError{err}
			}
			p := newProgress(c.ErrOrStderr(), "fetch")
			o.Progress = p.show
			report, err := load.Fetch(c.Context(), f.setup(c), fill, o)
			return finishBench(c.Context(), c, f.benchFlags, p, report, err)
		},
	}
	flags := c.Flags()
	f.add(flags)
	flags.StringVar(&f.fill, "fill", "512MiB", "bytes of the fresh topic")
	f.records.add(flags, " in the fresh topic")
	flags.StringVar(&f.bytes, "bytes", "", "bytes to fetch in each round (default 4GiB, or what --duration allows)")
	flags.StringVar(&f.bytesEach, "bytes-each", "", "bytes that each consumer fetches, instead of --bytes; then each reads every partition")
	flags.DurationVar(&f.duration, "duration", 0, "time of each round, if it ends before the bytes do")
	flags.StringVar(&f.max, "max-bytes", "1MiB", "bytes of an answer at most (fetch.max.bytes and max.partition.fetch.bytes)")
	flags.IntVar(&f.outstanding, "outstanding", 4, "requests that each connection has under way, at most one for each partition")
	flags.IntVar(&f.consumers, "consumers", 1, "connections")
	f.addSides(flags, "records are thrown away", "a bare sendfile loop")
	flags.StringVar(&f.data, "server-data", "", "data directory of the broker of --brokers, which --baseline reads")
	return c
}

func (f *benchFetchFlags) options() (o load.FetchOptions, fill load.FillOptions, err error) {
	if err := f.check(); err != nil {
		return o, fill, err
	}
	if fill.Bytes, err = lab.ParseSize("--fill", f.fill); err != nil {
		return o, fill, err
	}
	if fill.RecordBytes, fill.BatchBytes, err = f.records.sizes(); err != nil {
		return o, fill, err
	}
	if o.MaxBytes, err = size("--max-bytes", f.max, 1); err != nil {
		return o, fill, err
	}
	flag, bytes := "--bytes", &f.bytes
	if o.Each = f.bytesEach != ""; o.Each {
		if f.bytes != "" {
			return o, fill, fmt.Errorf("--bytes %s with --bytes-each %s: give one of them", f.bytes, f.bytesEach)
		}
		flag, bytes = "--bytes-each", &f.bytesEach
	}
	if o.Amount, err = amount(flag, bytes, f.duration, "4GiB"); err != nil {
		return o, fill, err
	}
	if f.baseline && f.brokers != "" && f.data == "" {
		return o, fill, fmt.Errorf("--baseline sends the broker's own files: name its data directory with --server-data, or leave --brokers out")
	}
	if err := within("--outstanding", f.outstanding, 1, 1000); err != nil {
		return o, fill, err
	}
	if err := within("--consumers", f.consumers, 1, 10_000); err != nil {
		return o, fill, err
	}
	o.Outstanding, o.Consumers = f.outstanding, f.consumers
	return o, fill, nil
}
