package pagecache_test

import (
	"math/rand/v2"
	"testing"

	"copyscope/sim/pagecache"
)

const gib = 1 << 18 // pages

// BenchmarkSequential reads a file of 64 GiB in runs of 16 pages, over and over;
// ns/op are per run.
func BenchmarkSequential(b *testing.B) {
	for _, q := range []struct {
		name     string
		capacity int64
	}{{"unlimited", 0}, {"1GiB", gib}} {
		b.Run(q.name, func(b *testing.B) {
			c := pagecache.New(pagecache.Options{Pages: q.capacity})
			read := func(p int64) {
				c.Insert(1, p, p+16)
				c.Use(1, p, p+16)
			}
			for p := int64(0); p < 64*gib; p += 16 { // the steady state
				read(p)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				read(int64(i) * 16 % (64 * gib))
			}
			b.ReportMetric(float64(b.N)*16/b.Elapsed().Seconds()/1e6, "Mpages/s")
		})
	}
}

// BenchmarkResident asks a warm file of 1 GiB for runs of 16 pages.
func BenchmarkResident(b *testing.B) {
	c := pagecache.New(pagecache.Options{})
	c.Insert(1, 0, gib)
	for i := range b.N {
		p := int64(i) * 37 & (gib - 1)
		if c.Resident(1, p, p+16) == 0 {
			b.Fatal("absent")
		}
	}
}

// BenchmarkRandom puts 262,144 pages of a file of 1 TiB into an empty cache;
// ns/op are for all.
func BenchmarkRandom(b *testing.B) {
	for _, q := range []struct {
		name     string
		capacity int64
	}{{"unlimited", 0}, {"1GiB", gib}} {
		b.Run(q.name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				dice := rand.New(rand.NewPCG(1, 2))
				c := pagecache.New(pagecache.Options{Pages: q.capacity})
				for range gib {
					p := dice.Int64N(1024 * gib)
					c.Insert(1, p, p+1)
				}
			}
		})
	}
}

// BenchmarkWriteBack makes runs of 16 pages dirty and writes the oldest back;
// ns/op are per run.
func BenchmarkWriteBack(b *testing.B) {
	c := pagecache.New(pagecache.Options{Pages: gib})
	b.ReportAllocs()
	for i := range b.N {
		p := int64(i) * 16 % (64 * gib)
		c.Insert(1, p, p+16)
		c.MarkDirty(1, p, p+16, int64(i))
		if c.DirtyPages() > gib/10 {
			r, _, _ := c.OldestDirty()
			c.Clean(r.File, r.From, min(r.To, r.From+256))
		}
	}
}
