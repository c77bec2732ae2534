package pagecache_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"copyscope/sim/pagecache"
)

type id struct {
	f pagecache.File
	p int64
}

type state struct {
	active, referenced, young, dirty bool
	at                               int64
}

// reference is a page cache to believe: a map, and three slices that are
// searched from end to end. The lists begin at the head.
type reference struct {
	capacity         int
	pages            map[id]*state
	inactive, active []id
	dirty            []id // in the order in which they became dirty
	rotated          int64
}

func without(list []id, i id) []id {
	k := slices.Index(list, i)
	return slices.Delete(list, k, k+1)
}

func (r *reference) insert(f pagecache.File, from, to int64) (evicted []id) {
	for p := from; p < to; p++ {
		i := id{f, p}
		if r.pages[i] != nil {
			continue
		}
		if r.capacity > 0 && len(r.pages) >= r.capacity {
			evicted = append(evicted, r.reclaim()...)
		}
		r.pages[i] = &state{}
		r.inactive = slices.Insert(r.inactive, 0, i)
	}
	return evicted
}

func (r *reference) reclaim() (evicted []id) {
	r.balance()
	for n := 0; n < 32 && len(r.pages) >= r.capacity && len(r.inactive) > 0; {
		i := r.inactive[len(r.inactive)-1]
		r.inactive = without(r.inactive, i)
		if s := r.pages[i]; s.young {
			if s.referenced {
				s.active = true
				r.active = slices.Insert(r.active, 0, i)
			} else {
				r.inactive = slices.Insert(r.inactive, 0, i)
			}
			s.young, s.referenced = false, true
			r.balance()
			continue
		}
		n++
		if r.pages[i].dirty {
			r.inactive = slices.Insert(r.inactive, 0, i)
			r.rotated++
			continue
		}
		delete(r.pages, i)
		evicted = append(evicted, i)
	}
	return evicted
}

func (r *reference) balance() {
	gib := len(r.pages) / (1 << 18)
	ratio := 1
	if gib > 0 {
		for (ratio+1)*(ratio+1) <= 10*gib {
			ratio++
		}
	}
	if len(r.inactive)*ratio < len(r.active) {
		for n := 0; n < 32 && len(r.active) > 0; n++ {
			i := r.active[len(r.active)-1]
			r.active = without(r.active, i)
			r.inactive = slices.Insert(r.inactive, 0, i)
			r.pages[i].active, r.pages[i].young = false, false
		}
	}
}

func (r *reference) touch(i id) {
	if s := r.pages[i]; s != nil {
		s.young = true
	}
}

func (r *reference) unmap(i id) {
	if s := r.pages[i]; s != nil && s.young {
		s.young = false
		r.use(i)
	}
}

func (r *reference) use(i id) {
	s := r.pages[i]
	if s == nil || r.capacity == 0 {
		return
	}
	if !s.referenced {
		s.referenced = true
	} else if !s.active {
		s.active, s.referenced = true, false
		r.inactive = without(r.inactive, i)
		r.active = slices.Insert(r.active, 0, i)
	}
}

func (r *reference) markDirty(i id, at int64) {
	if s := r.pages[i]; s != nil && !s.dirty {
		s.dirty, s.at = true, at
		r.dirty = append(r.dirty, i)
	}
}

func (r *reference) clean(i id) {
	if s := r.pages[i]; s != nil && s.dirty {
		s.dirty = false
		r.dirty = without(r.dirty, i)
	}
}

func (r *reference) drop(i id) {
	s := r.pages[i]
	if s == nil {
		return
	}
	r.clean(i)
	if s.active {
		r.active = without(r.active, i)
	} else {
		r.inactive = without(r.inactive, i)
	}
	delete(r.pages, i)
}

func (r *reference) isDirty(i id) bool { return r.pages[i] != nil && r.pages[i].dirty }

// run is how many pages from p on, below limit, are (or are not) there.
func (r *reference) run(f pagecache.File, p, limit int64, there bool) (n int64) {
	for p+n < limit && (r.pages[id{f, p + n}] != nil) == there {
		n++
	}
	return n
}

