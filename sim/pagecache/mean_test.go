package pagecache_test

import (
	"math"
	"testing"

	"copyscope/sim/pagecache"
)

// TestSecondUseStays: a scan larger than memory does not push out what was used
// twice, and what was used once it does.
func TestSecondUseStays(t *testing.T) {
	c := pagecache.New(pagecache.Options{Pages: 1000})
	c.Insert(1, 0, 200)
	c.Use(1, 0, 200)
	c.Use(1, 0, 100)
	for p := int64(0); p < 100_000; p += 16 {
		c.Insert(2, p, p+16)
		c.Use(2, p, p+16)
	}
	if got := c.Resident(1, 0, 200); got != 100 || c.Absent(1, 100, 200) != 100 {
		t.Errorf("%d pages used twice stayed, want 100; of those used once %d left, want 100", got, c.Absent(1, 100, 200))
	}
	if c.Active() != 100 || c.Pages() != 1000 {
		t.Errorf("%d of %d pages active, want 100 of 1000", c.Active(), c.Pages())
	}
}

// TestActiveBeginsUnreferenced: the two uses that made a page active are spent;
// back on the inactive list it needs two again, or one if it was used while
// active.
func TestActiveBeginsUnreferenced(t *testing.T) {
	c := pagecache.New(pagecache.Options{Pages: 100})
	c.Insert(1, 0, 60)
	c.Use(1, 0, 60)
	c.Use(1, 0, 60)
	c.Use(1, 5, 6)
	c.Insert(2, 0, 41) // the last needs room, and 40 inactive pages are too few
	if c.Active() != 60-32 || c.Absent(1, 0, 60) != 0 {
		t.Fatalf("%d active, %d absent; want 28, 0", c.Active(), c.Absent(1, 0, 60))
	}
	c.Use(1, 0, 5)
	if c.Active() != 28 {
		t.Errorf("%d active after one use, want 28", c.Active())
	}
	c.Use(1, 5, 6)
	if c.Active() != 29 {
		t.Errorf("%d active after the use of a page that was used while active, want 29", c.Active())
	}
}

// TestDirtyPagesHoldOut: what is dirty never leaves; the cache grows over its
// capacity and comes back to it after write-back.
func TestDirtyPagesHoldOut(t *testing.T) {
	c := pagecache.New(pagecache.Options{Pages: 100})
	c.Insert(1, 0, 100)
	c.MarkDirty(1, 0, 100, 7)
	c.Insert(1, 100, 101)
	if c.Pages() != 101 || c.DirtyPages() != 100 || c.Rotated() != 32 {
		t.Fatalf("%d pages, %d dirty, %d rotated; want 101, 100, 32", c.Pages(), c.DirtyPages(), c.Rotated())
	}
	c.Clean(1, 0, 100)
	for p := int64(101); p < 110; p++ {
		c.Insert(1, p, p+1)
	}
	if c.Pages() != 100 {
		t.Errorf("%d pages after write-back, want 100", c.Pages())
	}
}

// TestOldestDirtyIsBounded: write-back gets 4 MiB at most, younger pages in the
// gap-free range included.
func TestOldestDirtyIsBounded(t *testing.T) {
	c := pagecache.New(pagecache.Options{})
	c.Insert(3, 0, 5000)
	c.MarkDirty(3, 2000, 2010, 5)
	c.MarkDirty(3, 0, 5000, 9)
	run, at, ok := c.OldestDirty()
	if want := (pagecache.Run{File: 3, From: 2000, To: 3024}); run != want || at != 5 || !ok {
		t.Errorf("%v at %d, %v; want %v at 5", run, at, ok, want)
	}
}

// TestTebibyte: a file of 1 TiB is in memory, and asked for, at the cost of its
// bitmap.
func TestTebibyte(t *testing.T) {
	const tib = 1 << 28
	c := pagecache.New(pagecache.Options{})
	c.Insert(1, 0, tib)
	if got := c.Resident(1, 5, math.MaxInt64); got != tib-5 {
		t.Errorf("%d pages resident, want %d", got, tib-5)
	}
	c.Drop(1, tib-1000, math.MaxInt64)
	if got := c.Missing(1, tib-1000, tib+1000); got != 2000 || c.Pages() != tib-1000 {
		t.Errorf("%d missing, %d pages; want 2000, %d", got, c.Pages(), tib-1000)
	}
}

// TestImpossiblePages: a page that no file can have is never in memory.
func TestImpossiblePages(t *testing.T) {
	for _, capacity := range []int64{0, 10} {
		c := pagecache.New(pagecache.Options{Pages: capacity})
		c.Insert(1, -5, 2)
		c.Insert(1, pagecache.MaxPages, math.MaxInt64)
		c.Insert(1, 9, 3)
		c.Use(1, math.MinInt64, math.MaxInt64)
		c.MarkDirty(1, -5, math.MaxInt64, 0)
		if c.Pages() != 2 || c.DirtyPages() != 2 || c.Resident(1, -1, 2) != 0 || c.Missing(1, -3, 9) != 3 || c.ResidentBefore(1, math.MaxInt64, 3) != 0 {
			t.Errorf("capacity %d: %d pages, %d dirty; want 2, 2", capacity, c.Pages(), c.DirtyPages())
		}
	}
}

// TestSteadyStateAllocatesNothing: a full cache recycles what it has.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	c := pagecache.New(pagecache.Options{Pages: 4096})
	p := int64(0)
	read := func() {
		c.Insert(1, p, p+16)
		c.Use(1, p, p+16)
		c.MarkDirty(1, p, p+16, p)
		c.Clean(1, p, p+16)
		p = (p + 16) % (1 << 16)
	}
	for range 2 << 12 {
		read()
	}
	if n := testing.AllocsPerRun(5000, read); n != 0 {
		t.Errorf("%v allocations a run", n)
	}
}
