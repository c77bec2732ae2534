package quota_test

import (
	"testing"
	"time"

	"copyscope/broker/clocktest"
	"copyscope/broker/quota"
	"copyscope/broker/vfs"
)

// A clock that is set, forward or back, neither forgives what was used nor keeps
// anybody waiting.
func TestClockIsSet(t *testing.T) {
	for _, by := range []time.Duration{365 * 24 * time.Hour, -365 * 24 * time.Hour} {
		s := open(t, vfs.OS, t.TempDir())
		if err := s.Alter(set(user("u"), quota.ProducerByteRate, 1000), set(user("u"), quota.ControllerMutationRate, 1)); err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		l := quota.NewLimiter(s, quota.DefaultWindows, quota.DefaultWindows, func() time.Time { return now })
		u := quota.Client{User: "u"}
		l.Record(quota.ProducerByteRate, u, 15_000)
		l.Mutate(u, 20, false)
		now = clocktest.Set(now, by)
		if got := l.Record(quota.ProducerByteRate, u, 0); got != 5*time.Second {
			t.Errorf("set by %v: who is over the quota waits %v, want 5s", by, got)
		}
		if got, _ := l.Mutate(u, 1, false); got != 10*time.Second {
			t.Errorf("set by %v: who is in debt waits %v, want 10s", by, got)
		}
		now = now.Add(time.Minute)
		if got := l.Record(quota.ProducerByteRate, u, 1); got != 0 {
			t.Errorf("set by %v: a minute later the client waits %v", by, got)
		}
	}
}
