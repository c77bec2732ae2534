package dump

import (
	"errors"
	"fmt"

	"copyscope/broker/log"
)

// dumpOffsetIndex prints a .index file and holds each entry against the batch
// that it points at.
func dumpOffsetIndex(p *printer, path string) error {
	base, err := baseOffset(path)
	if err != nil {
		return err
	}
	b, err := readSmall(path)
	if err != nil {
		return err
	}
	entries, fault := log.ParseOffsetIndex(b, base)
	for _, e := range entries {
		p.line("entry", "", field{"offset", e.Offset}, field{"position", e.Position})
	}
	if fault != nil {
		return fault
	}
	batches, err := batchesOf(sibling(path))
	if errors.Is(err, errNoSegment) {
		p.note(err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	for n, e := range entries {
		batch, ok := batches[e.Position]
		switch {
		case !ok:
			return fmt.Errorf("entry %d: offset %d at position %d, where no batch begins", n, e.Offset, e.Position)
		case e.Offset < batch.Base:
			return fmt.Errorf("entry %d: offset %d at position %d, where the batch of offsets %d to %d begins", n, e.Offset, e.Position, batch.Base, batch.Last)
		}
	}
	return nil
}

// dumpTimeIndex prints a .timeindex file. Each entry promises that no record up
// to its offset is later than its timestamp.
func dumpTimeIndex(p *printer, path string) error {
	base, err := baseOffset(path)
	if err != nil {
		return err
	}
	b, err := readSmall(path)
	if err != nil {
		return err
	}
	entries, fault := log.ParseTimeIndex(b, base)
	for _, e := range entries {
		p.line("entry", "", field{"timestamp", e.Timestamp}, field{"offset", e.Offset})
	}
	if fault != nil {
		return fault
	}
	n := 0
	err = eachBatch(sibling(path), func(i log.BatchInfo, _ log.Batch) error {
		for n < len(entries) && entries[n].Offset < i.Base {
			n++
		}
		if n < len(entries) && entries[n].Offset >= i.Last && i.MaxTime > entries[n].Timestamp {
			return fmt.Errorf("its latest timestamp %d is above the index's entry %d: timestamp %d up to offset %d", i.MaxTime, n, entries[n].Timestamp, entries[n].Offset)
		}
		return nil
	})
	if err != nil && isMissing(err) {
		p.note(errNoSegment.Error())
		return nil
	}
	return err
}
