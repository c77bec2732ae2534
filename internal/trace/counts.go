package trace

import (
	"encoding/json"
	"fmt"
)

// CountName names one count. The names are the JSON fields of a run's counts.
type CountName string

const (
	Syscalls            CountName = "syscalls"
	ModeSwitches        CountName = "mode_switches"
	CPUCopies           CountName = "cpu_copies"
	CPUCopiedBytes      CountName = "cpu_copied_bytes"
	CPUCopiesPerByte    CountName = "cpu_copies_per_byte"
	PIOBytes            CountName = "pio_bytes"
	DMATransfers        CountName = "dma_transfers"
	DMABytes            CountName = "dma_bytes"
	DMACopiesPerByte    CountName = "dma_copies_per_byte"
	Descriptors         CountName = "descriptors"
	PageFaults          CountName = "page_faults"
	MajorFaults         CountName = "major_faults"
	ContextSwitches     CountName = "context_switches"
	Interrupts          CountName = "interrupts"
	DiskReads           CountName = "disk_reads"
	DiskReadBytes       CountName = "disk_read_bytes"
	PageCacheInsertions CountName = "page_cache_insertions"
	PageCacheEvictions  CountName = "page_cache_evictions"
	DiskWrites          CountName = "disk_writes"
	DiskWrittenBytes    CountName = "disk_written_bytes"
	Packets             CountName = "packets"
	LinearPayloadBytes  CountName = "linear_payload_bytes"
	PagedPayloadBytes   CountName = "paged_payload_bytes"
	RetransmittedBytes  CountName = "retransmitted_bytes"
	MemoryBusBytes      CountName = "memory_bus_bytes"
	LLCEvictedBytes     CountName = "llc_evicted_bytes"
	UserBufferBytes     CountName = "user_buffer_bytes"
	BytesSent           CountName = "bytes_sent"
	ReceiverCopiedBytes CountName = "receiver_cpu_copied_bytes"
	CPUTime             CountName = "cpu_ns"
	WallTime            CountName = "wall_ns"
)

// Unit is what a count counts.
type Unit string

const (
	Times   Unit = "times"
	Bytes   Unit = "bytes"
	PerByte Unit = "per-byte"
	Nanos   Unit = "ns"
)

// countUnits gives the order in which counts are shown, and their units.
var countUnits = []struct {
	name CountName
	unit Unit
}{
	{Syscalls, Times}, {ModeSwitches, Times},
	{CPUCopies, Times}, {CPUCopiedBytes, Bytes}, {CPUCopiesPerByte, PerByte}, {PIOBytes, Bytes},
	{DMATransfers, Times}, {DMABytes, Bytes}, {DMACopiesPerByte, PerByte},
	{Descriptors, Times}, {PageFaults, Times}, {MajorFaults, Times}, {ContextSwitches, Times},
	{Interrupts, Times}, {DiskReads, Times}, {DiskReadBytes, Bytes}, {PageCacheInsertions, Times},
	{PageCacheEvictions, Times}, {DiskWrites, Times}, {DiskWrittenBytes, Bytes}, {Packets, Times},
	{LinearPayloadBytes, Bytes}, {PagedPayloadBytes, Bytes}, {RetransmittedBytes, Bytes},
	{MemoryBusBytes, Bytes}, {LLCEvictedBytes, Bytes},
	{UserBufferBytes, Bytes}, {BytesSent, Bytes}, {ReceiverCopiedBytes, Bytes},
	{CPUTime, Nanos}, {WallTime, Nanos},
}

// CountNames lists every count in the order in which they are shown.
func CountNames() []CountName {
	names := make([]CountName, len(countUnits))
	for i, c := range countUnits {
		names[i] = c.name
	}
	return names
}

// UnitOf is the unit of a count, or "" for a name that is none.
func UnitOf(name CountName) Unit {
	for _, c := range countUnits {
		if c.name == name {
			return c.unit
		}
	}
	return ""
}

// Count is one number with its provenance. An unavailable one has no value
// but a reason.
type Count struct {
	Value      float64
	Provenance Provenance
	Reason     string
}

// Known says whether the count has a value.
func (c Count) Known() bool { return c.Provenance != Unavailable }

type countJSON struct {
	Value      *float64   `json:"value"`
	Provenance Provenance `json:"provenance"`
	Reason     string     `json:"reason,omitempty"`
}

// MarshalJSON writes {"value":1,"provenance":"measured"}; value is null, with
// a reason, where the count is unavailable.
func (c Count) MarshalJSON() ([]byte, error) {
	j := countJSON{Provenance: c.Provenance, Reason: c.Reason}
	if c.Known() {
		j.Value = &c.Value
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON writes, and refuses a number without
// provenance and a gap without one.
func (c *Count) UnmarshalJSON(b []byte) error {
	var j countJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	*c = Count{Provenance: j.Provenance, Reason: j.Reason}
	if j.Provenance == "" || (j.Value != nil) != c.Known() {
		return fmt.Errorf("count %s: want a value with its provenance, or null, unavailable and a reason", b)
	}
	if j.Value != nil {
		c.Value = *j.Value
	}
	return nil
}

// Counts holds every count of a run, or of its first k events.
type Counts map[CountName]Count

// Basis is how a run watches a count: the strongest provenance that the count
// can have there even when no event touched it, and, where the run cannot see
// it at all, the reason.
type Basis struct {
	Provenance Provenance `json:"provenance"`
	Reason     string     `json:"reason,omitempty"`
}

// Watch is the basis of each count of a run. A count that is not in the map
// has the zero basis of the run ([Counter]'s base).
type Watch map[CountName]Basis
