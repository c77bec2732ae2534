package copysample

// Part is some of the samples, and the processor time that they stand for.
type Part struct {
	Samples int64 `json:"samples"`
	CPU     int64 `json:"cpu_ns"`
}

func (p *Part) add(period uint64) {
	p.Samples++
	p.CPU += int64(period)
}

func (p Part) plus(q Part) Part { return Part{p.Samples + q.Samples, p.CPU + q.CPU} }

// Figures are what samples of some threads tell. Each figure is measured; how sure it
// is follows from how many samples it has.
type Figures struct {
	// Every is the processor time between samples of a thread, in ns.
	Every int64 `json:"every_ns"`
	// All samples, those in the kernel, and of those what copied payload.
	All    Part `json:"all"`
	Kernel Part `json:"kernel"`
	// Copies are ToUser, FromUser and Linearising together: what these threads
	// copied. Receiver is apart.
	Copies      Part `json:"copies"`
	ToUser      Part `json:"to_user"`
	FromUser    Part `json:"from_user"`
	Linearising Part `json:"linearising"`
	Receiver    Part `json:"receiver"`
	// Lost samples found no room.
	Lost int64 `json:"lost"`
}

// add counts one sample.
func (f *Figures) add(chain []string, period uint64) {
	f.All.add(period)
	if len(chain) > 0 {
		f.Kernel.add(period)
	}
	switch Attribute(chain) {
	case ToUser:
		f.ToUser.add(period)
	case FromUser:
		f.FromUser.add(period)
	case Linearising:
		f.Linearising.add(period)
	case Receiver:
		f.Receiver.add(period)
	}
	f.Copies = f.ToUser.plus(f.FromUser).plus(f.Linearising)
}
