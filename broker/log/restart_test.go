package log_test

import (
	"context"
	"testing"
	"time"

	"copyscope/broker/log"
	"copyscope/broker/vfs/vfstest"
)

// A topic that is made again under its name has nothing of the checkpoints of
// the former one, when the broker dies before the next checkpoint, too.
func TestCheckpointsOfFormerTopic(t *testing.T) {
	for _, when := range []string{"in one run", "after a restart"} {
		t.Run(when, func(t *testing.T) {
			disk, now := vfstest.NewDisk(1), time.UnixMilli(1_700_000_000_000)
			clock := func() time.Time { return now }
			d, p, err := openOn(disk, log.Defaults(), clock)
			if err != nil {
				t.Fatal(err)
			}
			for range 10 {
				add(t, p, batch(0, "old"))
			}
			if _, err := p.DeleteRecords(8); err != nil {
				t.Fatal(err)
			}
			now = now.Add(time.Minute)
			d.Tend() // the checkpoint of the first offset is written
			if err := d.Remove(p); err != nil {
				t.Fatal(err)
			}
			if when == "after a restart" {
				disk.Kill()
				if d, err = log.OpenDir(context.Background(), "/", log.DirOptions{FS: disk, Manual: true, Log: quiet(), Now: clock}); err != nil {
					t.Fatal(err)
				}
			}
			if p, _, err = d.Open(context.Background(), "t", log.ID{2}, 0, log.Defaults()); err != nil {
				t.Fatal(err)
			}
			add(t, p, batch(0, "new"))
			disk.Kill()
			if d, err = log.OpenDir(context.Background(), "/", log.DirOptions{FS: disk, Manual: true, Log: quiet(), Now: clock}); err != nil {
				t.Fatal(err)
			}
			if p, _, err = d.Open(context.Background(), "t", log.ID{2}, 0, log.Defaults()); err != nil {
				t.Fatal(err)
			}
			if low, next := p.Offsets(); low != 0 || next != 1 {
				t.Errorf("the new topic has the offsets %d to %d, want 0 to 1", low, next)
			}
		})
	}
}
