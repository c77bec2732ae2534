package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"copyscope/internal/lab"
	"copyscope/internal/load"
)

// benchE2EFlags are the flags of `copyscope bench e2e`.
type benchE2EFlags struct {
	benchFlags
	records          recordFlags
	requests         requestFlags
	rate, max        string
	duration, linger time.Duration
}

func benchE2ECommand() *cobra.Command {
	var f benchE2EFlags
	c := &cobra.Command{
		Use:   "e2e",
		Short: "Measure how long a record takes from the producer to a consumer, at a steady rate",
		Long: `Measures how long a record takes from the time at which it was to be produced
until a consumer has it. Records are due at a steady rate; if the producer or the
broker falls behind, the wait counts, so that no slow moment is left out
(coordinated omission). Producer and consumer are this one process, with one
clock.`,
		Example: `  copyscope bench e2e --rate 50MB --duration 10s
  copyscope bench e2e --brokers kafka:9092 --rate 1MB --record-size 100 --acks -1 --json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := f.options()
			if err != nil {
				return &usageError{err}
			}
			p := newProgress(c.ErrOrStderr(), "e2e")
			o.Progress = p.show
			report, err := load.EndToEnd(c.Context(), f.setup(c), o)
			return finishBench(c.Context(), c, f.benchFlags, p, report, err)
		},
	}
	flags := c.Flags()
	f.add(flags)
	f.records.add(flags, "")
	f.requests.add(flags, "for each partition")
	flags.StringVar(&f.rate, "rate", "50MB", "bytes of values a second")
	flags.DurationVar(&f.linger, "linger", time.Millisecond, "how long a record waits for others to share its batch (linger.ms)")
	flags.DurationVar(&f.duration, "duration", 10*time.Second, "time of each round")
	flags.StringVar(&f.max, "max-bytes", "4MiB", "bytes of a fetch's answer at most")
	return c
}

func (f *benchE2EFlags) options() (o load.EndToEndOptions, err error) {
	if err := f.check(); err != nil {
		return o, err
	}
	if err := f.requests.check(); err != nil {
		return o, err
	}
	if o.RecordBytes, o.BatchBytes, err = f.records.sizes(); err != nil {
		return o, err
	}
	if o.MaxBytes, err = size("--max-bytes", f.max, 1); err != nil {
		return o, err
	}
	if o.Rate, err = lab.ParseSize("--rate", f.rate); err != nil {
		return o, err
	}
	switch {
	case f.duration <= 0:
		return o, fmt.Errorf("--duration %v: use a time above 0, such as 10s", f.duration)
	case f.linger < 0 || f.linger > time.Minute:
		return o, fmt.Errorf("--linger %v: use 0s to 1m", f.linger)
	}
	o.Acks, o.Outstanding, o.Linger, o.Duration = int16(f.requests.acks), f.requests.outstanding, f.linger, f.duration
	return o, nil
}
