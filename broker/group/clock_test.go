package group_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"copyscope/broker/clocktest"
	"copyscope/broker/group"
)

// A clock that is set, forward or back, expels no member that is heard of, keeps
// none that is not, and neither takes committed offsets away nor keeps them for
// ever: also those that were read from the store.
func TestClockIsSet(t *testing.T) {
	for _, by := range []time.Duration{365 * 24 * time.Hour, -365 * 24 * time.Hour} {
		t.Run(by.String(), func(t *testing.T) {
			real := time.Now() // in a bubble there are no monotonic readings
			synctest.Test(t, func(t *testing.T) {
				var set atomic.Int64
				began := time.Now()
				store := &memory{}
				settings := group.Config{InitialDelay: delay, Expiry: time.Hour, Now: func() time.Time { return clocktest.Set(real.Add(time.Since(began)), time.Duration(set.Load())) }}
				c := open(t, store, settings)
				if err := c.Commit(outside("alone"), map[group.TopicPartition]group.Offset{at("t", 0): {Offset: 1}}); err != nil {
					t.Fatal(err)
				}
				c.Close()
				c = open(t, store, settings)
				defer c.Close()
				m := settle(t, c, reads("t"), func(j *group.Join) { j.Session = 30 * time.Minute })
				set.Store(int64(by))
				for range 2 {
					time.Sleep(20 * time.Minute)
					if err := c.Heartbeat(identity(m)); err != nil {
						t.Fatalf("a member that is heard of: %v", err)
					}
				}
				time.Sleep(2 * time.Hour)
				if err := c.Heartbeat(identity(m)); err == nil {
					t.Error("a member that was silent for two hours is still one")
				}
				if n := len(c.Committed("alone")); n != 1 {
					t.Errorf("%d offsets are left, want the one that was committed today", n)
				}
				time.Sleep(8 * 24 * time.Hour)
				if n := len(c.Committed("alone")); n != 0 {
					t.Errorf("%d offsets are left after a week", n)
				}
			})
		})
	}
}
