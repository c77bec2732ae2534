package log

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"maps"
	"path/filepath"
	"slices"
)

// The producer snapshot, OFFSET.snapshot (ProducerSnapshot.json,
// ProducerStateManager.java), big endian: what is known of the producers
// before the offset in its name, which is padded to 20 digits.
//
//	byte 0  version  int16   1
//	     2  crc      uint32  CRC-32C of byte 6 to the end
//	     6  count    int32   of entries
//	    10  entries  46 bytes each, see below
//
//	byte  0  producerId          int64
//	      8  producerEpoch       int16
//	     10  lastSequence        int32
//	     14  lastOffset          int64  of the latest batch, -1: none
//	     22  offsetDelta         int32  lastOffset less the batch's first offset
//	     26  timestamp           int64  of the latest batch, ms
//	     34  coordinatorEpoch    int32
//	     38  currentTxnFirstOffset int64  -1: none
const (
	snapshotVersion     = 1
	snapshotHeaderBytes = 10
	snapshotEntryBytes  = 46
	maxSnapshotBytes    = 1 << 30
)

// SnapshotEntry is a producer in a snapshot.
type SnapshotEntry struct {
	ProducerID       int64
	Epoch            int16
	LastSequence     int32
	LastOffset       int64 // -1: none
	OffsetDelta      int32
	Timestamp        int64 // ms
	CoordinatorEpoch int32
	TxnFirstOffset   int64 // -1: no transaction is open
}

// ParseSnapshot reads a producer snapshot.
func ParseSnapshot(b []byte) ([]SnapshotEntry, error) {
	be := binary.BigEndian
	if len(b) < snapshotHeaderBytes {
		return nil, fmt.Errorf("%w: snapshot byte %d: it ends before its header's %d bytes", ErrCorrupt, len(b), snapshotHeaderBytes)
	}
	if v := int16(be.Uint16(b)); v != snapshotVersion {
		return nil, fmt.Errorf("%w: snapshot byte 0: version %d, this program knows %d", ErrCorrupt, v, snapshotVersion)
	}
	if crc, want := crc32.Checksum(b[6:], castagnoli), be.Uint32(b[2:]); crc != want {
		return nil, fmt.Errorf("%w: snapshot byte 2: CRC-32C %#08x, the header says %#08x", ErrCorrupt, crc, want)
	}
	n := int64(int32(be.Uint32(b[6:])))
	if n < 0 || snapshotHeaderBytes+n*snapshotEntryBytes != int64(len(b)) {
		return nil, fmt.Errorf("%w: snapshot byte 6: %d entries do not make %d bytes", ErrCorrupt, n, len(b))
	}
	found := make([]SnapshotEntry, 0, n)
	for b = b[snapshotHeaderBytes:]; len(b) > 0; b = b[snapshotEntryBytes:] {
		found = append(found, SnapshotEntry{
			ProducerID: int64(be.Uint64(b)), Epoch: int16(be.Uint16(b[8:])), LastSequence: int32(be.Uint32(b[10:])),
			LastOffset: int64(be.Uint64(b[14:])), OffsetDelta: int32(be.Uint32(b[22:])), Timestamp: int64(be.Uint64(b[26:])),
			CoordinatorEpoch: int32(be.Uint32(b[34:])), TxnFirstOffset: int64(be.Uint64(b[38:])),
		})
	}
	return found, nil
}

func formatSnapshot(entries []SnapshotEntry) []byte {
	be := binary.BigEndian
	b := make([]byte, snapshotHeaderBytes, snapshotHeaderBytes+len(entries)*snapshotEntryBytes)
	be.PutUint16(b, snapshotVersion)
	be.PutUint32(b[6:], uint32(len(entries)))
	for _, e := range entries {
		b = be.AppendUint64(b, uint64(e.ProducerID))
		b = be.AppendUint16(b, uint16(e.Epoch))
		b = be.AppendUint32(b, uint32(e.LastSequence))
		b = be.AppendUint64(b, uint64(e.LastOffset))
		b = be.AppendUint32(b, uint32(e.OffsetDelta))
		b = be.AppendUint64(b, uint64(e.Timestamp))
		b = be.AppendUint32(b, uint32(e.CoordinatorEpoch))
		b = be.AppendUint64(b, uint64(e.TxnFirstOffset))
	}
	be.PutUint32(b[2:], crc32.Checksum(b[6:], castagnoli))
	return b
}

// format is the state as a snapshot.
func (s *producers) format() []byte {
	var entries []SnapshotEntry
	for _, id := range slices.Sorted(maps.Keys(s.byID)) {
		p := s.byID[id]
		e := SnapshotEntry{ProducerID: id, Epoch: p.epoch, LastSequence: -1, LastOffset: -1,
			Timestamp: p.updated, CoordinatorEpoch: p.coordinator, TxnFirstOffset: p.openTxn}
		if p.kept > 0 {
			b := p.latest()
			e.LastSequence, e.LastOffset, e.OffsetDelta = b.last, b.end, int32(b.end-b.base)
		}
		entries = append(entries, e)
	}
	return formatSnapshot(entries)
}

// restore is the state of a snapshot at the offset.
func restoreProducers(entries []SnapshotEntry, at int64) producers {
	s := producers{snapshot: at}
	if len(entries) > 0 {
		s.byID = make(map[int64]*producer, len(entries))
	}
	for _, e := range entries {
		p := &producer{epoch: e.Epoch, coordinator: e.CoordinatorEpoch, openTxn: e.TxnFirstOffset, updated: e.Timestamp}
		if e.LastOffset >= 0 && e.LastSequence >= 0 {
			first := int64(e.LastSequence) - int64(e.OffsetDelta)
			if first < 0 {
				first += 1 << 31 // the numbers began anew inside the batch
			}
			p.batches[0] = sentBatch{int32(first), e.LastSequence, e.LastOffset - int64(e.OffsetDelta), e.LastOffset, e.Timestamp}
			p.kept = 1
		}
		s.byID[e.ProducerID] = p
		if p.openTxn >= 0 {
			s.open = append(s.open, openTxn{e.ProducerID, p.openTxn})
		}
	}
	slices.SortFunc(s.open, func(a, b openTxn) int { return cmp.Compare(a.first, b.first) })
	return s
}

func snapshotPath(dir string, at int64) string {
	return filepath.Join(dir, fmt.Sprintf("%020d%s", at, snapshotSuffix))
}
