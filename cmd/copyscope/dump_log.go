package main

import (
	"bufio"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"copyscope/broker/dump"
)

func dumpLogCommand() *cobra.Command {
	var o dump.Options
	c := &cobra.Command{
		Use:   "dump-log FILE…",
		Short: "Print segments, indexes and the other files of a log directory, and find what is wrong with them",
		Long: `Prints the files of a log directory, this program's or Kafka's, in the form of
Kafka's DumpLogSegments: .log, .index, .timeindex, .snapshot,
leader-epoch-checkpoint, partition.metadata, the offset checkpoints,
meta.properties and topics.json. Of a directory it prints all of them.

Checksums, offsets, records and the order of entries are checked, and that index
entries point at batches. A fault is named, and the exit code is 1. The index
of a segment that a broker is appending to may be behind it.

--json prints an object for each line, with "schema":1, the file and the kind.`,
		Example: `  copyscope dump-log data/events-0/00000000000000000000.log
  copyscope dump-log --records data/events-0/00000000000000000000.log
  copyscope dump-log --json data`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{fmt.Errorf("name at least one file or directory, such as data/events-0")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			out := bufio.NewWriter(c.OutOrStdout())
			err := dump.Files(out, args, o)
			return errors.Join(err, out.Flush())
		},
	}
	c.Flags().BoolVar(&o.Records, "records", false, "also print the records, decompressed")
	c.Flags().BoolVar(&o.JSON, "json", false, "print JSON, an object a line, schema 1")
	return c
}
