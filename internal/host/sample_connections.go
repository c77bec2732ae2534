package host

import (
	"cmp"
	"slices"
)

const (
	// connectionsRead is how many connections are asked for each sample: each
	// takes three system calls.
	connectionsRead = 256
	// connectionsShown is how many of them a sample has, the busiest.
	connectionsShown = 32
)

// socketReading is what the kernel told of one connection.
type socketReading struct {
	id               int
	peer, congestion string
	values           map[key]float64
	failed           map[string]error // by the option that was asked for
}

// connectionsBetween makes the connections of a sample, the busiest first.
func connectionsBetween(before, now *reading) []Connection {
	old := map[int]socketReading{}
	if before != nil {
		for _, s := range before.sockets {
			old[s.id] = s
		}
	}
	all := make([]Connection, len(now.sockets))
	for i, s := range now.sockets {
		all[i] = Connection{ID: s.id, Peer: s.peer, Congestion: s.congestion}
		asked := &reading{at: now.at, values: s.values, failed: s.failed}
		var earlier *reading
		if o, ok := old[s.id]; ok {
			earlier = &reading{at: before.at, values: o.values, failed: o.failed}
		}
		for _, f := range connectionRules {
			all[i].Figures = append(all[i].Figures, f.figures(earlier, asked)...)
		}
	}
	slices.SortStableFunc(all, func(a, b Connection) int {
		return cmp.Or(-cmp.Compare(a.sent(), b.sent()), cmp.Compare(a.ID, b.ID))
	})
	return all[:min(len(all), connectionsShown)]
}

// sent is the first figure, -1 if it is not known.
func (c Connection) sent() float64 {
	if v := c.Figures[0].Value; v != nil {
		return *v
	}
	return -1
}
