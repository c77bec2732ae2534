package log_test

import (
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"copyscope/broker/vfs"
	"copyscope/broker/vfs/vfstest"
)

// TestPowerCutInCleaning cuts the power at every changing call of a cleaning.
func TestPowerCutInCleaning(t *testing.T) {
	for seed := range uint64(4) {
		kill := seed%2 == 1
		for cut := 1; ; cut++ {
			disk := vfstest.NewDisk(uint64(cut) + seed<<32)
			c := newCompacting(disk, 3)
			if err := c.open(); err != nil {
				t.Fatal(err)
			}
			for range 30 {
				if err := c.append(); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.part.Flush(); err != nil {
				t.Fatal(err)
			}
			c.dir.Tend()
			c.cfg.SegmentBytes = 4000 // several segments become one
			c.part.Configure(c.cfg)
			disk.CutAfter(cut)
			c.dir.Clean()
			whole := c.dir.CleanerStats().Runs > 0
			if kill {
				disk.Kill()
			} else {
				disk.Restart()
			}
			for again := range 2 {
				err := c.open()
				if err == nil {
					err = c.check()
				}
				if err == nil && again == 1 {
					c.dir.Clean()
					err = c.check()
					if n := c.superseded(t); n > 0 {
						t.Errorf("cut %d: after another cleaning %d superseded records are left", cut, n)
					}
				}
				if err != nil {
					t.Fatalf("cut %d (kill %v), start %d: %v\n%s", cut, kill, again, err, c.said.String())
				}
				disk.Restart()
			}
			if whole {
				if cut < 20 {
					t.Errorf("a cleaning made only %d changing calls", cut)
				}
				break
			}
		}
	}
}

// TestCleaningGivenUp: where the disk fails a cleaning, the log stays as it was,
// that is said once, and it is tried again.
func TestCleaningGivenUp(t *testing.T) {
	for _, script := range []string{"write .cleaned#*: ENOSPC", "write .cleaned#*: short 20 ENOSPC", "sync .cleaned#*: EIO", "open .cleaned#*: EMFILE", "rename .swap#*: EIO", "rename .swap#3: EIO"} {
		t.Run(script, func(t *testing.T) {
			disk := vfstest.NewDisk(1)
			c := newCompacting(disk, 5)
			faults := vfstest.Inject(t, disk, script)
			c.fs = faults
			if err := c.open(); err != nil {
				t.Fatal(err)
			}
			for range 30 {
				if err := c.append(); err != nil {
					t.Fatal(err)
				}
			}
			c.dir.Tend()
			before := c.part.Segments()
			for range 3 {
				c.dir.Clean()
				c.clock = c.clock.Add(time.Minute)
				if strings.Contains(script, "#*") && !slices.Equal(before, c.part.Segments()) {
					t.Error("the log changed")
				}
				if err := c.check(); err != nil {
					t.Fatal(err)
				}
			}
			if n := strings.Count(c.said.String(), "could not be cleaned"); n != 1 {
				t.Errorf("it was said %d times, want once:\n%s", n, c.said.String())
			}
			if s := c.dir.CleanerStats(); s.Failures == 0 || s.Failing == 0 != (s.Runs > 0) {
				t.Errorf("the figures are %+v", s)
			}
			faults.Heal()
			c.dir.Clean()
			if n := c.superseded(t); n > 0 || c.dir.CleanerStats().Failing > 0 {
				t.Errorf("when the disk works again: %d superseded records, %+v", n, c.dir.CleanerStats())
			}
			if err := errors.Join(c.check(), c.dir.Close(), c.open(), c.check()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// slowFailure fails each write of a cleaning of one partition, a minute after it
// began: longer than the cleaner waits after an error.
type slowFailure struct {
	vfs.FS
	c *compacting
}

func (f slowFailure) Open(name string, flag int) (vfs.File, error) {
	if strings.HasPrefix(name, "/t-0/") && strings.HasSuffix(name, ".cleaned") {
		f.c.clock = f.c.clock.Add(time.Minute)
		f.c.tries++
		if f.c.tries > 3 { // else a cleaner that tries at once tries for ever
			f.c.cfg.Compacted = false
			f.c.part.Configure(f.c.cfg)
		}
		return nil, syscall.EIO
	}
	return f.FS.Open(name, flag)
}

// A partition that cannot be cleaned, and takes longer to tell than the cleaner waits
// after an error, keeps it from no other one.
func TestCleaningGoesOnAfterASlowFailure(t *testing.T) {
	c := newCompacting(nil, 1)
	c.fs = slowFailure{vfstest.NewDisk(1), c}
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	for range 30 {
		if err := c.append(); err != nil {
			t.Fatal(err)
		}
	}
	c.dir.Clean()
	if c.tries != 1 || c.dir.CleanerStats().Failures != 1 {
		t.Errorf("it was tried %d times, want once: %+v", c.tries, c.dir.CleanerStats())
	}
}

// A cleaning at a pace that lasts for days ends when its partition is deleted, or the
// directory is closed.
func TestCleaningStops(t *testing.T) {
	for name, end := range map[string]func(c *compacting) error{
		"directory closed":  func(c *compacting) error { return c.dir.Close() },
		"partition deleted": func(c *compacting) error { return c.dir.Remove(c.part) },
	} {
		t.Run(name, func(t *testing.T) {
			hook := &readHook{FS: vfstest.NewDisk(1)}
			c := newCompacting(hook, 1)
			c.pace = 1
			if err := c.open(); err != nil {
				t.Fatal(err)
			}
			for range 30 {
				if err := c.append(); err != nil {
					t.Fatal(err)
				}
			}
			begun, done := make(chan struct{}), make(chan struct{})
			hook.on = func() { close(begun) }
			go func() {
				defer close(done)
				c.dir.Clean()
			}()
			select {
			case <-begun:
			case <-done:
				t.Fatal("nothing was cleaned")
			}
			if err := end(c); err != nil {
				t.Fatal(err)
			}
			select {
			case <-done:
			case <-time.After(30 * time.Second):
				t.Fatal("it goes on")
			}
			if s := c.dir.CleanerStats(); s.Runs != 0 || s.Failures != 0 {
				t.Errorf("the figures are %+v", s)
			}
		})
	}
}

// A compacted partition that the cleaner leaves alone has no cleanness: it would be
// told to wait for ever.
func TestNoCleannessOfWhatIsNeverCleaned(t *testing.T) {
	c := newCompacting(vfstest.NewDisk(1), 1)
	for _, skipped := range []bool{false, true} {
		c.skip = func(topic string) bool { return skipped && topic == "t" }
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		if _, ok := c.part.Cleanness(); ok == skipped {
			t.Errorf("skipped %v: it has one: %v", skipped, ok)
		}
		if err := c.dir.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
