package dump

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

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
	n := 0
	noBatch := func() error {
		return fmt.Errorf("entry %d: offset %d at position %d, where no batch begins", n, entries[n].Offset, entries[n].Position)
	}
	missing, err := batchesBeside(p, path, func(i log.BatchInfo) error {
		switch {
		case n == len(entries) || i.Position < entries[n].Position:
			return nil
		case i.Position > entries[n].Position:
			return noBatch()
		case entries[n].Offset < i.Base:
			return fmt.Errorf("entry %d: offset %d at position %d, where the batch of offsets %d to %d begins", n, entries[n].Offset, i.Position, i.Base, i.Last)
		}
		n++
		return nil
	})
	if err == nil && !missing && n < len(entries) {
		return noBatch()
	}
	return err
}

// batchesBeside visits the batches of an index's segment, which lies beside it.
// If it is missing, a note says so. The segment's own faults are told apart from
// those that visit finds.
func batchesBeside(p *printer, path string, visit func(log.BatchInfo) error) (missing bool, err error) {
	plain, leftover := plainName(path)
	segment := strings.TrimSuffix(plain, filepath.Ext(plain)) + ".log" + leftover
	var found error
	err = eachBatch(segment, func(i log.BatchInfo, _ eachRecord) error {
		found = visit(i)
		return found
	})
	switch {
	case found != nil:
		return false, found
	case errors.Is(err, fs.ErrNotExist):
		p.note("its .log file is not beside it, so the entries are not held against the batches")
		return true, nil
	case err != nil:
		return false, fmt.Errorf("its segment %s: %w", segment, err)
	}
	return false, nil
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
	_, err = batchesBeside(p, path, func(i log.BatchInfo) error {
		for n < len(entries) && entries[n].Offset < i.Base {
			n++
		}
		if n < len(entries) && entries[n].Offset >= i.Last && i.Timestamp > entries[n].Timestamp {
			return fmt.Errorf("batch at offset %d: its latest timestamp %d is above the index's entry %d: timestamp %d up to offset %d", i.Base, i.Timestamp, n, entries[n].Timestamp, entries[n].Offset)
		}
		return nil
	})
	return err
}
