package dump

import (
	"fmt"

	"copyscope/broker/log"
)

// dumpTxnIndex prints a .txnindex file and holds each entry against the marker that
// aborted its transaction.
func dumpTxnIndex(p *printer, path string) error {
	if _, err := baseOffset(path); err != nil {
		return err
	}
	b, err := readSmall(path)
	if err != nil {
		return err
	}
	entries, faulty := log.ParseTxnIndex(b)
	for _, e := range entries {
		p.line("aborted", "", field{"version", 0}, field{"producerId", e.ProducerID}, field{"firstOffset", e.First},
			field{"lastOffset", e.Last}, field{"lastStableOffset", e.Stable})
	}
	if faulty != nil {
		return faulty
	}
	n := 0
	noMarker := func() error {
		return fmt.Errorf("entry %d: offset %d, where no marker of producer %d is", n, entries[n].Last, entries[n].ProducerID)
	}
	missing, err := batchesBeside(p, path, func(i log.BatchInfo) error {
		if n == len(entries) || i.Last < entries[n].Last {
			return nil
		}
		if i.Base > entries[n].Last || !i.Control || i.ProducerID != entries[n].ProducerID {
			return noMarker()
		}
		n++
		return nil
	})
	if err == nil && !missing && n < len(entries) {
		return noMarker()
	}
	return err
}
