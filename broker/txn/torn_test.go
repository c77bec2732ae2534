package txn_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
	"copyscope/broker/txn"
	"copyscope/broker/vfs"
)

// stateFile is the coordinator's log, as long as nothing rolls.
const stateFile = "/state-0/00000000000000000000.log"

// told is what a stored record says of its transactional id.
type told struct {
	end      int64 // of the log, behind the record, in bytes
	producer txn.Producer
	state    txn.State
}

// A coordinator's log that is torn at any byte, or has any byte wrong, opens: the
// transactional id is where a whole record before that left it, a transaction that
// was decided there is over, and the next producer gets the id.
func TestCoordinatorsLogTornAtAnyByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		content, all := coordinatorsLog(t)
		for at := range int64(len(content)) {
			last := slices.IndexFunc(all, func(r told) bool { return r.end > at }) - 1
			tornAt(t, content[:at], func(d txn.Description, err error) bool {
				if last < 0 {
					return errors.Is(err, txn.ErrNotFound)
				}
				return err == nil && all[last].is(d)
			}, at)
			wrong := slices.Clone(content)
			wrong[at] ^= 0x55
			tornAt(t, wrong, func(d txn.Description, err error) bool {
				// Offset and leader epoch are not in the checksum: the record may count.
				return errors.Is(err, txn.ErrNotFound) && last < 0 || slices.ContainsFunc(all[max(last, 0):], func(r told) bool { return r.is(d) })
			}, at)
		}
	})
}

// is says whether a coordinator that begins with the record describes the id so.
func (r told) is(d txn.Description) bool {
	state := r.state
	switch state {
	case txn.PrepareCommit:
		state = txn.CompleteCommit
	case txn.PrepareAbort:
		state = txn.CompleteAbort
	}
	return d.State == state && d.Producer == r.producer
}

// coordinatorsLog is the file of some transactions, and what is in it.
func coordinatorsLog(t *testing.T) (content []byte, all []told) {
	w := newPowered(2)
	w.segment = 1 << 20
	ok(t, w.start())
	ok(t, w.load(4))
	w.c.Close()
	content, err := vfs.ReadFile(w.disk, stateFile, 1<<20)
	ok(t, err)
	end := int64(0)
	err = w.state.ReplayAll(context.Background(), func(r log.Replayed) error {
		var v kmsg.TxnMetadataValue
		if err := v.ReadFrom(r.Value); err != nil {
			return err
		}
		end += 12 + int64(binary.BigEndian.Uint32(content[end+8:])) // each is a batch
		all = append(all, told{end, txn.Producer{ID: v.ProducerID, Epoch: v.ProducerEpoch}, txn.State(v.State)})
		return nil
	})
	ok(t, err)
	if end != int64(len(content)) || len(all) < 10 {
		t.Fatalf("%d records end at byte %d of %d", len(all), end, len(content))
	}
	return content, all
}

func tornAt(t *testing.T, content []byte, fits func(txn.Description, error) bool, at int64) {
	t.Helper()
	w := newPowered(1)
	w.segment = 1 << 20
	ok(t, w.start())
	w.c.Close()
	w.disk.Kill()
	f, err := w.disk.Open(stateFile, os.O_RDWR)
	ok(t, err)
	_, err = f.WriteAt(content, 0)
	ok(t, err)
	if err := w.start(); err != nil {
		t.Fatalf("byte %d: %v", at, err)
	}
	defer w.c.Close()
	if d, err := w.c.Describe("x"); !fits(d, err) {
		t.Fatalf("byte %d: it is %+v, %v", at, d, err)
	}
	if _, err := w.init(); err != nil {
		t.Fatalf("byte %d: another producer does not get the id: %v", at, err)
	}
}
