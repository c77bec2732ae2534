package log_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"copyscope/broker/log"
	"copyscope/broker/vfs"
	"copyscope/broker/vfs/vfstest"
)

// What is decided counts when its marker is seen: with flush.messages, when it is
// on the disk. Watchers hear of it.
func TestMarkerIsSeenWhenFlushed(t *testing.T) {
	cfg := log.Defaults()
	cfg.FlushMessages = 100
	_, p, err := openOn(vfstest.NewDisk(1), cfg, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	add(t, p, inTxn(1, 0, 0, "open"))
	cfg.FlushMessages = 1
	p.Configure(cfg)
	heard := make(chan struct{}, 1)
	defer p.Watch(heard)()
	if _, err := p.EndTransaction(log.Marker{ProducerID: 1, Commit: true}); err != nil {
		t.Fatal(err)
	}
	if got := p.LastStable(); got != 2 {
		t.Errorf("the last stable offset is %d, want 2", got)
	}
	select {
	case <-heard:
	default:
		t.Error("who watches was not told of the marker")
	}
}

// A marker has a timestamp, and ListOffsets finds it as Kafka does.
func TestLatestTimestampOfMarker(t *testing.T) {
	_, p, err := openOn(vfstest.NewDisk(1), log.Defaults(), func() time.Time { return time.UnixMilli(5000) })
	if err != nil {
		t.Fatal(err)
	}
	add(t, p, inTxn(1, 0, 0, "a"))
	if _, err := p.EndTransaction(log.Marker{ProducerID: 1, Commit: true}); err != nil {
		t.Fatal(err)
	}
	if at, ok, err := p.AtMaxTime(); err != nil || !ok || at != (log.Stamped{Offset: 1, Timestamp: 5000}) {
		t.Errorf("the latest timestamp is at %+v %v %v, want offset 1, 5000 ms", at, ok, err)
	}
}

// A marker that never reached the disk decides nothing that readers see.
func TestUnseenMarkerDecidesNothing(t *testing.T) {
	cfg := log.Defaults()
	cfg.FlushMessages = 1
	_, p, err := openOn(vfstest.Inject(t, vfstest.NewDisk(1), "sync .log#2: EIO"), cfg, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	add(t, p, inTxn(1, 0, 0, "open"))
	if _, err := p.EndTransaction(log.Marker{ProducerID: 1}); !errors.Is(err, log.ErrOffline) {
		t.Fatalf("the marker gave %v, want %v", err, log.ErrOffline)
	}
	if _, visible := p.Offsets(); visible != 1 || p.LastStable() != 0 {
		t.Errorf("readers see up to %d, the last stable offset is %d; want 1 and 0", visible, p.LastStable())
	}
}

// An index of transactions whose segment is gone is not one of the next segment
// there.
func TestOrphanOfTxnIndex(t *testing.T) {
	disk := vfstest.NewDisk(1)
	disk.MkdirAll("/t-0")
	orphan := make([]byte, 34)
	orphan[33] = 1
	for _, name := range []string{"00000000000000000000.txnindex", "00000000000000000002.txnindex"} {
		if err := vfs.Write(disk, "/t-0/"+name, orphan); err != nil {
			t.Fatal(err)
		}
	}
	d, p, err := openOn(disk, log.Defaults(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	add(t, p, batch(0, "a"))
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, p, err = openOn(disk, log.Defaults(), time.Now); err != nil {
		t.Fatal(err)
	}
	if r, got, err := p.ReadCommitted(0, limit, true); err != nil || len(got) > 0 || r.Bytes == 0 {
		t.Errorf("aborted are %v, want none (%v)", got, err)
	}
	files, err := disk.ReadDir("/t-0")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".txnindex") {
			t.Errorf("%s is still there", f.Name())
		}
	}
}

// hooked is a file system that does something before it opens the first index of
// transactions.
type hooked struct {
	vfs.FS
	before func()
}

func (h *hooked) Open(name string, flag int) (vfs.File, error) {
	if before := h.before; before != nil && strings.HasSuffix(name, ".txnindex") {
		h.before = nil
		before()
	}
	return h.FS.Open(name, flag)
}

// A segment that retention takes while it is read takes its index along: then the
// reader is told that the offset is gone, and not that nothing was aborted.
func TestRetentionTakesTxnIndex(t *testing.T) {
	disk := &hooked{FS: vfstest.NewDisk(1)}
	now := time.UnixMilli(1000)
	clock := func() time.Time { return now }
	d, p, err := openOn(disk, smallSegments(), clock)
	if err != nil {
		t.Fatal(err)
	}
	add(t, p, inTxn(1, 0, 0, "aborted"))
	if _, err := p.EndTransaction(log.Marker{ProducerID: 1}); err != nil {
		t.Fatal(err)
	}
	for range 15 {
		add(t, p, batch(1000, "to fill the segment"))
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if d, p, err = openOn(disk, smallSegments(), clock); err != nil {
		t.Fatal(err)
	}
	disk.before = func() {
		cfg := smallSegments()
		cfg.RetentionBytes = 1
		p.Configure(cfg)
		now = now.Add(time.Hour)
		d.Tend()
	}
	if _, _, err := p.ReadCommitted(0, 1<<20, true); !errors.Is(err, log.ErrOffset) {
		t.Errorf("the read gave %v, want %v", err, log.ErrOffset)
	}
	if low, _ := p.Offsets(); low == 0 {
		t.Error("retention took nothing")
	}
}
