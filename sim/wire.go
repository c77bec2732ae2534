package sim

import "copyscope/internal/transfer"

// wire is where the bytes arrive.
type wire struct {
	machine  *Machine
	arrived  []Extent // in order of arrival; what continues its predecessor is joined
	old, new bool     // of overwritten ranges, since the last look
}

// carry takes extents whose version is settled.
func (w *wire) carry(es []Extent) {
	for _, e := range es {
		w.arrived = join(w.arrived, e)
		if e.stream != 0 {
			continue
		}
		// Of what was overwritten meanwhile, did the old or the new bytes come?
		if f := w.machine.files[e.File]; f.changed(e, 0) {
			if f.changed(e, e.Taken) {
				w.old = true // taken before the overwrite
			} else {
				w.new = true
			}
		}
	}
}

// Arrived is what has arrived so far at the first receiver: the ranges of the
// file, in order of their arrival. A whole transfer is one range. Of bytes that
// were made from the file's on the way it is the ranges that they were made
// from, as far as all of them arrived in order and once.
func (m *Machine) Arrived() []Extent { return m.original(m.sockets[0].wire.arrived) }

// ArrivedAt is what has arrived at the receiver of another socket.
func (m *Machine) ArrivedAt(fd transfer.FD) []Extent {
	return m.original(m.main.k.open[fd].(*socketEnd).socket.wire.arrived)
}

// Arrived is what has arrived so far at the receiver of one of the thread's
// sockets, as [Machine.Arrived] has it of the first.
func (k *Kernel) Arrived(fd transfer.FD) []Extent { return k.m.original(k.socket(fd).wire.arrived) }

// Overwritten tells which bytes arrived of ranges that were overwritten after
// they were sent: the old ones (a copy was taken), the new ones (the page was
// lent). It forgets both.
func (m *Machine) Overwritten() (old, new bool) {
	for _, s := range m.sockets {
		old, new = old || s.wire.old, new || s.wire.new
		s.wire.old, s.wire.new = false, false
	}
	return old, new
}
