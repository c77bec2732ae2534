package log_test

import (
	"testing"
	"time"

	"copyscope/broker/clocktest"
	"copyscope/broker/log"
)

// A clock that is set forward by a year takes nothing away for an hour, so that it
// can be set back; who leaves it has meant it. One that is set back takes nothing
// either, and keeps nothing for ever. What has its size alone for a limit goes.
func TestClockIsSet(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for _, c := range []struct {
		name  string
		size  int64           // retention.bytes
		steps []time.Duration // that the clock is set by, before each look but the first
		after time.Duration   // that then passes
		low   int64           // the first offset in the end
	}{
		{"forward", -1, []time.Duration{year}, 30 * time.Minute, 0},
		{"forward, and left so", -1, []time.Duration{year}, 2 * time.Hour, 10},
		{"forward and back", -1, []time.Duration{year, -year}, 2 * time.Hour, 0},
		{"forward, limited in size", 400, []time.Duration{year}, time.Minute, 4},
		{"back", -1, []time.Duration{-year}, 2 * time.Hour, 0},
		{"back, and forward again", -1, []time.Duration{-year, year}, 3 * 24 * time.Hour, 10},
		{"back by an hour", -1, []time.Duration{-time.Hour}, 3 * 24 * time.Hour, 10},
		{"by NTP", -1, []time.Duration{30 * time.Second}, 3 * 24 * time.Hour, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAged(t, func(cfg *log.Config) { cfg.RetentionAge, cfg.RetentionBytes = 2*24*time.Hour, c.size })
			defer a.dir.Close()
			a.dir.Tend()
			for _, by := range c.steps {
				a.now = clocktest.Set(a.now.Add(10*time.Minute), by)
				a.dir.Tend()
			}
			a.now = a.now.Add(c.after)
			a.dir.Tend()
			if low, next := a.part.Offsets(); low != c.low || next != 10 {
				t.Errorf("the offsets are %d to %d, want %d to 10", low, next, c.low)
			}
		})
	}
}
