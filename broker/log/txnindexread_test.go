package log_test

import (
	"testing"
	"time"

	"copyscope/broker/log"
	"copyscope/broker/vfs/vfstest"
)

// A reader of what is committed is told of the aborted transactions from its offset
// on, wherever that lies in the transaction index, which is read in blocks and not
// entry by entry.
func TestTxnIndexIsReadInBlocks(t *testing.T) {
	const most = 5 // reads: probes for the first block of three, and these
	fs := vfstest.Inject(t, vfstest.NewDisk(1), "")
	d, p, err := openOn(fs, log.Defaults(), func() time.Time { return time.UnixMilli(1000) }) // that of the records: nothing rolls
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	checked := map[int]bool{1: true, 2: true, 119: true, 120: true, 121: true, 240: true, 241: true, 300: true}
	for n := 1; n <= 300; n++ {
		if _, err := p.Produce(inTxn(1, 0, int32(n-1), "no")); err != nil {
			t.Fatal(err)
		}
		if _, err := p.EndTransaction(log.Marker{ProducerID: 1}); err != nil {
			t.Fatal(err)
		}
		if !checked[n] {
			continue
		}
		for offset := range int64(2 * n) {
			before := fs.Made()["read .txnindex"]
			r, aborted, err := p.ReadCommitted(offset, 1<<30, false)
			if err != nil {
				t.Fatal(err)
			}
			r.Release()
			if read := fs.Made()["read .txnindex"] - before; read > most {
				t.Fatalf("of %d transactions %d are read by %d calls", n, len(aborted), read)
			}
			first := offset / 2 // each has a record and a marker
			if len(aborted) != n-int(first) || aborted[0] != (log.AbortedTxn{ProducerID: 1, First: 2 * first, Last: 2*first + 1, Stable: 2*first + 2}) {
				t.Fatalf("from offset %d of %d transactions: %d are told, %+v", offset, n, len(aborted), aborted[:min(1, len(aborted))])
			}
		}
	}
}
