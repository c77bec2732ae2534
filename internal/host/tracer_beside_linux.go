package host

import (
	"fmt"
	"maps"
	"strings"
	"sync"

	"copyscope/internal/tracepoint"
)

// The tracepoints that a run's timeline is filled in by. No count stands on them
// alone, so that a kernel which lacks some is watched by the others. The page faults'
// are the architecture's (x86 has them, arch/x86/mm/fault.c); readahead's are in Linux
// 6.18, and not in every one before it.
const (
	pointFaultUser   = "exceptions:page_fault_user"
	pointFaultKernel = "exceptions:page_fault_kernel"
	pointSwitch      = "sched:sched_switch"
	pointSoftirq     = "irq:softirq_entry"
	pointSoftirqEnd  = "irq:softirq_exit"
	pointPoll        = "napi:napi_poll"
	pointSyncRA      = "readahead:page_cache_sync_ra"
	pointAsyncRA     = "readahead:page_cache_async_ra"
	pointOrderRA     = "readahead:page_cache_ra_order"
	pointReadRA      = "readahead:page_cache_ra_unbounded"
)

// besideOf are these tracepoints and what is read of each. Those of one line tell
// nothing without each other.
var besideOf = [][]besidePoint{
	{{pointFaultUser, []string{"address"}}, {pointFaultKernel, []string{"address"}}},
	{{pointSwitch, []string{"prev_pid", "prev_state"}}},
	{{pointSoftirq, []string{"vec"}}, {pointSoftirqEnd, []string{"vec"}}},
	{{pointPoll, []string{"dev_name", "work", "budget"}}},
	{{pointSyncRA, []string{"i_ino", "s_dev", "index", "req_count"}}, {pointAsyncRA, []string{"i_ino", "s_dev", "index", "req_count"}},
		{pointOrderRA, []string{"i_ino", "s_dev", "index", "size", "async_size"}},
		{pointReadRA, []string{"i_ino", "s_dev", "index", "nr_to_read", "lookahead_size"}}},
}

type besidePoint struct {
	name   string
	fields []string
}

// beside are those of them that this kernel has, by their names.
type beside struct {
	points map[string]*tracepoint.Event
	field  map[string]tracepoint.Field // by tracepoint and name
	names  map[uint16]string           // of tracepoints, by ID
	// lacks are the names of those that are missing, or that lack a field.
	lacks []string
}

// findBeside looks once: a kernel's tracepoints do not change while it runs.
var findBeside = sync.OnceValue(func() *beside { return lookBeside(tracepoint.LoadAll) })

// lookBeside finds them by load, which reads formats.
func lookBeside(load func(names ...string) (map[string]*tracepoint.Event, error)) *beside {
	b := &beside{points: map[string]*tracepoint.Event{}, field: map[string]tracepoint.Field{}, names: map[uint16]string{}}
	for _, group := range besideOf {
		points, field := map[string]*tracepoint.Event{}, map[string]tracepoint.Field{}
		whole := true
		for _, p := range group {
			events, err := load(p.name)
			for i := 0; err == nil && i < len(p.fields); i++ {
				field[p.name+" "+p.fields[i]], err = events[p.name].Field(p.fields[i])
			}
			if err != nil {
				b.lacks, whole = append(b.lacks, p.name), false
				continue
			}
			points[p.name] = events[p.name]
		}
		if whole {
			maps.Copy(b.points, points)
			maps.Copy(b.field, field)
			for name, e := range points {
				b.names[uint16(e.ID)] = name
			}
		}
	}
	return b
}

// has says whether a tracepoint can be read here.
func (b *beside) has(point string) bool { return b.points[point] != nil }

// want asks for those of them that are here, one filter for all.
func (b *beside) want(filter string, names ...string) (wanted []tracepoint.Wanted) {
	for _, name := range names {
		if b.has(name) {
			wanted = append(wanted, tracepoint.Wanted{Event: b.points[name], Filter: filter})
		}
	}
	return wanted
}

// besideRoom is the ring that these hits take of so many bytes in calls of chunk
// each, of up to 48 bytes a hit. For each 64 KiB, the most that one packet over
// loopback carries and what one fault maps, there are a fault or some windows, a
// softirq with its poll, and each call may give up the processor twice. What is there
// is collected at every [maxRecords] calls, and no call is larger than a chunk.
func besideRoom(bytes, chunk int64) int {
	const hit, perPiece, perCall, piece, most = 48, 8, 8, 64 << 10, 128 << 20
	calls := min((bytes+chunk-1)/chunk, maxRecords)
	pieces := (min(bytes, calls*chunk) + piece - 1) / piece
	return int(min((pieces*perPiece+calls*perCall)*hit, most))
}

// wantThread asks for what a thread meets: its faults, when it gives up the
// processor, and, if it sends so many bytes, the softirqs that run on top of it: not of
// long runs, which have one for each packet. Of polls it asks
// for those of devices, too, whoever runs them.
func (b *beside) wantThread(thread int, sends bool, bytes int64, devices []string) (wanted []tracepoint.Wanted) {
	own := fmt.Sprintf("common_pid == %d", thread)
	wanted = append(wanted, b.want(own, pointFaultUser, pointFaultKernel)...)
	wanted = append(wanted, b.want(fmt.Sprintf("prev_pid == %d", thread), pointSwitch)...)
	if !sends {
		return wanted
	}
	if bytes <= softirqBytes {
		wanted = append(wanted, b.want(fmt.Sprintf("%s && (vec == %d || vec == %d)", own, softirqNetTx, softirqNetRx), pointSoftirq, pointSoftirqEnd)...)
	}
	polls := []string{own}
	for _, name := range devices {
		polls = append(polls, fmt.Sprintf("dev_name == %q", name))
	}
	return append(wanted, b.want(strings.Join(polls, " || "), pointPoll)...)
}

// softirqBytes is up to how many bytes a run's softirqs are told. Two hits more for
// each packet cost a thread that does nothing but send some 6 % of its processor time
// (docs/bench/witness-results.md has what is left).
const softirqBytes = 32 << 20

// softirqNetTx and softirqNetRx are NET_TX_SOFTIRQ and NET_RX_SOFTIRQ,
// include/linux/interrupt.h.
const (
	softirqNetTx = 2
	softirqNetRx = 3
)
