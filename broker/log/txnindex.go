package log

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"sync/atomic"

	"copyscope/broker/vfs"
)

// The transaction index, NAME.txnindex (TransactionIndex.java, AbortedTxn.java),
// big endian: an entry for each transaction whose abort marker is in the segment,
// in the order of the markers. A segment without one has no such file.
//
//	byte 0  version           int16  0
//	     2  producerId        int64
//	    10  firstOffset       int64  of the transaction's records
//	    18  lastOffset        int64  of the marker
//	    26  lastStableOffset  int64  once the marker was there
type txnIndex struct {
	file cachedFile
	// count is how many entries count: one more may lie behind them, of a marker
	// that could not be written. It changes under the partition's appending.
	count atomic.Int64
	made  bool // the file is there; under the partition's appending
}

const (
	txnEntryBytes      = 34
	txnEntryVersion    = 0
	maxTxnIndexEntries = 1 << 25 // far above what a segment of 2 GiB has markers for
)

// AbortedTxn is a transaction that a marker has aborted.
type AbortedTxn struct {
	ProducerID  int64
	First, Last int64 // offsets of its first record and of its marker
	Stable      int64 // the last stable offset, once the marker was there
}

func parseTxnEntry(b []byte) AbortedTxn {
	at := func(i int) int64 { return int64(binary.BigEndian.Uint64(b[i:])) }
	return AbortedTxn{at(2), at(10), at(18), at(26)}
}

func appendTxnEntry(to []byte, e AbortedTxn) []byte {
	to = binary.BigEndian.AppendUint16(to, txnEntryVersion)
	for _, v := range []int64{e.ProducerID, e.First, e.Last, e.Stable} {
		to = binary.BigEndian.AppendUint64(to, uint64(v))
	}
	return to
}

// ParseTxnIndex reads a transaction index. The error, which wraps ErrCorrupt, says
// at which byte it is not one; the entries before that are given.
func ParseTxnIndex(b []byte) (found []AbortedTxn, err error) {
	for at := 0; at < len(b); at += txnEntryBytes {
		if len(b)-at < txnEntryBytes {
			return found, &InvalidAt{int64(at), fmt.Errorf("%w: %d bytes are less than an entry's %d", ErrCorrupt, len(b)-at, txnEntryBytes)}
		}
		if v := int16(binary.BigEndian.Uint16(b[at:])); v != txnEntryVersion {
			return found, &InvalidAt{int64(at), fmt.Errorf("%w: version %d, this program knows %d", ErrCorrupt, v, txnEntryVersion)}
		}
		e := parseTxnEntry(b[at:])
		if e.First < 0 || e.Last < e.First || e.Stable < 0 || len(found) > 0 && e.Last <= found[len(found)-1].Last {
			return found, &InvalidAt{int64(at), fmt.Errorf("%w: offsets %d to %d, last stable offset %d", ErrCorrupt, e.First, e.Last, e.Stable)}
		}
		found = append(found, e)
	}
	return found, nil
}

// open takes in the file of a segment whose offsets are from base to below next.
func (x *txnIndex) open(size, base, next int64) error {
	if size > maxTxnIndexEntries*txnEntryBytes {
		return fmt.Errorf("%w: %s has %d bytes", ErrCorrupt, x.file.path, size)
	}
	b, err := vfs.ReadFile(x.file.cache.fs, x.file.path, maxTxnIndexEntries*txnEntryBytes)
	if err != nil {
		return err
	}
	all, err := ParseTxnIndex(b)
	if err == nil && len(all) > 0 && (all[0].Last < base || all[len(all)-1].Last >= next) {
		err = fmt.Errorf("%w: markers at %d to %d in a segment of %d to %d", ErrCorrupt, all[0].Last, all[len(all)-1].Last, base, next)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", x.file.path, err)
	}
	x.made = true
	x.count.Store(int64(len(all)))
	return nil
}

// put writes an entry behind those that count; counted makes it one of them.
// It says whether it made the file.
func (x *txnIndex) put(e AbortedTxn) (made bool, err error) {
	if !x.made {
		out, err := x.file.cache.fs.Open(x.file.path, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
		if err != nil {
			return false, err
		}
		x.made, made = true, true
		if err := out.Close(); err != nil {
			return made, err
		}
	}
	file, err := x.file.acquire()
	if err != nil {
		return made, err
	}
	defer x.file.release()
	_, err = file.WriteAt(appendTxnEntry(nil, e), x.count.Load()*txnEntryBytes)
	return made, err
}

func (x *txnIndex) counted() { x.count.Add(1) }

// trim cuts off what does not count.
func (x *txnIndex) trim() error {
	if !x.made {
		return nil
	}
	file, err := x.file.acquire()
	if err != nil {
		return err
	}
	defer x.file.release()
	return file.Truncate(x.count.Load() * txnEntryBytes)
}

// replace makes the file anew with entries that a scan found; without any there is
// none. The new file is on the disk before it takes the old one's place: one that a
// power cut left half written, or took away, would be an index of fewer transactions,
// and nobody could tell.
func (x *txnIndex) replace(all []AbortedTxn) error {
	x.count.Store(0)
	x.made = false
	if err := x.file.drop(); err != nil {
		return err
	}
	if len(all) == 0 {
		if err := x.file.cache.fs.Remove(x.file.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	var content []byte
	for _, e := range all {
		content = appendTxnEntry(content, e)
	}
	if err := vfs.Replace(x.file.cache.fs, x.file.path, filepath.Dir(x.file.path), content); err != nil {
		return err
	}
	x.made = true
	x.count.Store(int64(len(all)))
	return nil
}

// txnBlockEntries are read at once: 4 KiB, about.
const txnBlockEntries = 120

// collect adds the aborted transactions of the index that have records from the
// offset on and below end (AbortedTxn, TransactionIndex.collectAbortedTxns). It is
// done when no later one can have any.
func (x *txnIndex) collect(to []AbortedTxn, offset, end int64) (all []AbortedTxn, done bool, err error) {
	count := x.count.Load()
	if count == 0 {
		return to, false, nil
	}
	file, err := x.file.acquire()
	if err != nil {
		return to, false, err
	}
	defer x.file.release()
	block := make([]byte, min(count, txnBlockEntries)*txnEntryBytes)
	read := func(from, entries int64) []byte {
		b := block[:entries*txnEntryBytes]
		if err == nil {
			_, err = file.ReadAt(b, from*txnEntryBytes)
		}
		return b
	}
	// The first block whose last marker is not before the offset.
	first := int64(sort.Search(int((count-1)/txnBlockEntries), func(i int) bool {
		return parseTxnEntry(read(int64(i+1)*txnBlockEntries-1, 1)).Last >= offset
	}))
	for i := first * txnBlockEntries; i < count; i += txnBlockEntries {
		b := read(i, min(count-i, txnBlockEntries))
		if err != nil {
			return to, false, err
		}
		for ; len(b) > 0; b = b[txnEntryBytes:] {
			e := parseTxnEntry(b)
			switch {
			case e.Last < offset:
				continue
			case e.First < end:
				to = append(to, e)
			}
			if e.Stable >= end {
				return to, true, nil
			}
		}
	}
	return to, false, err
}
