package main

import (
	"bufio"
	"fmt"

	"github.com/spf13/cobra"

	"copyscope/broker/dump"
)

func dumpLogCommand() *cobra.Command {
	var o dump.Options
	var decoder string
	c := &cobra.Command{
		Use:   "dump-log FILE…",
		Short: "Print segments, indexes and the other files of a log directory, and find what is wrong with them",
		Long: `Prints the files of a log directory, this program's or Kafka's, in the form of
Kafka's DumpLogSegments: .log, .index, .timeindex, .txnindex, .snapshot,
leader-epoch-checkpoint, partition.metadata, the offset checkpoints,
meta.properties, topics.json and producer-ids.json. Of a directory it prints all
of them. Files that end in .cleaned, .swap or .deleted besides are printed if
they are named.

Checksums, offsets, records and the order of entries are checked, and that index
entries point at batches. A fault is named, and the exit code is 1. The index
of a segment that a broker is appending to may be behind it.

--records decodes what the coordinators of groups and transactions store, in the
directories of __consumer_offsets and __transaction_state; --decoder offsets and
--decoder transaction-log do so wherever the file is, and --decoder none does not.
A record that is not understood is shown in hex, and is no fault.

--json prints an object for each line, with "schema":1, the file and the kind.`,
		Example: `  copyscope dump-log data/events-0/00000000000000000000.log
  copyscope dump-log --records data/events-0/00000000000000000000.log
  copyscope dump-log --decoder offsets copied/00000000000000000000.log
  copyscope dump-log --json data`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{fmt.Errorf("name at least one file or directory, such as data/events-0")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			var err error
			if o.Decoder, err = dump.ParseDecoder(decoder); err != nil {
				return &usageError{fmt.Errorf("--decoder: %w", err)}
			}
			o.Records = o.Records || o.Decoder.Named()
			out := bufio.NewWriter(c.OutOrStdout())
			if err := dump.Files(out, args, o); err != nil {
				out.Flush() // fails with the same, if that was the reason
				return err
			}
			return out.Flush()
		},
	}
	c.Flags().BoolVar(&o.Records, "records", false, "also print the records, decompressed")
	c.Flags().StringVar(&decoder, "decoder", string(dump.Auto), "how to decode records: auto, none, offsets or transaction-log; the last two print them")
	c.Flags().BoolVar(&o.JSON, "json", false, "print JSON, an object a line, schema 1")
	return c
}
