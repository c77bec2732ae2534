package host

// rule says how a figure follows from two readings.
type rule int

const (
	asIs          rule = iota // the newer value
	rate                      // the growth per second
	rateOfAll                 // the growth per second, summed over the members that both readings have
	rateOfYoung               // the same for members whose counters begin at 0: those that are new since count whole
	rateOfEach                // the growth per second of each member, a figure for each
	rateOfEachSum             // rateOfAll for each interrupt, a figure for each
	shareOfAll                // the growth as a share of all processors' time
	shareOfEach               // the growth as a share of each processor's time, a figure for each
)

// figureRule is how one figure comes about.
type figureRule struct {
	name string
	unit Unit
	rule rule
	key  key
	// scale makes the unit of what the kernel counts in another one; 0 means 1.
	scale float64
	// bits is the width of the kernel's counter where that is 32 on every
	// machine, so that it goes through 0 in hours or days; else 0.
	bits int
}

// Units of the kernel's counters.
const (
	// userHz is the unit of the times in /proc/PID/stat: 1/100 s on every
	// architecture that Go runs on (USER_HZ, include/asm-generic/param.h).
	userHz = 100
	// sectorBytes is the kernel's unit of disks, in /proc/diskstats and elsewhere,
	// whatever the disk's own is (SECTOR_SIZE, include/linux/blk_types.h).
	sectorBytes = 512
	millisecond = 1e-3
	microsecond = 1e-6
	kib         = 1024
)

