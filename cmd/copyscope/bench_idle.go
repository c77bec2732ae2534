package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"copyscope/internal/load"
)

func benchIdleCommand() *cobra.Command {
	var f benchFlags
	var o load.IdleOptions
	c := &cobra.Command{
		Use:   "idle",
		Short: "Measure what idle connections cost the server",
		Long: `Opens connections, asks for the API versions on each as a client does, lets them
be idle, and reads the server's memory. Each needs a descriptor on both sides:
see ulimit -n.`,
		Example: `  copyscope bench idle --connections 5000`,
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			err := f.check()
			if err == nil {
				err = within("--connections", o.Connections, 1, 60_000)
			}
			if err == nil && o.Settle < 0 {
				err = fmt.Errorf("--settle %v: use a time of 0s or more", o.Settle)
			}
			if err != nil {
				return &usageError{err}
			}
			p := newProgress(c.ErrOrStderr(), "idle")
			o.Progress = p.show
			s := f.setup(c)
			report, err := load.Idle(c.Context(), s, o)
			return finishBench(c.Context(), c, f, p, report, err)
		},
	}
	f.add(c.Flags())
	c.Flags().IntVar(&o.Connections, "connections", 5000, "connections")
	c.Flags().DurationVar(&o.Settle, "settle", 2*time.Second, "how long they are idle before the memory is read")
	return c
}

func benchStartCommand() *cobra.Command {
	var f benchFlags
	var o load.StartOptions
	c := &cobra.Command{
		Use:   "start",
		Short: "Measure how long a broker with many topics takes to start",
		Long: `Makes topics in a broker of our own, stops it cleanly, starts it again, and tells
the time until it serves and the descriptors that it then holds.`,
		Example: `  copyscope bench start --topics 1000 --partitions 8`,
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			err := f.check()
			if err == nil {
				err = within("--topics", o.Topics, 1, 100_000)
			}
			if err == nil && f.brokers != "" {
				err = fmt.Errorf("--brokers %q: this starts a broker of our own; leave it out", f.brokers)
			}
			if err != nil {
				return &usageError{err}
			}
			p := newProgress(c.ErrOrStderr(), "start")
			o.Progress, o.Partitions = p.show, f.partitions
			s := f.setup(c)
			report, err := load.Start(c.Context(), s, o)
			return finishBench(c.Context(), c, f, p, report, err)
		},
	}
	f.add(c.Flags())
	c.Flags().IntVar(&o.Topics, "topics", 1000, "topics")
	partitions := c.Flags().Lookup("partitions")
	partitions.Usage, partitions.DefValue, f.partitions = "partitions of each topic", "8", 8
	return c
}
