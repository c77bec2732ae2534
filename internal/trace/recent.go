package trace

// recent remembers events that are counted but not kept as long as they may
// still turn out otherwise: the latest, and of those before them the ones that
// last.
type recent struct {
	size  int // a power of two
	ring  []packed
	last  map[int]*packed
	limit int // how many may be in last before it is swept
}

const recentEvents = 1 << 12

// at is where event i is, or nil; n events were counted.
func (r *recent) at(i, n int) *packed {
	if n-i <= r.size {
		return &r.ring[i&(r.size-1)]
	}
	return r.last[i]
}

// remember puts event i in the place of the one that is size events older.
func (l *Log) remember(i int, e *Entry, k *told) {
	r := &l.recent
	if r.ring == nil {
		r.ring = make([]packed, r.size)
		r.last = map[int]*packed{}
	}
	p := &r.ring[i&(r.size-1)]
	if old := i - r.size; old >= l.keep && l.lasts(p, old, e.At) {
		copied := *p
		r.last[old] = &copied
		if len(r.last) > r.limit {
			l.sweep(e.At)
		}
	} else if p.thread == overflow {
		delete(l.wide, old)
	}
	if !p.pack(e, k.isCall, 0) {
		l.spill(p, i, e, 0)
	}
}

// lasts says whether event i may still turn out otherwise: it goes on, or it is a
// call or a wait of which nobody said how long it takes.
func (l *Log) lasts(p *packed, i int, now Ns) bool {
	at, dur := p.time()
	if p.thread == overflow {
		w := l.wide[i]
		at, dur = w.At, w.Dur
	}
	return at+dur > now || dur == 0 && l.told[p.shape].open
}

// sweep forgets what has ended.
func (l *Log) sweep(now Ns) {
	r := &l.recent
	for i, p := range r.last {
		if !l.lasts(p, i, now) {
			if p.thread == overflow {
				delete(l.wide, i)
			}
			delete(r.last, i)
		}
	}
	r.limit = 2*len(r.last) + 64
}
