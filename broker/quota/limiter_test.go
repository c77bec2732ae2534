package quota_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"copyscope/broker/quota"
	"copyscope/broker/vfs"
)

// clock is a time that moves when it is told to.
type clock struct{ now time.Time }

func (c *clock) after(d time.Duration) { c.now = c.now.Add(d) }

// limited is a limiter with the quotas, and its clock.
func limited(t *testing.T, windows quota.Windows, quotas ...quota.Alteration) (*quota.Limiter, *clock) {
	t.Helper()
	s := open(t, vfs.OS, t.TempDir())
	if err := s.Alter(quotas...); err != nil {
		t.Fatal(err)
	}
	c := &clock{time.UnixMilli(1_700_000_000_123)}
	return quota.NewLimiter(s, windows, windows, func() time.Time { return c.now }), c
}

// Of the eight levels the first that has the quota counts, in the order of Kafka's
// documentation.
func TestPrecedence(t *testing.T) {
	u, c, byDefault := quota.Named("u"), quota.Named("c"), quota.Default()
	levels := []quota.Entity{{User: u, ClientID: c}, {User: u, ClientID: byDefault}, {User: u}, {User: byDefault, ClientID: c},
		{User: byDefault, ClientID: byDefault}, {User: byDefault}, {ClientID: c}, {ClientID: byDefault}}
	// first is which of the levels from i on counts, for each of some clients.
	for i := range levels {
		var quotas []quota.Alteration
		for n := i; n < len(levels); n++ {
			quotas = append(quotas, set(levels[n], quota.ProducerByteRate, float64(n+1)))
		}
		l, _ := limited(t, quota.DefaultWindows, quotas...)
		for client, applies := range map[quota.Client][]int{
			{User: "u", ID: "c"}: {1, 2, 3, 4, 5, 6, 7, 8},
			{User: "u", ID: "d"}: {2, 3, 5, 6, 8},
			{User: "v", ID: "c"}: {4, 5, 6, 7, 8},
			{User: "v", ID: "d"}: {5, 6, 8},
			{User: "u", ID: ""}:  {3, 6},
			{User: "v", ID: ""}:  {6},
		} {
			want := math.Inf(1)
			for _, level := range applies {
				if level > i {
					want = float64(level) * 10 // whole windows
					break
				}
			}
			if got := l.Most(quota.ProducerByteRate, client); got != want {
				t.Errorf("with levels from %d on, %+v may have %v at once, want %v", i+1, client, got, want)
			}
			if got := l.Most(quota.ConsumerByteRate, client); !math.IsInf(got, 1) {
				t.Errorf("a quota of producing limits consuming to %v", got)
			}
		}
	}
}

// Who uses up a quota together depends on the level that counts.
func TestWhoSharesAQuota(t *testing.T) {
	both := func(user, id string) quota.Client { return quota.Client{User: user, ID: id} }
	for _, c := range []struct {
		level  quota.Entity
		a, b   quota.Client
		shared bool
	}{
		{quota.Entity{User: quota.Named("u")}, both("u", "1"), both("u", "2"), true},
		{quota.Entity{User: quota.Default()}, both("u", "1"), both("u", "2"), true},
		{quota.Entity{User: quota.Default()}, both("u", "1"), both("v", "1"), false},
		{quota.Entity{ClientID: quota.Named("1")}, both("u", "1"), both("v", "1"), true},
		{quota.Entity{ClientID: quota.Default()}, both("u", "1"), both("v", "1"), true},
		{quota.Entity{ClientID: quota.Default()}, both("u", "1"), both("u", "2"), false},
		{quota.Entity{User: quota.Named("u"), ClientID: quota.Default()}, both("u", "1"), both("u", "2"), false},
		{quota.Entity{User: quota.Default(), ClientID: quota.Named("1")}, both("u", "1"), both("v", "1"), false},
	} {
		l, _ := limited(t, quota.DefaultWindows, set(c.level, quota.ProducerByteRate, 100))
		l.Record(quota.ProducerByteRate, c.a, 2000)
		if waits := l.Record(quota.ProducerByteRate, c.b, 1) > 0; waits != c.shared {
			t.Errorf("%v: what %+v used makes %+v wait: %v, want %v", c.level, c.a, c.b, waits, c.shared)
		}
	}
}

