// Package pagecache: a stand-in.
package pagecache

import "sort"

type File int32
type Run struct {
	File     File
	From, To int64
}
type Options struct{ Pages int64 }
type Cache struct {
	files map[File]*set
	dirty map[File]*set
	at    int64
	n     int64
}
type set struct{ runs []Run }

func New(o Options) *Cache { return &Cache{files: map[File]*set{}, dirty: map[File]*set{}} }
func (c *Cache) get(m map[File]*set, f File) *set {
	s := m[f]
	if s == nil {
		s = &set{}
		m[f] = s
	}
	return s
}
func (s *set) resident(i, limit int64) int64 {
	k := sort.Search(len(s.runs), func(k int) bool { return s.runs[k].To > i })
	if k == len(s.runs) || s.runs[k].From > i {
		return 0
	}
	return min(s.runs[k].To, limit) - i
}
func (s *set) missing(i, limit int64) int64 {
	k := sort.Search(len(s.runs), func(k int) bool { return s.runs[k].To > i })
	if k == len(s.runs) {
		return limit - i
	}
	return min(max(s.runs[k].From-i, 0), limit-i)
}
func (s *set) insert(from, to int64) {
	first := sort.Search(len(s.runs), func(k int) bool { return s.runs[k].To >= from })
	last := first
	for last < len(s.runs) && s.runs[last].From <= to {
		from, to = min(from, s.runs[last].From), max(to, s.runs[last].To)
		last++
	}
	s.runs = append(s.runs[:first], append([]Run{{0, from, to}}, s.runs[last:]...)...)
}
func (s *set) drop(from, to int64) {
	var out []Run
	for _, r := range s.runs {
		if r.From < min(r.To, from) {
			out = append(out, Run{0, r.From, min(r.To, from)})
		}
		if max(r.From, to) < r.To {
			out = append(out, Run{0, max(r.From, to), r.To})
		}
	}
	s.runs = out
}
func (c *Cache) Resident(f File, i, limit int64) int64 { return c.get(c.files, f).resident(i, limit) }
func (c *Cache) Missing(f File, i, limit int64) int64  { return c.get(c.files, f).missing(i, limit) }
func (c *Cache) Absent(f File, from, to int64) (n int64) {
	for from < to {
		from += c.Resident(f, from, to)
		miss := max(c.Missing(f, from, to), 0)
		from, n = from+miss, n+miss
	}
	return n
}
func (c *Cache) ResidentBefore(f File, i, most int64) int64 {
	for _, r := range c.get(c.files, f).runs {
		if r.From < i && i <= r.To {
			return min(i-r.From, most)
		}
	}
	return 0
}
func (c *Cache) Insert(f File, from, to int64) []Run { c.get(c.files, f).insert(from, to); return nil }
func (c *Cache) Use(f File, from, to int64)          {}
func (c *Cache) MarkDirty(f File, from, to, at int64) {
	c.get(c.dirty, f).insert(from, to)
	c.at = at
}
func (c *Cache) Clean(f File, from, to int64) { c.get(c.dirty, f).drop(from, to) }
func (c *Cache) DirtyPages() (n int64) {
	for _, s := range c.dirty {
		for _, r := range s.runs {
			n += r.To - r.From
		}
	}
	return n
}
func (c *Cache) IsDirty(f File, p int64) bool { return c.get(c.dirty, f).resident(p, p+1) > 0 }
func (c *Cache) OldestDirty() (Run, int64, bool) {
	for f := File(0); f < 100; f++ {
		if s := c.dirty[f]; s != nil && len(s.runs) > 0 {
			return Run{f, s.runs[0].From, s.runs[0].To}, c.at, true
		}
	}
	return Run{}, 0, false
}
func (c *Cache) DirtyRuns(f File, limit int) []Run {
	return append([]Run(nil), c.get(c.dirty, f).runs...)
}
func (c *Cache) Drop(f File, from, to int64) {
	c.get(c.files, f).drop(from, to)
	c.get(c.dirty, f).drop(from, to)
}
