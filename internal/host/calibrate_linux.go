package host

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"

	"copyscope/internal/spread"
)

// ProcessorName is the processor's model, or empty.
func ProcessorName() string {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return ""
	}
	cpus, err := fs.CPUInfo()
	if err != nil || len(cpus) == 0 {
		return ""
	}
	return cpus[0].ModelName
}

// Load is how many threads were running or waiting for a processor or the disk,
// averaged over the last minute (loadavg, proc(5)).
func Load() (running float64, known bool) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, false
	}
	avg, err := fs.LoadAvg()
	if err != nil {
		return 0, false
	}
	return avg.Load1, true
}

// CacheSizes are the sizes in bytes of the largest cache that processor 0 has for
// itself and of its last-level cache; 0 where the kernel does not tell
// (Documentation/ABI/testing/sysfs-devices-system-cpu).
func CacheSizes() (private, last int64) {
	for i := range 8 {
		dir := fmt.Sprintf("/sys/devices/system/cpu/cpu0/cache/index%d/", i)
		kind, err := os.ReadFile(dir + "type")
		if err != nil {
			break
		}
		if strings.TrimSpace(string(kind)) == "Instruction" {
			continue
		}
		text, _ := os.ReadFile(dir + "size")
		n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(string(text)), "K"), 10, 64)
		if err != nil {
			continue
		}
		level, _ := os.ReadFile(dir + "level")
		if strings.TrimSpace(string(level)) <= "2" {
			private = max(private, n<<10)
		}
		last = max(last, n<<10)
	}
	return private, last
}

// costExperiment measures one cost; a round gives one sample.
type costExperiment struct {
	name, how string
	limit     spread.Limit
	round     func() (float64, error)
}

// MeasureCosts measures what single things cost, the disk and the faults on a
// source of 1 MiB or more. A cost that this host cannot show has no samples and
// says why; an error is a context that ended. Progress is told how many rounds of
// how many are done.
func MeasureCosts(ctx context.Context, src *Source, progress func(done, total int64)) ([]Cost, error) {
	d := openDisk(src)
	defer d.close()
	lo := openEcho()
	defer lo.close()
	copies := newCopies()
	defer copies.free()
	experiments := []costExperiment{
		{"mode_switch_ns", "half of getppid(2), processor time of 50,000 calls", steady, ModeSwitchCost},
		{"context_switch_ns", "a byte to and fro through two pipes between two threads bound to one processor, processor time less the calls' own", steady,
			func() (float64, error) { return SwitchCost(SwitchOptions{}) }},
		{"fault_ns", "user code touches every page of a fresh mapping of a cached file; a fault maps the pages around it too", steady,
			func() (float64, error) { return minorFault(src) }},
		{"fault_of_one_page_ns", "user code touches mappings of one page each of a cached file: a fault with nothing around it to map", steady,
			func() (float64, error) { return lonelyFault(src) }},
		{"page_reference_ns", "tee(2) and splice(2) to /dev/null of 16 pages, less the same of 1 page, by 15: a reference to a page taken, handed on and given back", steady, pageReference},
		{"read_one_byte_ns", "pread(2) of one byte that is in the page cache", steady, func() (float64, error) { return readOne(src) }},
		{"copy_in_cache_bytes_per_second", "user code copies memory that fits into the processor's own cache", steady, copies.within},
		{"copy_out_of_cache_bytes_per_second", "user code copies memory that no cache holds, as far as their sizes are told", steady, copies.beyond},
		{"loopback_round_trip_ns", "a byte written to and read from a TCP connection over loopback by one thread", steady, lo.byte},
		{"loopback_bytes_per_second", "64 KiB written to and read from a TCP connection over loopback by one thread", steady, lo.bulk},
		{"disk_latency_ns", "reads of 4 KiB with O_DIRECT, far from each other", varied, d.latency},
		{"disk_bytes_per_second", "what reads of 8 MiB with O_DIRECT, into memory in large pages, take beyond 4 KiB", varied, d.rate},
	}
	out := make([]Cost, len(experiments))
	for round := range costRounds {
		for i, e := range experiments {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			c := &out[i]
			c.Name, c.How, c.Limit = e.name, e.how, e.limit
			if c.Why == "" {
				if v, err := apartly(e.round); err != nil {
					c.Why, c.Samples = err.Error(), nil
				} else {
					c.Samples = append(c.Samples, v)
				}
			}
			if progress != nil {
				progress(int64(round*len(out)+i+1), int64(costRounds*len(out)))
			}
		}
	}
	return out, nil
}

// apartly runs f on a thread of its own, which ends with it: whatever f did to
// the thread is gone.
func apartly[T any](f func() (T, error)) (out T, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		out, err = f()
	}()
	<-done
	return out, err
}
