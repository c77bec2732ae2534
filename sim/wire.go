package sim

import "fmt"

// wire is where the bytes arrive. It checks that they are the file's, in order
// and once.
type wire struct {
	machine *Machine
	started bool
	next    int64 // the file offset that must come next
	bytes   int64
	changed bool // since the last look
	kept    bool
	err     error
}

// carry takes extents whose version is settled.
func (w *wire) carry(es []Extent) {
	for _, e := range es {
		if !w.started {
			w.started, w.next = true, e.Off
		}
		if e.Off != w.next && w.err == nil {
			w.err = fmt.Errorf("the wire got the file's bytes from %d on where %d was due: a byte was lost, repeated or out of order", e.Off, w.next)
		}
		w.next = e.Off + e.Len
		w.bytes += e.Len
		// Of what was overwritten meanwhile, did the old or the new bytes come?
		if w.machine.file.version() > 0 && w.machine.file.changed(e, 0) {
			if w.machine.file.changed(e, e.Taken) {
				w.kept = true // taken before the overwrite: the old bytes
			} else {
				w.changed = true
			}
		}
	}
}

// Arrived is how many bytes have arrived so far, and whether they were the
// file's, in order and once.
func (m *Machine) Arrived() (int64, error) { return m.wire.bytes, m.wire.err }

// Overwritten tells which bytes arrived of ranges that were overwritten after
// they were sent: the old ones (a copy was taken), the new ones (the page was
// lent). It forgets both.
func (m *Machine) Overwritten() (old, new bool) {
	old, new = m.wire.kept, m.wire.changed
	m.wire.kept, m.wire.changed = false, false
	return old, new
}