// The files of a trace, and how far its pages go: over the border of a chunk.
const (
	files = 3
	base  = 1<<15 - 100
	span  = 200
)

// compare asks both caches everything.
func compare(c *pagecache.Cache, r *reference) error {
	differ := func(what string, got, want any) error {
		if fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("%s: %v, the reference has %v", what, got, want)
		}
		return nil
	}
	active := len(r.active)
	for _, q := range []struct {
		what      string
		got, want any
	}{
		{"pages", c.Pages(), len(r.pages)}, {"active", c.Active(), active}, {"rotated", c.Rotated(), r.rotated}, {"dirty pages", c.DirtyPages(), len(r.dirty)},
	} {
		if err := differ(q.what, q.got, q.want); err != nil {
			return err
		}
	}
	run, at, ok := c.OldestDirty()
	any, has := c.AnyDirty()
	if ok != (len(r.dirty) > 0) || has != ok {
		return fmt.Errorf("oldest dirty: %v, any %v, the reference has %d", ok, has, len(r.dirty))
	}
	if ok {
		first := r.dirty[0]
		want := pagecache.Run{File: first.f, From: first.p, To: first.p}
		for r.isDirty(id{first.f, want.To}) {
			want.To++
		}
		if run != want || at != r.pages[first].at || any != first.f {
			return fmt.Errorf("oldest dirty: %v at %d, any %d, the reference has %v at %d", run, at, any, want, r.pages[first].at)
		}
	}
	for f := pagecache.File(0); f < files; f++ {
		var dirty []pagecache.Run
		absent := int64(0)
		for p := int64(base); p < base+span; p++ {
			i := id{f, p}
			there := r.pages[i] != nil
			if got := c.Resident(f, p, p+1) == 1; got != there {
				return fmt.Errorf("page %v: %v, the reference has %v", i, got, there)
			}
			if got := c.IsDirty(f, p); got != r.isDirty(i) {
				return fmt.Errorf("page %v dirty: %v, the reference has %v", i, got, !got)
			}
			if !there {
				absent++
			}
			if r.isDirty(i) {
				if k := len(dirty) - 1; k >= 0 && dirty[k].To == p {
					dirty[k].To++
				} else {
					dirty = append(dirty, pagecache.Run{File: f, From: p, To: p + 1})
				}
			}
		}
		if got := c.Absent(f, base, base+span); got != absent {
			return fmt.Errorf("file %d: %d absent, the reference has %d", f, got, absent)
		}
		if got := c.DirtyRuns(f, 0); !slices.Equal(got, dirty) {
			return fmt.Errorf("file %d: dirty runs %v, the reference has %v", f, got, dirty)
		}
		if got := c.DirtyRuns(f, 2); !slices.Equal(got, dirty[:min(2, len(dirty))]) {
			return fmt.Errorf("file %d: first dirty runs %v, the reference has %v", f, got, dirty)
		}
	}
	return nil
}

// scans compares what is asked for from one page on.
func scans(c *pagecache.Cache, r *reference, f pagecache.File, p, n int64) error {
	before := int64(0)
	for before < n && p-before-1 >= 0 && r.pages[id{f, p - before - 1}] != nil {
		before++
	}
	for _, q := range []struct {
		what      string
		got, want int64
	}{
		{"resident", c.Resident(f, p, p+n), r.run(f, p, p+n, true)},
		{"missing", c.Missing(f, p, p+n), r.run(f, p, p+n, false)},
		{"resident before", c.ResidentBefore(f, p, n), before},
	} {
		if q.got != q.want {
			return fmt.Errorf("%s of %d from %d, %d pages: %d, the reference has %d", q.what, f, p, n, q.got, q.want)
		}
	}
	return nil
}

