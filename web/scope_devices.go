package web

import (
	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// deviceQueues follows what the CPU told the devices to do: the requests in the
// disk's queue, and the descriptors in the card's transmit ring. An entry is
// there from the command until the device's interrupt tells that it is done, or
// the CPU has carried the bytes itself; what nothing tells of stays. Its links lead from each command to what the
// device did for it, and from that to the interrupt.
func deviceQueues(s lab.Scenario, events []trace.Event) (queues map[trace.Place]*shelf, links [][2]int) {
	d := newDevices(s)
	for i, e := range events {
		d.next(i+1, e)
	}
	d.finish(len(events))
	links = d.links(func(step int) bool { return events[step-1].Kind == trace.Interrupt })
	return d.queues(), links
}

func newDevices(s lab.Scenario) *devices {
	program, _ := transfer.Lookup(s.Path)
	return &devices{disk: &shelf{}, ring: &shelf{}, file: ofFile(s), stream: program.Sinks == 1}
}

// next tells of one more event.
func (d *devices) next(step int, e trace.Event) {
	rest := d.working[:0]
	for _, w := range d.working {
		if w.End() <= e.At {
			d.end(step, w)
		} else {
			rest = append(rest, w)
		}
	}
	d.working = rest
	d.begin(step, e)
	if queue, _ := d.of(e); queue != nil && e.Kind != trace.DeviceCommand {
		d.working = append(d.working, e)
	}
}

// finish ends what still works after the last event.
func (d *devices) finish(step int) {
	for _, w := range d.working {
		d.end(step, w)
	}
	d.working = nil
}

func (d *devices) queues() map[trace.Place]*shelf {
	return map[trace.Place]*shelf{trace.DiskPlace: d.disk, trace.NICRing: d.ring}
}

// links lead from the commands to what the devices did, and from that to the
// step that removed the entry, if that is an interrupt.
func (d *devices) links(interrupt func(step int) bool) (links [][2]int) {
	for _, queue := range []*shelf{d.disk, d.ring} {
		for _, h := range queue.items {
			if h.Begun > 0 && h.Begun != h.By {
				links = append(links, [2]int{h.By, h.Begun})
			}
			if h.Begun > 0 && h.Until > 0 && interrupt(h.Until) {
				links = append(links, [2]int{h.Begun, h.Until})
			}
		}
	}
	return links
}

type devices struct {
	disk, ring *shelf
	file       bool
	stream     bool // one stream is sent, whose bytes can be numbered
	sent       int64
	working    []trace.Event // that has not ended
}

// of is the queue that an event works on, and whether it is the card's.
func (d *devices) of(e trace.Event) (queue *shelf, card bool) {
	if e.Endpoint == trace.Receiver {
		return nil, false
	}
	switch e.Kind {
	case trace.DeviceCommand, trace.DMA, trace.PIO:
		switch {
		case e.To == trace.NICRing:
			return d.ring, true
		case e.To == trace.DiskPlace || e.From == trace.DiskPlace:
			return d.disk, false
		}
	}
	return nil, false
}

func (d *devices) begin(step int, e trace.Event) {
	if e.Kind == trace.Interrupt {
		switch e.From {
		case trace.NICRing:
			d.ring.reclaim(step)
		case trace.DiskPlace:
			d.disk.reclaim(step)
		}
		return
	}
	queue, card := d.of(e)
	switch {
	case queue == nil:
	case e.Kind == trace.DeviceCommand:
		queue.put(d.entry(step, e, card))
	default:
		// The device takes the oldest entries that it has not begun; work that
		// nobody told it of in an event gets an entry of its own.
		bytes := e.Bytes
		for _, i := range queue.open {
			if h := &queue.items[i]; h.Begun == 0 && bytes > 0 {
				h.Begun = step
				h.Source = e.From
				bytes -= h.Bytes
			}
		}
		if bytes > 0 {
			h := d.entry(step, e, card)
			h.Begun, h.Bytes = step, bytes
			queue.put(h)
		}
	}
}

func (d *devices) entry(step int, e trace.Event, card bool) held {
	h := held{From: step, By: e.Seq, Bytes: e.Bytes, Units: e.N, Linear: e.Detail == "nic-send-linear" || e.Kind == trace.PIO}
	if d.file {
		h.at(e.Offset)
	}
	if e.Kind != trace.DeviceCommand {
		h.Source, h.Units = e.From, 0
	}
	if card && d.stream {
		seq := d.sent
		h.Seq = &seq
		d.sent += e.Bytes
	}
	return h
}

func (d *devices) end(step int, e trace.Event) {
	queue, _ := d.of(e)
	bytes := e.Bytes
	for _, i := range queue.open {
		if h := &queue.items[i]; h.Begun > 0 && h.Ended == 0 && bytes > 0 {
			h.Ended = step
			bytes -= h.Bytes
		}
	}
	if e.Kind == trace.PIO { // the CPU did it, and needs no interrupt to know
		queue.reclaim(step)
	}
}

// reclaim removes the entries whose work has ended.
func (s *shelf) reclaim(step int) {
	rest := s.open[:0]
	for _, i := range s.open {
		if s.items[i].Ended > 0 {
			s.items[i].Until = step
		} else {
			rest = append(rest, i)
		}
	}
	s.open = rest
}
