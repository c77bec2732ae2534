package sim

import (
	"cmp"
	"maps"
	"slices"
)

// Basis says what stands behind a figure of the shipped profiles.
type Basis string

const (
	// Stated: the source states this very figure, or it follows from what the
	// source states by arithmetic alone.
	Stated Basis = "stated"
	// Near: the source states another figure, of the same magnitude.
	Near Basis = "near"
	// Assumed: nothing published was found that states it. The source says what
	// the work is; the figure is a guess at its magnitude.
	Assumed Basis = "assumed"
	// LeftOut: the shipped profiles leave the cost out; it is 0.
	LeftOut Basis = "left out"
)

// Origin is where a figure of the shipped profiles is from.
type Origin struct {
	Basis Basis
	// Source is a standard, a data sheet, a paper, a kernel file or our own
	// measurement, and what it states; of what is left out it may be empty.
	Source string
}

// ShippedCost is one figure of the shipped profiles.
type ShippedCost struct {
	// Name is the cost's, with its unit; Of is the disk or the card whose figure
	// it is, empty if every shipped profile has it.
	Name, Of string
	Value    int64
	Origin
}

// origins are where the figures are from that all shipped profiles share.
var origins = map[string]Origin{
	"mode_switch_ns":    {Near, "copyscope calibrate: half of getppid(2)"},
	"context_switch_ns": {Near, "copyscope calibrate, rounded, by the method of lat_ctx(8) of lmbench: a token through pipes"},
	"interrupt_ns":      {Near, "AMD Onload User Guide (UG1586), Polling vs. Interrupts: on the order of a microsecond, with the switch to the thread"},
	"fault_ns":          {Assumed, "mm/memory.c, do_read_fault and do_fault_around: the exception and up to 16 entries of the page table"},
	"command_ns":        {Assumed, "a few uncached writes to the device"},
	"lookup_ns":         {Near, "copyscope calibrate, from the processor time of runs"},
	"insert_ns":         {LeftOut, ""},
	"packet_ns":         {Assumed, "net/ipv4/tcp_output.c, tcp_write_xmit, down to the driver"},
	"segment_ns":        {Assumed, "net/core/skbuff.c, skb_segment: an sk_buff and its headers for each packet"},
	"veth_ns":           {Assumed, "drivers/net/veth.c, veth_xmit, and net/ipv4/tcp_input.c, __tcp_ack_snd_check: TCP's own work for a segment three times, out, in and for the acknowledgement"},
	"reference_ns":      {Assumed, "include/linux/mm.h, folio_get: an atomic addition, and a slot of the pipe"},
	"pin_ns":            {Assumed, "mm/gup.c, gup_fast_pte_range: a walk of the page table, and an atomic addition"},
	"queue_ns":          {LeftOut, ""},
	"evict_ns":          {Assumed, "mm/vmscan.c, shrink_folio_list: off the list, out of the file's tree, back to the allocator"},
	"flush_ns":          {Near, "SSDs, power loss protection and fsync latency (2026): tens of microseconds with the protection, about a millisecond without"},
	"coalesce_ns":       {Stated, "drivers/net/ethernet/intel/ice/ice_txrx.h, ICE_DFLT_TX_ITR: 50 µs"},

	"read_call_ns":           {LeftOut, ""},
	"receive_call_ns":        {LeftOut, ""},
	"splice_receive_call_ns": {LeftOut, ""},
	"write_call_ns":          {LeftOut, ""},
	"sendfile_call_ns":       {LeftOut, ""},
	"splice_call_ns":         {LeftOut, ""},
	"tee_call_ns":            {LeftOut, ""},
	"send_call_ns":           {LeftOut, ""},
	"ring_call_ns":           {LeftOut, ""},

	"copy_bytes_per_second":         {Near, "lzbench 1.8, README: memcpy 10,362 MB/s on a Core i7-8700K"},
	"send_copy_bytes_per_second":    {LeftOut, "the copy rate stands for it"},
	"receive_copy_bytes_per_second": {LeftOut, "the copy rate stands for it"},
	"reader_bytes_per_second":       {LeftOut, ""},
	"pio_bytes_per_second":          {Stated, "ATA/ATAPI, PIO mode 4: 16 bits each 120 ns"},
	"memory_bytes_per_second":       {Stated, "JESD79-4, DDR4-3200: 3200 million transfers of 8 bytes a second, on two channels"},
	"encrypt_bytes_per_second":      {Near, "Drucker, Gueron and Krasnov, Making AES great again: 0.64 cycles for a byte of AES-GCM, so 4.7 GB/s at 3 GHz"},
	"compress_bytes_per_second":     {Near, "zstd 1.5.7, README: zlib 1.3.1 at level 1, 105 MB/s; nginx's gzip_comp_level is 1 by default"},
}

// diskOrigins are those of each kind of disk.
var diskOrigins = map[string]struct{ latency, rate Origin }{
	"hdd": {
		Origin{Near, "HGST Ultrastar 7K4000 specification, table 6: 8.2 ms average seek, here 8.5; half a turn at 7200 rpm is 4.16 ms"},
		Origin{Near, "Seagate Constellation ES.3 product manual, 4.1.2: up to 175 MB/s"},
	},
	"ssd": {
		Origin{Near, "Samsung 870 EVO: up to 13,000 random reads a second one by one, so 77 µs each"},
		Origin{Near, "Samsung 870 EVO: up to 560 MB/s"},
	},
	"nvme": {
		Origin{Near, "copyscope calibrate: reads of 4 KiB with O_DIRECT, of a disk whose kind is not known"},
		Origin{Near, "Samsung 980 PRO: up to 6400 MB/s (250 GB) and 7000 MB/s (1 TB)"},
	},
}

// nicOrigin is every card's.
var nicOrigin = Origin{Stated, "IEEE 802.3: the name's bits a second, 8 to a byte"}

// ShippedCosts lists every figure of the shipped profiles with where it is from:
// what all share in the order of [Profile.Costs], then disks and cards by name.
func ShippedCosts() []ShippedCost {
	var all []ShippedCost
	shared := cpu
	for _, c := range shared.Costs() {
		if c.Time != &shared.DiskLatency && c.Rate != &shared.DiskRate && c.Rate != &shared.NICRate {
			all = append(all, ShippedCost{c.Name, "", c.Get(), origins[c.Name]})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(disks)) {
		d, from := disks[name], diskOrigins[name]
		all = append(all, ShippedCost{"disk_latency_ns", name, int64(d.latency), from.latency},
			ShippedCost{"disk_bytes_per_second", name, int64(d.rate), from.rate})
	}
	byRate := func(a, b string) int { return cmp.Compare(nics[a], nics[b]) }
	for _, name := range slices.SortedFunc(maps.Keys(nics), byRate) {
		all = append(all, ShippedCost{"nic_bytes_per_second", name, int64(nics[name]), nicOrigin})
	}
	return all
}
