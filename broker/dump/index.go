package dump

import (
	"errors"
	"fmt"
	"io"
	"os"

	"copyscope/broker/log"
)

// dumpOffsetIndex prints a .index file and holds each entry against the batch
// that it points at.
func dumpOffsetIndex(p *printer, path string) error {
	base, err := baseOffset(path)
	if err != nil {
		return err
	}
	var entries []log.OffsetEntry
	if err := eachEntry(path, base, log.DumpOffsetIndex, func(_ int64, e log.OffsetEntry) error {
		if e == (log.OffsetEntry{Offset: base}) {
			return nil // zeros: the first batch has no entry, as nothing precedes it
		}
		entries = append(entries, e)
		p.line("entry", "", field{"offset", e.Offset}, field{"position", e.Position})
		return p.failed
	}); err != nil {
		return err
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

// eachEntry reads an index file.
func eachEntry[E any](path string, base int64, dump func(io.ReaderAt, int64, int64, func(int64, E) error) error, visit func(int64, E) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return dump(f, info.Size(), base, visit)
}

// dumpTimeIndex prints a .timeindex file. Each entry promises that no record up
// to its offset is later than its timestamp.
func dumpTimeIndex(p *printer, path string) error {
	base, err := baseOffset(path)
	if err != nil {
		return err
	}
	var entries []log.TimeEntry
	if err := eachEntry(path, base, log.DumpTimeIndex, func(_ int64, e log.TimeEntry) error {
		if e == (log.TimeEntry{Offset: base}) {
			return nil // zeros
		}
		entries = append(entries, e)
		p.line("entry", "", field{"timestamp", e.Timestamp}, field{"offset", e.Offset})
		return p.failed
	}); err != nil {
		return err
	}
	n := 0
	err = eachBatch(sibling(path), func(i log.BatchInfo, _ eachRecord) error {
		for n < len(entries) && entries[n].Offset < i.Base {
			n++
		}
		if n < len(entries) && entries[n].Offset >= i.Last && i.Timestamp > entries[n].Timestamp {
			return fmt.Errorf("its latest timestamp %d is above the index's entry %d: timestamp %d up to offset %d", i.Timestamp, n, entries[n].Timestamp, entries[n].Offset)
		}
		return nil
	})
	if err != nil && isMissing(err) {
		p.note(errNoSegment.Error())
		return nil
	}
	return err
}
