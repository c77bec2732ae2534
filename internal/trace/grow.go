package trace

// grower notes how the counts of a counter grow.
type grower struct {
	counter *Counter
	series  map[CountName]*Series
}

// newGrower begins after a step, with what the counter has counted until then.
func newGrower(c *Counter, step int) *grower {
	g := &grower{counter: c, series: make(map[CountName]*Series, len(countUnits))}
	for _, u := range countUnits {
		g.series[u.name] = &Series{Unit: u.unit, At: []int{step}, Value: []float64{c.Count(u.name).Value}}
	}
	return g
}

func (g *grower) add(step int, e Event) {
	g.counter.Add(e)
	for _, u := range countUnits {
		s, n := g.series[u.name], g.counter.Count(u.name)
		if n.Known() && n.Value != s.Value[len(s.Value)-1] {
			s.At = append(s.At, step)
			s.Value = append(s.Value, n.Value)
		}
	}
}

// known are the series, with how the counts are known by what of has counted.
func (g *grower) known(of *Counter) map[CountName]*Series {
	for _, u := range countUnits {
		n, s := of.Count(u.name), g.series[u.name]
		s.Provenance, s.Reason = n.Provenance, n.Reason
		if !n.Known() {
			s.At, s.Value = nil, nil
		}
	}
	return g.series
}

// Grow is [Run.Grow] of the steps from one to another, beginning with the exact
// counts after the first of them; how a count is known is that of the whole run.
func (l *Log) Grow(from, to int) map[CountName]*Series {
	g := newGrower(l.CounterAt(from), from)
	for i := from; i < min(to, l.n, l.keep); i++ {
		g.add(i+1, l.Event(i))
	}
	return g.known(l.counter)
}