// Waits are those of Kafka's formula, (rate - quota) / quota of the time over which
// the rate is taken: ten windows at least, and what has passed of the one under way.
func TestWaits(t *testing.T) {
	type step struct {
		after time.Duration // since the step before
		value float64
		want  time.Duration
	}
	for name, c := range map[string]struct {
		windows quota.Windows
		key     string
		limit   float64
		steps   []step
	}{
		"under the quota": {quota.DefaultWindows, quota.ProducerByteRate, 1000, []step{{0, 10_000, 0}}},
		// 15,000 in 10 s: 1500 a second, (1500-1000)/1000 · 10 s.
		"at once":             {quota.DefaultWindows, quota.ProducerByteRate, 1000, []step{{0, 15_000, 5 * time.Second}}},
		"into the first one":  {quota.DefaultWindows, quota.ProducerByteRate, 1000, []step{{0, 10_000, 0}, {500 * time.Millisecond, 1000, 500 * time.Millisecond}}},
		"after waiting":       {quota.DefaultWindows, quota.ProducerByteRate, 1000, []step{{0, 15_000, 5 * time.Second}, {5 * time.Second, 0, 5 * time.Second}}},
		"when it is old":      {quota.DefaultWindows, quota.ProducerByteRate, 1000, []step{{0, 15_000, 5 * time.Second}, {11 * time.Second, 1, 0}}},
		"never beyond all":    {quota.DefaultWindows, quota.ConsumerByteRate, 1, []step{{0, 1e9, 11 * time.Second}}},
		"time: one window":    {quota.DefaultWindows, quota.RequestPercentage, 10, []step{{0, 90, 0}, {0, 15, 500 * time.Millisecond}, {0, 1e6, time.Second}}},
		"a wait is taken off": {quota.DefaultWindows, quota.RequestPercentage, 1, []step{{0, 10.5, 500 * time.Millisecond}, {0, 0.5, time.Second}}},
		"other windows":       {quota.Windows{Samples: 3, Size: 2 * time.Second}, quota.ProducerByteRate, 1000, []step{{0, 4000, 0}, {time.Second, 3000, 2 * time.Second}, {5 * time.Second, 0, time.Second}, {time.Second, 0, 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			l, clock := limited(t, c.windows, set(user("u"), c.key, c.limit))
			for i, s := range c.steps {
				clock.after(s.after)
				if got := l.Record(c.key, quota.Client{User: "u"}, s.value); got != s.want {
					t.Errorf("step %d: waits %v, want %v", i+1, got, s.want)
				}
			}
		})
	}
}

// Somewhat below its quota a client never waits, however long it goes on; at twice
// the rate, and if it waits as it is told, it gets what the quota says.
func TestTheQuotaIsWhatAClientGets(t *testing.T) {
	const limit = 1 << 20
	l, clock := limited(t, quota.DefaultWindows, set(user("u"), quota.ProducerByteRate, limit))
	for i := range 600 {
		if wait := l.Record(quota.ProducerByteRate, quota.Client{User: "u"}, 0.095*limit); wait > 0 {
			t.Fatalf("after %d tenths of a second below its quota it waits %v", i, wait)
		}
		clock.after(100 * time.Millisecond)
	}
	l, clock = limited(t, quota.DefaultWindows, set(user("u"), quota.ProducerByteRate, limit))
	began, sent := clock.now, 0.0
	for clock.now.Sub(began) < 10*time.Minute {
		wait := l.Record(quota.ProducerByteRate, quota.Client{User: "u"}, limit/5)
		sent += limit / 5
		clock.after(max(wait, 100*time.Millisecond))
	}
	if rate := sent / clock.now.Sub(began).Seconds(); rate < 0.9*limit || rate > 1.1*limit {
		t.Errorf("it got %.0f bytes a second with a quota of %d", rate, limit)
	}
}

// What a client may use up at once are whole windows' worth, and one if there is no
// whole one; who has no quota has no bound, whatever the windows are.
func TestMost(t *testing.T) {
	for samples, want := range map[int]float64{1: 1000, 2: 1000, 11: 10_000} {
		l, _ := limited(t, quota.Windows{Samples: samples, Size: time.Second}, set(user("u"), quota.ConsumerByteRate, 1000))
		if got := l.Most(quota.ConsumerByteRate, quota.Client{User: "u"}); got != want {
			t.Errorf("%d windows: %g, want %g", samples, got, want)
		}
		if got := l.Most(quota.ConsumerByteRate, quota.Client{User: "v"}); !math.IsInf(got, 1) {
			t.Errorf("%d windows: who has no quota may use up %g", samples, got)
		}
	}
}

func TestWhatIsTakenBackDoesNotCount(t *testing.T) {
	l, _ := limited(t, quota.DefaultWindows, set(user("u"), quota.ConsumerByteRate, 1000))
	u := quota.Client{User: "u"}
	if wait := l.Record(quota.ConsumerByteRate, u, 20_000); wait != 10*time.Second {
		t.Errorf("waits %v", wait)
	}
	l.Refund(quota.ConsumerByteRate, u, 20_000)
	if wait := l.Record(quota.ConsumerByteRate, u, 10_000); wait != 0 {
		t.Errorf("what was taken back makes it wait %v", wait)
	}
}

// A bucket holds eleven seconds' worth. A strict change may leave it in debt, and
// then none is let through until the debt is paid.
func TestMutations(t *testing.T) {
	u := quota.Client{User: "u"}
	l, clock := limited(t, quota.DefaultWindows, set(user("u"), quota.ControllerMutationRate, 2))
	for i, s := range []struct {
		after      time.Duration
		partitions int
		strict     bool
		wait       time.Duration
		refused    bool
	}{
		{0, 20, true, 0, false},                                   // 2 are left
		{0, 6, true, 0, false},                                    // 4 in debt
		{0, 1, true, 2 * time.Second, true},                       // not counted
		{time.Second, 1, true, time.Second, true},                 // 2 in debt
		{time.Second, 3, true, 0, false},                          // 3 in debt
		{0, 1, false, 2 * time.Second, false},                     // counted: 4
		{0, 1000, false, 11 * time.Second, false},                 // no wait beyond all windows
		{time.Hour, 22, true, 0, false},                           // never more than full
		{500 * time.Millisecond, 1, false, 0, false},              // empty again
		{0, 3, false, 1500 * time.Millisecond, false},             // 3 in debt
		{1500 * time.Millisecond, 1, true, 0, false},              // 1 in debt
		{499 * time.Millisecond, 1, true, time.Millisecond, true}, // a thousandth is left
	} {
		clock.after(s.after)
		if wait, refused := l.Mutate(u, s.partitions, s.strict); wait != s.wait || refused != s.refused {
			t.Errorf("step %d: waits %v, refused %v, want %v, %v", i+1, wait, refused, s.wait, s.refused)
		}
	}
	if wait, refused := l.Mutate(quota.Client{User: "v"}, 1e6, true); wait != 0 || refused {
		t.Errorf("who has no quota waits %v, refused %v", wait, refused)
	}
}

func TestConnectionsOfAnAddress(t *testing.T) {
	l, clock := limited(t, quota.DefaultWindows,
		set(quota.Entity{IP: quota.Named("10.0.0.1")}, quota.ConnectionCreationRate, 2), set(quota.Entity{IP: quota.Default()}, quota.ConnectionCreationRate, 1))
	for i := range 20 {
		if wait := l.Connect("10.0.0.1"); wait > 0 {
			t.Fatalf("connection %d of 20 waits %v", i+1, wait)
		}
	}
	for range 3 { // which do not count
		if wait := l.Connect("10.0.0.1"); wait != 500*time.Millisecond {
			t.Errorf("one more waits %v", wait)
		}
	}
	clock.after(500 * time.Millisecond)
	if wait := l.Connect("10.0.0.1"); wait != 0 {
		t.Errorf("after that it waits %v", wait)
	}
	for i := range 10 {
		if wait := l.Connect("10.0.0.2") + l.Connect("10.0.0.3"); wait > 0 {
			t.Fatalf("connection %d of others waits %v", i+1, wait)
		}
	}
	if l.Connect("10.0.0.2") == 0 {
		t.Error("the default does not hold who has no quota by name")
	}
}

// A client can give itself any number of names. What is kept of them stays small,
// and those that are known go on as before.
func TestManyNames(t *testing.T) {
	l, clock := limited(t, quota.DefaultWindows, set(quota.Entity{ClientID: quota.Default()}, quota.ProducerByteRate, 1000))
	l.Record(quota.ProducerByteRate, quota.Client{ID: "first"}, 20_000)
	waits := 0
	for i := range 10_050 {
		if l.Record(quota.ProducerByteRate, quota.Client{ID: fmt.Sprint(i)}, 1000) > 0 {
			waits++
		}
	}
	if waits == 0 || waits > 51 {
		t.Errorf("%d of 10,050 names wait; the last 51 share a quota", waits)
	}
	if wait := l.Record(quota.ProducerByteRate, quota.Client{ID: "first"}, 0); wait != 10*time.Second {
		t.Errorf("the first waits %v", wait)
	}
	clock.after(11 * time.Second)
	for i := range 50 {
		if wait := l.Record(quota.ProducerByteRate, quota.Client{ID: fmt.Sprint("new ", i)}, 10_000); wait > 0 {
			t.Fatalf("once the others are silent, a new name waits %v", wait)
		}
	}
}

// Nothing is counted for who has no quota, and it is known at once that nobody has.
func TestNobodyHasAQuota(t *testing.T) {
	s := open(t, vfs.OS, t.TempDir())
	l := quota.NewLimiter(s, quota.DefaultWindows, quota.DefaultWindows, time.Now)
	if l.Active() || l.Record(quota.ProducerByteRate, quota.Client{User: "u"}, 1e18) > 0 || l.Connect("::1") > 0 {
		t.Error("without quotas somebody is limited")
	}
	if err := s.Alter(set(user("u"), quota.ProducerByteRate, 1)); err != nil || !l.Active() {
		t.Errorf("with one, active is %v; %v", l.Active(), err)
	}
	if err := s.Alter(removed(user("u"), quota.ProducerByteRate)); err != nil || l.Active() {
		t.Errorf("without it again, active is %v; %v", l.Active(), err)
	}
}
