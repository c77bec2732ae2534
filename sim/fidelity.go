package sim

// Level says how closely a model follows the real thing.
type Level string

const (
	// Full: counts and order are those of the real thing.
	Full Level = "full"
	// Partial: modelled, but simpler; the rule's note says how.
	Partial Level = "partial"
	// NotModelled: left out.
	NotModelled Level = "not modelled"
)

// Rule is one line of the fidelity table: one thing that computers do, and how
// far each model goes. Its name and its note are in the message catalogues,
// under model.<ID> and model.<ID>.note.
type Rule struct {
	ID string
	// Area groups rules: cpu, memory, disk, nic, socket, pipe.
	Area            string
	Textbook, Linux Level
	// Kernel is the version whose source the linux model follows, Source where
	// the rule stands: a kernel file, a man page, a standard.
	Kernel, Source string
}

// Fidelity is the table of what the models do and leave out. Tests read it,
// and a page shows it.
func Fidelity() []Rule {
	return []Rule{
		{"mode-switch", "cpu", Full, Full, "6.18", "arch/x86/entry/entry_64.S, entry_SYSCALL_64"},
		{"context-switch", "cpu", NotModelled, Partial, "6.18", "kernel/sched/core.c, __schedule"},
		{"threads", "cpu", Partial, Partial, "6.18", "kernel/sched/fair.c, sysctl_sched_base_slice, get_update_sysctl_factor"},
		{"processors", "cpu", Partial, Partial, "6.18", "kernel/sched/fair.c, select_idle_sibling"},
		{"cpu-cache", "cpu", Partial, Partial, "", "Drepper, What every programmer should know about memory, 2007, section 3; Intel, Data Direct I/O Technology (left out)"},
		{"call-limit", "cpu", NotModelled, Full, "6.18", "include/linux/fs.h, MAX_RW_COUNT"},
		{"ring", "cpu", Partial, Partial, "6.18", "io_uring/io_uring.c, io_submit_sqes; io_uring/rw.c, io_async_buf_func"},
		{"signals", "cpu", NotModelled, NotModelled, "", "signal(7)"},

		{"memory-bandwidth", "memory", Partial, Partial, "", "JESD79-4 (DDR4)"},
		{"page-cache", "memory", Full, Partial, "6.18", "mm/filemap.c, filemap_get_pages"},
		{"eviction", "memory", Partial, Partial, "6.18", "mm/vmscan.c, shrink_inactive_list; mm/filemap.c, filemap_read; mm/swap.c, folio_mark_accessed"},
		{"write-back", "memory", NotModelled, Partial, "6.18", "mm/page-writeback.c, balance_dirty_pages"},
		{"readahead", "memory", NotModelled, Partial, "6.18", "mm/readahead.c, page_cache_sync_ra, page_cache_async_ra, ractl_max_pages"},
		{"page-fault", "memory", NotModelled, Partial, "6.18", "mm/memory.c, do_fault_around; mm/filemap.c, do_sync_mmap_readahead"},
		{"mmap-fills", "memory", Partial, NotModelled, "6.18", "mmap(2), MAP_POPULATE"},
		{"truncation", "memory", Full, Partial, "6.18", "mmap(2), SIGBUS; write(2), EFAULT"},
		{"direct-read", "memory", Partial, Partial, "6.18", "fs/iomap/direct-io.c, iomap_dio_rw; open(2), O_DIRECT"},

		{"disk-dma", "disk", Full, Partial, "6.18", "block/blk-merge.c"},
		{"pio", "disk", Partial, Partial, "", "ATA/ATAPI-6, PIO data-in protocol, PIO mode 4; drivers/ata/libata-sff.c, ata_sff_hsm_move"},
		{"disk-head", "disk", NotModelled, Partial, "", "Ruemmler and Wilkes, An introduction to disk drive modeling, 1994; NVM Express Base Specification and Serial ATA Revision 3.0 (queues); data sheets named in sim/disk"},

		{"gather", "nic", Full, Partial, "6.18", "include/linux/netdev_features.h, NETIF_F_SG"},
		{"no-gather", "nic", Full, Partial, "6.18", "net/core/skbuff.c, skb_segment; include/linux/skbuff.h, skb_linearize"},
		{"packets", "nic", NotModelled, Partial, "6.18", "net/ipv4/tcp_offload.c, tcp_gso_segment"},
		{"cutting", "nic", NotModelled, Partial, "6.18", "net/core/dev.c, validate_xmit_skb; net/core/skbuff.c, skb_segment"},
		{"interrupt", "nic", Partial, Partial, "6.18", "include/linux/netdevice.h, napi_schedule; net/core/dev.c, __napi_schedule"},
		{"nic-ring", "nic", NotModelled, Partial, "6.18", "include/linux/netdevice.h, netif_tx_stop_queue; ethtool(8), -g"},
		{"coalescing", "nic", NotModelled, Partial, "6.18", "net/core/dev.c, napi_poll; ethtool(8), tx-usecs"},
		{"receive", "nic", Partial, Partial, "6.18", "net/core/gro.c, dev_gro_receive; net/ipv4/tcp.c, tcp_recvmsg"},

		{"socket-buffer", "socket", NotModelled, Partial, "6.18", "net/core/stream.c, sk_stream_write_space"},
		{"segments", "socket", NotModelled, Partial, "6.18", "net/ipv4/tcp.c, tcp_sendmsg_locked; include/linux/netdevice.h, GSO_LEGACY_MAX_SIZE"},
		{"loopback", "socket", NotModelled, Partial, "6.18", "drivers/net/loopback.c"},
		{"veth", "socket", NotModelled, Partial, "6.18", "drivers/net/veth.c, veth_xmit; net/core/dev.c, validate_xmit_skb"},
		{"zerocopy-send", "socket", Partial, Partial, "6.18", "Documentation/networking/msg_zerocopy.rst"},
		{"zerocopy-copied", "socket", NotModelled, Full, "6.18", "include/linux/skbuff.h, skb_orphan_frags_rx"},
		{"kernel-tls", "socket", Partial, Partial, "6.18", "net/tls/tls_sw.c, tls_push_record; RFC 8446, 5.2"},
		{"tcp-control", "socket", NotModelled, NotModelled, "6.18", "net/ipv4/tcp_input.c"},

		{"pipe-capacity", "pipe", NotModelled, Partial, "6.18", "fs/pipe.c, pipe_set_size; pipe(7)"},
		{"sendfile-pipe", "pipe", NotModelled, Partial, "6.18", "fs/splice.c, splice_direct_to_actor"},
		{"page-references", "pipe", Partial, Full, "6.18", "mm/filemap.c, splice_folio_into_pipe"},
		{"tee", "pipe", Partial, Full, "6.18", "fs/splice.c, link_pipe; tee(2)"},
		{"relay", "pipe", Partial, Partial, "6.18", "net/ipv4/tcp.c, tcp_splice_read"},
	}
}