// figureRules lists the figures in the order in which they are shown, each with
// the file of proc(5) that it comes from. The first word of a name is its group.
//
// Counters that are unsigned int in the kernel, and so wrap at 2^32: those of
// /proc/softirqs and /proc/interrupts per processor (struct kernel_stat,
// include/linux/kernel_stat.h), and times in /proc/diskstats, which are printed
// with %u in ms (diskstats_show, block/genhd.c).
var figureRules = []figureRule{
	{name: "cpu_user", unit: Ratio, rule: shareOfAll, key: key{"stat", "user"}},
	{name: "cpu_system", unit: Ratio, rule: shareOfAll, key: key{"stat", "system"}},
	{name: "cpu_irq", unit: Ratio, rule: shareOfAll, key: key{"stat", "irq"}},
	{name: "cpu_softirq", unit: Ratio, rule: shareOfAll, key: key{"stat", "softirq"}},
	{name: "cpu_steal", unit: Ratio, rule: shareOfAll, key: key{"stat", "steal"}},
	{name: "cpu_iowait", unit: Ratio, rule: shareOfAll, key: key{"stat", "iowait"}},
	{name: "cpu_idle", unit: Ratio, rule: shareOfAll, key: key{"stat", "idle"}},
	{name: "cpu_busy", unit: Ratio, rule: shareOfEach, key: key{"stat", "busy"}},
	{name: "cpu_online", unit: Number, rule: asIs, key: key{"stat", "online"}},
	{name: "cpu_runnable", unit: Number, rule: asIs, key: key{"stat", "procs_running"}},
	{name: "cpu_context_switches", unit: PerSecond, rule: rate, key: key{"stat", "ctxt"}},
	{name: "cpu_interrupts", unit: PerSecond, rule: rate, key: key{"stat", "intr"}},
	{name: "cpu_interrupt", unit: PerSecond, rule: rateOfEachSum, key: key{"interrupts", "shown"}, bits: 32},
	{name: "cpu_softirq_net_rx", unit: PerSecond, rule: rateOfAll, key: key{"softirqs", "NET_RX"}, bits: 32},
	{name: "cpu_softirq_net_tx", unit: PerSecond, rule: rateOfAll, key: key{"softirqs", "NET_TX"}, bits: 32},
	{name: "cpu_softirq_block", unit: PerSecond, rule: rateOfAll, key: key{"softirqs", "BLOCK"}, bits: 32},

	{name: "memory_available", unit: Bytes, rule: asIs, key: key{"meminfo", "MemAvailable"}},
	{name: "memory_page_cache", unit: Bytes, rule: asIs, key: key{"meminfo", "Cached"}},
	{name: "memory_dirty", unit: Bytes, rule: asIs, key: key{"meminfo", "Dirty"}},
	{name: "memory_writeback", unit: Bytes, rule: asIs, key: key{"meminfo", "Writeback"}},
	{name: "memory_anon", unit: Bytes, rule: asIs, key: key{"meminfo", "AnonPages"}},
	{name: "memory_mapped", unit: Bytes, rule: asIs, key: key{"meminfo", "Mapped"}},
	{name: "memory_page_faults", unit: PerSecond, rule: rate, key: key{"vmstat", "pgfault"}},
	{name: "memory_major_faults", unit: PerSecond, rule: rate, key: key{"vmstat", "pgmajfault"}},
	{name: "memory_paged_in", unit: BytesPerSecond, rule: rate, key: key{"vmstat", "pgpgin"}, scale: kib},
	{name: "memory_paged_out", unit: BytesPerSecond, rule: rate, key: key{"vmstat", "pgpgout"}, scale: kib},
	{name: "memory_reclaimed", unit: PagesPerSecond, rule: rate, key: key{"vmstat", "pgsteal"}},
	{name: "memory_refaults", unit: PagesPerSecond, rule: rate, key: key{"vmstat", "workingset_refault"}},

	{name: "disk_read", unit: BytesPerSecond, rule: rateOfEach, key: key{"diskstats", "read"}, scale: sectorBytes},
	{name: "disk_written", unit: BytesPerSecond, rule: rateOfEach, key: key{"diskstats", "written"}, scale: sectorBytes},
	{name: "disk_reads", unit: PerSecond, rule: rateOfEach, key: key{"diskstats", "reads"}},
	{name: "disk_writes", unit: PerSecond, rule: rateOfEach, key: key{"diskstats", "writes"}},
	{name: "disk_busy", unit: Ratio, rule: rateOfEach, key: key{"diskstats", "busy"}, scale: millisecond, bits: 32},

	{name: "network_lo_sent", unit: BytesPerSecond, rule: rate, key: key{"net/dev", "lo_tx"}},
	{name: "network_lo_received", unit: BytesPerSecond, rule: rate, key: key{"net/dev", "lo_rx"}},
	{name: "network_sent", unit: BytesPerSecond, rule: rateOfAll, key: key{"net/dev", "tx"}},
	{name: "network_received", unit: BytesPerSecond, rule: rateOfAll, key: key{"net/dev", "rx"}},
	{name: "network_device_sent", unit: BytesPerSecond, rule: rateOfEach, key: key{"net/dev", "tx"}},
	{name: "network_device_received", unit: BytesPerSecond, rule: rateOfEach, key: key{"net/dev", "rx"}},
	{name: "network_tcp_established", unit: Number, rule: asIs, key: key{"net/snmp", "Tcp CurrEstab"}},
	{name: "network_tcp_segments_sent", unit: PerSecond, rule: rate, key: key{"net/snmp", "Tcp OutSegs"}},
	{name: "network_tcp_segments_received", unit: PerSecond, rule: rate, key: key{"net/snmp", "Tcp InSegs"}},
	{name: "network_tcp_retransmits", unit: PerSecond, rule: rate, key: key{"net/snmp", "Tcp RetransSegs"}},
	{name: "network_tcp_lost_retransmits", unit: PerSecond, rule: rate, key: key{"net/netstat", "TcpExt TCPLostRetransmit"}},
	{name: "network_tcp_timeouts", unit: PerSecond, rule: rate, key: key{"net/netstat", "TcpExt TCPTimeouts"}},
	{name: "network_tcp_listen_overflows", unit: PerSecond, rule: rate, key: key{"net/netstat", "TcpExt ListenOverflows"}},
	{name: "network_tcp_backlog_coalesced", unit: PerSecond, rule: rate, key: key{"net/netstat", "TcpExt TCPBacklogCoalesce"}},

	{name: "pressure_cpu_some", unit: Ratio, rule: rate, key: key{"pressure/cpu", "some"}, scale: microsecond},
	{name: "pressure_memory_some", unit: Ratio, rule: rate, key: key{"pressure/memory", "some"}, scale: microsecond},
	{name: "pressure_memory_full", unit: Ratio, rule: rate, key: key{"pressure/memory", "full"}, scale: microsecond},
	{name: "pressure_io_some", unit: Ratio, rule: rate, key: key{"pressure/io", "some"}, scale: microsecond},
	{name: "pressure_io_full", unit: Ratio, rule: rate, key: key{"pressure/io", "full"}, scale: microsecond},
	{name: "pressure_irq_full", unit: Ratio, rule: rate, key: key{"pressure/irq", "full"}, scale: microsecond},

	{name: "process_cpu_user", unit: Ratio, rule: rate, key: key{"self/stat", "utime"}, scale: 1.0 / userHz},
	{name: "process_cpu_system", unit: Ratio, rule: rate, key: key{"self/stat", "stime"}, scale: 1.0 / userHz},
	{name: "process_threads", unit: Number, rule: asIs, key: key{"self/stat", "num_threads"}},
	{name: "process_minor_faults", unit: PerSecond, rule: rate, key: key{"self/stat", "minflt"}},
	{name: "process_major_faults", unit: PerSecond, rule: rate, key: key{"self/stat", "majflt"}},
	{name: "process_rss_anon", unit: Bytes, rule: asIs, key: key{"self/status", "RssAnon"}},
	{name: "process_rss_file", unit: Bytes, rule: asIs, key: key{"self/status", "RssFile"}},
	{name: "process_pss", unit: Bytes, rule: asIs, key: key{"self/smaps_rollup", "Pss"}},
	{name: "process_voluntary_switches", unit: PerSecond, rule: rateOfYoung, key: key{"self/task", "voluntary"}},
	{name: "process_involuntary_switches", unit: PerSecond, rule: rateOfYoung, key: key{"self/task", "involuntary"}},
	{name: "process_read_calls", unit: PerSecond, rule: rate, key: key{"self/io", "syscr"}},
	{name: "process_write_calls", unit: PerSecond, rule: rate, key: key{"self/io", "syscw"}},
	{name: "process_disk_read", unit: BytesPerSecond, rule: rate, key: key{"self/io", "read_bytes"}},
	{name: "process_disk_written", unit: BytesPerSecond, rule: rate, key: key{"self/io", "write_bytes"}},

	{name: "connection_count", unit: Number, rule: asIs, key: key{tcpInfo, "count"}},
	{name: "connection_sent", unit: BytesPerSecond, rule: rateOfYoung, key: key{tcpInfo, "bytes_sent"}},
	{name: "connection_retransmitted", unit: BytesPerSecond, rule: rateOfYoung, key: key{tcpInfo, "bytes_retrans"}},
}

