package tracepoint

import "encoding/binary"

// The kernel's ring buffer is read by pages: a time, a length, then records that
// each begin with 5 bits of type or length and 27 bits of time since the one before
// (kernel/trace/ring_buffer.c, struct buffer_data_page; include/linux/ring_buffer.h,
// struct ring_buffer_event; tracefs tells both in events/header_page and
// events/header_event).
const (
	pageHeader = 16 // time and length, 64 bits each

	recordLong      = 0  // the length follows, in bytes, itself included
	recordPadding   = 29 // nothing more, or a gap of so many bytes
	recordExtend    = 30 // more bits of the time since
	recordTimestamp = 31 // a time

	deltaBits  = 27
	lengthMask = 1<<30 - 1 // below RB_MISSED_STORED and RB_MISSED_EVENTS
)

// eachRecord calls f for the records of a page, with their times in ns. Data that
// contradicts itself ends it.
func eachRecord(page []byte, f func(at int64, data []byte)) {
	if len(page) < pageHeader {
		return
	}
	order := binary.NativeEndian
	now := order.Uint64(page)
	data := page[pageHeader:]
	data = data[:min(int(order.Uint64(page[8:])&lengthMask), len(data))]
	for len(data) >= 4 {
		head := order.Uint32(data)
		kind, delta := head&31, uint64(head>>5)
		data = data[4:]
		switch kind {
		case recordPadding:
			if delta == 0 || len(data) < 4 {
				return
			}
			now += delta
			data = data[min(int(order.Uint32(data)), len(data)):]
			continue
		case recordExtend, recordTimestamp:
			if len(data) < 4 {
				return
			}
			delta += uint64(order.Uint32(data)) << deltaBits
			data = data[4:]
			if kind == recordTimestamp { // its highest 5 bits are those of the time before
				const top = uint64(31) << 59
				now = now&top | delta&^top
			} else {
				now += delta
			}
			continue
		}
		now += delta
		n := int(kind) * 4
		if kind == recordLong {
			if len(data) < 4 {
				return
			}
			n = int(order.Uint32(data)) - 4
			data = data[4:]
		}
		if n < 0 || n > len(data) {
			return
		}
		f(int64(now), data[:n])
		data = data[min((n+3)&^3, len(data)):]
	}
}
