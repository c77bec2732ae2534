package perfscript

import (
	"bytes"

	"copyscope/internal/trace"
)

// sectorBytes is the block layer's unit, whatever the disk's is.
const sectorBytes = 512

// point makes an event of a tracepoint's data.
type point struct {
	// counts are those that events of this tracepoint are known by.
	counts []trace.CountName
	event  func(data []byte) (trace.Event, bool)
}

// points are the tracepoints that stand for something on the timeline, beside
// those of the syscalls.
var points = map[string]point{
	"sched:sched_switch": {[]trace.CountName{trace.ContextSwitches}, func(data []byte) (trace.Event, bool) {
		e := trace.Event{Kind: trace.ContextSwitch, Actor: trace.Scheduler, Detail: "voluntary"}
		if bytes.HasPrefix(field(data, "prev_state="), []byte("R")) { // it could have gone on
			e.Detail = "involuntary"
		}
		return e, string(field(data, "prev_pid=")) != "0" // the idle thread gives nobody up
	}},
	"exceptions:page_fault_user":   {[]trace.CountName{trace.PageFaults}, fault("")},
	"exceptions:page_fault_kernel": {[]trace.CountName{trace.PageFaults}, fault("")},
	"page-faults":                  {[]trace.CountName{trace.PageFaults}, fault("")},
	"minor-faults":                 {[]trace.CountName{trace.PageFaults}, fault("minor")},
	"major-faults":                 {[]trace.CountName{trace.PageFaults, trace.MajorFaults}, fault("major")},
	"filemap:mm_filemap_add_to_page_cache": {[]trace.CountName{trace.PageCacheInsertions}, func(data []byte) (trace.Event, bool) {
		n := folio(data)
		return trace.Event{Kind: trace.CacheMiss, Actor: trace.KernelCode, To: trace.PageCache, N: n, Offset: number(data, "ofs="), Detail: "insert"}, n > 0
	}},
	"filemap:mm_filemap_delete_from_page_cache": {[]trace.CountName{trace.PageCacheEvictions}, func(data []byte) (trace.Event, bool) {
		n := folio(data)
		return trace.Event{Kind: trace.Evict, Actor: trace.KernelCode, From: trace.PageCache, N: n, Offset: number(data, "ofs=")}, n > 0
	}},
	"block:block_rq_issue": {[]trace.CountName{trace.DiskReads, trace.DiskWrites}, func(data []byte) (trace.Event, bool) {
		q, ok := requestOf(data)
		e := trace.Event{Kind: trace.DeviceCommand, Actor: trace.KernelCode, From: trace.CPUPlace, To: trace.DiskPlace, Bytes: q.bytes, Detail: "disk-read"}
		if q.write {
			e.Detail = "disk-write"
		}
		return e, ok
	}},
	"block:block_rq_complete": {[]trace.CountName{trace.DMATransfers, trace.DMABytes, trace.DiskReadBytes, trace.DiskWrittenBytes}, func(data []byte) (trace.Event, bool) {
		q, ok := requestOf(data)
		e := trace.Event{Kind: trace.DMA, Actor: trace.DiskDMA, From: trace.DiskPlace, To: trace.PageCache, Bytes: q.bytes}
		if q.write {
			e.From, e.To = trace.PageCache, trace.DiskPlace
		}
		return e, ok && q.bytes > 0
	}},
	"net:net_dev_start_xmit": {[]trace.CountName{trace.Packets}, func(data []byte) (trace.Event, bool) {
		n := number(data, "len=")
		return trace.Event{Kind: trace.Compute, Actor: trace.KernelCode, Bytes: n, Detail: "tcp"}, n > 0
	}},
	"irq:irq_handler_entry": {[]trace.CountName{trace.Interrupts}, func(data []byte) (trace.Event, bool) {
		e := trace.Event{Kind: trace.Interrupt, Actor: trace.NIC, From: trace.NICRing, To: trace.CPUPlace}
		for _, disk := range []string{"nvme", "blk", "req", "ata", "ahci", "scsi", "sd"} {
			if bytes.Contains(field(data, "name="), []byte(disk)) {
				e.Actor, e.From = trace.Disk, trace.DiskPlace
			}
		}
		return e, field(data, "irq=") != nil
	}},
}

func fault(detail string) func([]byte) (trace.Event, bool) {
	return func([]byte) (trace.Event, bool) {
		return trace.Event{Kind: trace.PageFault, Actor: trace.KernelCode, Detail: detail}, true
	}
}

// folio is how many pages one of that order has; perf of an older kernel tells
// no order, and each is a page. It is 0 for what no folio can have.
func folio(data []byte) int64 {
	const most = 20 // far more than MAX_PAGECACHE_ORDER, include/linux/pagemap.h
	order := number(data, "order=")
	if order > most {
		return 0
	}
	return 1 << order
}

// request is one of the block layer.
type request struct {
	bytes int64
	write bool
}

// requestOf reads `254,0 RA 20480 () 12936784 + 40 0x2,0,4 [true]`, in which a
// completion has no bytes (include/trace/events/block.h).
func requestOf(data []byte) (q request, ok bool) {
	parts := bytes.Fields(data)
	if len(parts) < 5 {
		return q, false
	}
	q.write = bytes.ContainsAny(parts[1], "WDF") // write, discard, flush
	for i, part := range parts {
		if string(part) == "+" && i+1 < len(parts) {
			sectors, fine := decimal(parts[i+1])
			q.bytes = sectors * sectorBytes
			return q, fine && sectors < 1<<40
		}
	}
	return q, false
}
