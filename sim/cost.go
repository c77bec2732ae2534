package sim

import "copyscope/internal/trace"

// Cost is one figure of a profile.
type Cost struct {
	// Name is that in profile files, with the unit: it ends in _ns or in
	// _bytes_per_second. Title is for messages.
	Name, Title string
	// One of them points into the profile.
	Time *trace.Ns
	Rate *Rate
}

// Get is the figure, in ns or bytes per second.
func (c Cost) Get() int64 {
	if c.Time != nil {
		return int64(*c.Time)
	}
	return int64(*c.Rate)
}

// Set sets it.
func (c Cost) Set(v int64) {
	if c.Time != nil {
		*c.Time = trace.Ns(v)
	} else {
		*c.Rate = Rate(v)
	}
}

// Costs lists every figure of the profile, to be read or set.
func (p *Profile) Costs() []Cost {
	times := func(name, title string, at *trace.Ns) Cost { return Cost{Name: name + "_ns", Title: title, Time: at} }
	rates := func(name, title string, at *Rate) Cost {
		return Cost{Name: name + "_bytes_per_second", Title: title, Rate: at}
	}
	return []Cost{
		times("mode_switch", "mode switch", &p.ModeSwitch), times("context_switch", "context switch", &p.ContextSwitch),
		times("interrupt", "interrupt", &p.InterruptTime), times("fault", "fault", &p.FaultTime),
		times("command", "command", &p.CommandTime), times("lookup", "lookup", &p.LookupTime), times("insert", "insertion", &p.InsertTime),
		times("packet", "packet", &p.PacketTime), times("segment", "segment", &p.SegmentTime), times("veth", "veth segment", &p.VethTime),
		times("reference", "reference", &p.ReferenceTime), times("pin", "pin", &p.PinTime), times("queue", "queue", &p.QueueTime),
		times("evict", "eviction", &p.EvictTime), times("flush", "flush", &p.FlushTime), times("coalesce", "coalescing", &p.CoalesceTime),
		times("read_call", "read call", &p.Calls.Read), times("receive_call", "receive call", &p.Calls.Receive), times("splice_receive_call", "splice receive call", &p.Calls.SpliceReceive),
		times("write_call", "write call", &p.Calls.Write),
		times("sendfile_call", "sendfile call", &p.Calls.Sendfile), times("splice_call", "splice call", &p.Calls.Splice),
		times("tee_call", "tee call", &p.Calls.Tee), times("send_call", "send call", &p.Calls.Send), times("ring_call", "ring call", &p.Calls.Ring),
		rates("copy", "copy", &p.CopyRate), rates("send_copy", "send copy", &p.SendCopyRate), rates("receive_copy", "receive copy", &p.ReceiveCopyRate), rates("reader", "reader", &p.ReaderRate), rates("pio", "PIO", &p.PIORate), rates("memory", "memory", &p.MemoryRate),
		rates("encrypt", "encrypt", &p.EncryptRate), rates("compress", "compress", &p.CompressRate),
		times("disk_latency", "disk latency", &p.DiskLatency), rates("disk", "disk", &p.DiskRate), rates("nic", "card", &p.NICRate),
	}
}
