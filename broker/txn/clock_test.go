package txn_test

import (
	"sync/atomic"
	"testing"
	"time"

	"copyscope/broker/clocktest"
	"copyscope/broker/txn"
)

// A clock that is set, forward or back, neither aborts a transaction that is in
// time, nor lets one go on that is not, nor forgets transactional ids.
func TestClockIsSet(t *testing.T) {
	for _, by := range []time.Duration{365 * 24 * time.Hour, -365 * 24 * time.Hour} {
		t.Run(by.String(), func(t *testing.T) {
			real := time.Now() // in a bubble there are no monotonic readings
			run(t, func(t *testing.T, w *world, other *txn.Coordinator) {
				other.Close()
				var set atomic.Int64
				began := time.Now()
				c := w.open(t, func(cfg *txn.Config) {
					cfg.ExpireCheck = 10 * time.Second
					cfg.Now = func() time.Time { return clocktest.Set(real.Add(time.Since(began)), time.Duration(set.Load())) }
				})
				defer c.Close()
				p := begin(t, c)
				_, err := c.Init("unused", time.Minute, nil)
				ok(t, err)
				ok(t, c.Add("x", p, ats(0), txn.V0))
				set.Store(int64(by))
				time.Sleep(45 * time.Second)
				wantState(t, c, txn.Ongoing, 0)
				_, err = c.Describe("unused")
				ok(t, err)
				time.Sleep(30 * time.Second)
				wantState(t, c, txn.CompleteAbort)
			})
		})
	}
}