// connectionRules lists the figures of one connection, which TCP_INFO (struct
// tcp_info, include/uapi/linux/tcp.h) and SO_MEMINFO
// (include/uapi/linux/sock_diag.h) tell.
var connectionRules = []figureRule{
	{name: "sent", unit: BytesPerSecond, rule: rate, key: key{tcpInfo, "bytes_sent"}},
	{name: "retransmitted", unit: BytesPerSecond, rule: rate, key: key{tcpInfo, "bytes_retrans"}},
	{name: "rtt", unit: Seconds, rule: asIs, key: key{tcpInfo, "rtt"}, scale: microsecond},
	{name: "cwnd", unit: Number, rule: asIs, key: key{tcpInfo, "snd_cwnd"}},
	{name: "delivery_rate", unit: BytesPerSecond, rule: asIs, key: key{tcpInfo, "delivery_rate"}},
	{name: "notsent", unit: Bytes, rule: asIs, key: key{tcpInfo, "notsent_bytes"}},
	{name: "queued", unit: Bytes, rule: asIs, key: key{soMemInfo, "wmem_queued"}},
}

// FigureNames lists the names of every figure, in the order of a sample.
func FigureNames() []string { return names(figureRules) }

// ConnectionFigureNames lists the names of the figures of one connection.
func ConnectionFigureNames() []string { return names(connectionRules) }

func names(rules []figureRule) []string {
	names := make([]string, len(rules))
	for i, f := range rules {
		names[i] = f.name
	}
	return names
}