// follow lets both caches do what the bytes say, four of them a step, and
// compares after each.
func follow(text []byte, capacity int) error {
	c := pagecache.New(pagecache.Options{Pages: int64(capacity)})
	r := &reference{capacity: capacity, pages: map[id]*state{}}
	for step := 0; len(text) >= 4; step, text = step+1, text[4:] {
		f := pagecache.File(text[0] >> 4 % files)
		from := base + int64(text[1])%span
		to := min(from+1+int64(text[2])%40, base+span)
		all := func(do func(id)) {
			for p := from; p < to; p++ {
				do(id{f, p})
			}
		}
		switch text[0] & 15 {
		case 0, 1, 2, 3, 4:
			var got []id
			for _, run := range c.Insert(f, from, to) {
				for p := run.From; p < run.To; p++ {
					got = append(got, id{run.File, p})
				}
			}
			if want := r.insert(f, from, to); !slices.Equal(got, want) {
				return fmt.Errorf("step %d: evicted %v, the reference %v", step, got, want)
			}
		case 5, 6:
			c.Use(f, from, to)
			all(r.use)
		case 7:
			if text[3]&3 == 0 {
				c.Unmap(f, from, to)
				all(r.unmap)
			} else {
				c.Touch(f, from, to)
				all(r.touch)
			}
		case 8, 9, 10:
			c.MarkDirty(f, from, to, int64(step/2))
			all(func(i id) { r.markDirty(i, int64(step/2)) })
		case 11:
			c.Clean(f, from, to)
			all(r.clean)
		case 12:
			c.Drop(f, from, to)
			all(r.drop)
		case 13: // write-back, as a flusher does it
			if run, _, ok := c.OldestDirty(); ok {
				c.Clean(run.File, run.From, run.To)
				for p := run.From; p < run.To; p++ {
					r.clean(id{run.File, p})
				}
			}
		case 14:
			if text[3]&7 == 0 { // truncate
				c.Drop(f, from, math.MaxInt64)
				to = base + span
				all(r.drop)
			}
		case 15: // the copy goes on, the original must not matter
			old := c
			c = c.Snapshot()
			old.Insert(f, base, base+span)
			old.Use(f, base, base+span)
			old.MarkDirty(f, base, base+span, 0)
			old.Drop(f, from, base+span)
		}
		if err := scans(c, r, f, from-int64(text[3]&63), 1+int64(text[3])%70); err != nil {
			return fmt.Errorf("step %d: %w", step, err)
		}
		if err := compare(c, r); err != nil {
			return fmt.Errorf("step %d (%v): %w", step, text[:4], err)
		}
	}
	return nil
}

// capacities: none, tiny, below the dirty pages of a trace, above all of it.
var capacities = []int{0, 1, 3, 40, 150, 5 * span}

// TestAgainstReference drives both caches by random traces.
func TestAgainstReference(t *testing.T) {
	for _, capacity := range capacities {
		t.Run(fmt.Sprint(capacity), func(t *testing.T) {
			for seed := range uint64(4) {
				dice := rand.New(rand.NewPCG(seed, uint64(capacity)))
				text := make([]byte, 4*300)
				for i := range text {
					text[i] = byte(dice.Uint32())
					if seed%2 == 1 && i%4 == 0 && dice.IntN(6) > 0 {
						text[i] &^= 8 // reads, hardly anything is dirty: the lists balance
					}
				}
				if err := follow(text, capacity); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
		})
	}
}

func FuzzCache(f *testing.F) {
	f.Add([]byte{0, 90, 30, 0, 5, 90, 30, 0, 5, 90, 30, 0, 1, 0, 39, 0}, byte(3))
	f.Add([]byte{0, 90, 39, 0, 8, 90, 39, 0, 16, 0, 39, 0, 13, 0, 0, 0, 16, 40, 39, 0}, byte(3))
	f.Add([]byte{0, 99, 1, 0, 8, 99, 1, 7, 15, 99, 0, 0, 12, 99, 1, 0, 14, 0, 0, 0}, byte(0))
	f.Fuzz(func(t *testing.T, text []byte, capacity byte) {
		if err := follow(text[:min(len(text), 4*200)], capacities[int(capacity)%len(capacities)]); err != nil {
			t.Error(err)
		}
	})
}
