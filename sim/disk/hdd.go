package disk

import (
	"fmt"

	"copyscope/internal/trace"
)

// HDD is what a data sheet says of a hard disk.
type HDD struct {
	// Bytes is the capacity.
	Bytes int64
	// RPM is the spindle's speed; half a turn is the average wait for a sector.
	RPM int64
	// TrackSeek is a seek to the next track: all settling. AverageSeek is the
	// mean over all pairs of tracks, settling included, as drive makers define
	// it (for example Hitachi Travelstar 5K320 OEM specification, 4.4.2.1).
	TrackSeek, AverageSeek trace.Ns
	// WriteSettle is what a write takes longer to settle: a read off the track
	// shows in its checksum, a write there destroys the neighbour.
	WriteSettle trace.Ns
	// OuterRate and InnerRate are the sustained rates of the first and the last
	// zone in bytes per second. Zones near the rim have more sectors in a track
	// (zoned bit recording; Ruemmler and Wilkes, "An introduction to disk drive
	// modeling", IEEE Computer 27(3), 1994).
	OuterRate, InnerRate int64
}

// DefaultHDD is a desktop drive of 1 TB with 7200 rpm. 8.5 ms average seek lie
// beside the 8.2 of an HGST Ultrastar 7K4000 (specification, table 6); 1 ms from
// track to track and 1 ms more for writes are the Hitachi Travelstar 5K320's
// (4.4.2.1, 4.4.2.3). 180 MB/s at the rim and half of it inside lie beside the 83
// to 175 MB/s of a Seagate Constellation ES.3 (product manual, 4.1.2).
func DefaultHDD() HDD {
	return HDD{Bytes: 1e12, RPM: 7200, TrackSeek: 1_000_000, AverageSeek: 8_500_000, WriteSettle: 1_000_000, OuterRate: 180_000_000, InnerRate: 90_000_000}
}

// zones is into how many zones a disk is cut: drives have 10 to 30.
const zones = 16

// zone is a ring of tracks with as many bytes each.
type zone struct {
	first      int64 // byte address
	last       int64 // behind it; 0: the disk's end, which nothing reaches
	firstTrack int64
	trackBytes int64
	rate       int64
}

// head is a hard disk at work.
type head struct {
	zones       [zones]zone
	tracks      int64
	turn        trace.Ns
	settle      trace.Ns
	stroke      trace.Ns // what a seek over all tracks takes beyond settling
	writeSettle trace.Ns

	track int64    // where the head is
	next  int64    // the byte address that it comes to next
	free  trace.Ns // until when it is busy
}

// New is a disk that turns since time 0, its head at the rim.
func (h HDD) New() (Drive, error) {
	for _, q := range []struct {
		name  string
		value int64
		least int64
	}{
		{"capacity", h.Bytes, 1 << 20}, {"rpm", h.RPM, 1}, {"outer rate", h.OuterRate, 1 << 20}, {"inner rate", h.InnerRate, 1 << 20},
		{"track-to-track seek", int64(h.TrackSeek), 0}, {"average seek", int64(h.AverageSeek), int64(h.TrackSeek)}, {"write settling", int64(h.WriteSettle), 0},
	} {
		if q.value < q.least {
			return nil, fmt.Errorf("hard disk: the %s is %d; use %d or more", q.name, q.value, q.least)
		}
	}
	d := &head{turn: trace.Ns(60e9 / h.RPM), settle: h.TrackSeek, writeSettle: h.WriteSettle}
	// The mean of the square root of the distance between two places of [0, 1]
	// is 8/15.
	d.stroke = (h.AverageSeek - h.TrackSeek) * 15 / 8
	// As many tracks in each zone: so many that the zones hold the capacity.
	mean := max((h.OuterRate+h.InnerRate)/2*int64(d.turn)/1e9, 1)
	each := max(h.Bytes/mean/zones, 1)
	at := int64(0)
	for z := range d.zones {
		rate := h.OuterRate - (h.OuterRate-h.InnerRate)*int64(z)/(zones-1)
		bytes := max(rate*int64(d.turn)/1e9, 1)
		d.zones[z] = zone{first: at, firstTrack: int64(z) * each, trackBytes: bytes, rate: rate}
		at += bytes * each
		if z < zones-1 {
			d.zones[z].last = at
		}
	}
	d.tracks = each * zones
	return d, nil
}

// zone is the one that a byte address lies in. The last has no end.
func (d *head) zone(offset int64) *zone {
	z := zones - 1
	for z > 0 && offset < d.zones[z].first {
		z--
	}
	return &d.zones[z]
}

// seek is how long the head takes over so many tracks: settling, and a time
// that grows with the root of the distance, as an arm that speeds up half the
// way and slows down the other half takes (Ruemmler and Wilkes).
func (d *head) seek(tracks int64) trace.Ns {
	if tracks == 0 {
		return 0
	}
	tracks = min(max(tracks, -tracks), d.tracks)
	// The root of the share, in millionths.
	return d.settle + d.stroke*trace.Ns(root(uint64(tracks)*1_000_000/uint64(d.tracks)*1_000_000))/1_000_000
}

// root is the whole square root.
func root(n uint64) (r uint64) {
	for bit := uint64(1) << 31; bit > 0; bit >>= 1 {
		if t := r | bit; t*t <= n {
			r = t
		}
	}
	return r
}

// Start is Drive's: one command at a time, in the order in which they come. A
// command that goes on where the last has ended costs neither seek nor
// rotation, even if it comes late: the drive's own cache has read ahead, or
// takes the write.
func (d *head) Start(at trace.Ns, offset, n int64, write bool) (begin, end trace.Ns) {
	begin = max(at, d.free)
	if n <= 0 {
		return begin, begin
	}
	offset = max(offset, 0)
	if offset != d.next {
		z := d.zone(offset)
		in := offset - z.first
		track := z.firstTrack + in/z.trackBytes
		begin += d.seek(track - d.track)
		if write {
			begin += d.writeSettle
		}
		// The platter turns on while the head moves: wait for the sector.
		sector := span(in%z.trackBytes, z.rate) % d.turn
		begin += (sector - begin%d.turn + d.turn) % d.turn
	}
	end = begin
	for n > 0 { // zone by zone
		z := d.zone(offset)
		part := n
		if z.last > 0 {
			part = min(n, z.last-offset)
		}
		end += span(part, z.rate)
		offset, n = offset+part, n-part
		d.track = z.firstTrack + (offset-z.first)/z.trackBytes
	}
	d.next, d.free = offset, end
	return begin, end
}

// Clone is Drive's.
func (d *head) Clone() Drive {
	c := *d
	return &c
}
