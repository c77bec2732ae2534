package sim

// wire is where the bytes arrive.
type wire struct {
	machine  *Machine
	arrived  []Extent // in order of arrival; what continues its predecessor is joined
	old, new bool     // of overwritten ranges, since the last look
}

// carry takes extents whose version is settled.
func (w *wire) carry(es []Extent) {
	for _, e := range es {
		if last := len(w.arrived) - 1; last >= 0 && w.arrived[last].Off+w.arrived[last].Len == e.Off {
			w.arrived[last].Len += e.Len
		} else {
			w.arrived = append(w.arrived, e)
		}
		// Of what was overwritten meanwhile, did the old or the new bytes come?
		if f := &w.machine.file; f.changed(e, 0) {
			if f.changed(e, e.Taken) {
				w.old = true // taken before the overwrite
			} else {
				w.new = true
			}
		}
	}
}

// Arrived is what has arrived so far: the ranges of the file, in order of their
// arrival. A whole transfer is one range.
func (m *Machine) Arrived() []Extent { return m.wire.arrived }

// Overwritten tells which bytes arrived of ranges that were overwritten after
// they were sent: the old ones (a copy was taken), the new ones (the page was
// lent). It forgets both.
func (m *Machine) Overwritten() (old, new bool) {
	old, new = m.wire.old, m.wire.new
	m.wire.old, m.wire.new = false, false
	return old, new
}
