package host

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"syscall"
	"time"
)

// tcpInfo and soMemInfo stand in a key for what no file tells: getsockopt(2).
const (
	tcpInfo   = "TCP_INFO"
	soMemInfo = "SO_MEMINFO"
)

// key names a value: the file under /proc, and the field in it.
type key struct{ file, field string }

func (k key) source() string {
	if k.file == tcpInfo || k.file == soMemInfo {
		return k.file
	}
	return "/proc/" + k.file
}

// reading is what was read at one time.
type reading struct {
	at     time.Time
	values map[key]float64
	// each holds the value of each member: device, processor, thread.
	each map[key]map[string]float64
	// interrupts are those that are shown; each has its counters by processor.
	interrupts []shownInterrupt
	// failed says what kept a file from being read.
	failed map[string]error
	// sockets are the connections that were asked.
	sockets    []socketReading
	unfollowed int
}

func newReading(at time.Time) *reading {
	return &reading{at: at, values: map[key]float64{}, each: map[key]map[string]float64{}, failed: map[string]error{}}
}

func (r *reading) add(k key, member string, value float64) {
	if r.each[k] == nil {
		r.each[k] = map[string]float64{}
	}
	r.each[k][member] = value
}

// lacks says why the reading lacks a value, or nothing.
func (r *reading) lacks(k key) (reason string) {
	if err := r.failed[k.file]; err != nil {
		return unread(k, err)
	}
	if _, ok := r.values[k]; ok || r.each[k] != nil {
		return ""
	}
	if k.file == "net/dev" {
		return "/proc/net/dev lists no device but lo, or none at all"
	}
	return fmt.Sprintf("%s has no %s on this kernel", k.source(), k.field)
}

// unread says what keeps a file from being read, and what would help.
func unread(k key, err error) string {
	pressure := strings.HasPrefix(k.file, "pressure/")
	switch {
	case pressure && errors.Is(err, syscall.EOPNOTSUPP):
		return "pressure stall information is switched off; psi=1 on the kernel's command line switches it on"
	case k.file == "pressure/irq" && errors.Is(err, fs.ErrNotExist):
		return "there is no /proc/pressure/irq: it needs Linux 6.1 or later, built with CONFIG_IRQ_TIME_ACCOUNTING"
	case pressure && errors.Is(err, fs.ErrNotExist):
		return "there is no " + k.source() + ": the kernel was built without CONFIG_PSI, or a container hides it"
	case errors.Is(err, fs.ErrNotExist):
		return "there is no " + k.source() + ": this kernel does not have it, or a container hides it"
	case errors.Is(err, fs.ErrPermission):
		return k.source() + " is closed to this user: a container or the mount option hidepid hides it"
	case k.file == tcpInfo, k.file == soMemInfo:
		return err.Error()
	}
	return k.source() + ": " + err.Error()
}

// between makes the sample of two readings; before is nil for the first.
func between(before, now *reading) Sample {
	s := Sample{At: now.at, Figures: make([]Figure, 0, len(figureRules)), Unfollowed: now.unfollowed}
	if before != nil {
		s.Interval = now.at.Sub(before.at)
	}
	for _, f := range figureRules {
		s.Figures = append(s.Figures, f.figures(before, now)...)
	}
	s.Connections = connectionsBetween(before, now)
	return s
}

// figures makes the figures of a rule: one, or one for each member.
func (f figureRule) figures(before, now *reading) []Figure {
	if reason := now.lacks(f.key); reason != "" {
		return []Figure{figure(f.name, "", f.unit, 0, reason)}
	}
	var all []Figure
	switch f.rule {
	case rateOfEachSum:
		for _, shown := range now.interrupts {
			sum := f
			sum.rule, sum.key.field = rateOfAll, shown.id
			v, reason := sum.whole(before, now)
			if before != nil && before.each[sum.key] == nil {
				v, reason = 0, notThere
			}
			all = append(all, figure(f.name, shown.name, f.unit, v, reason))
		}
		return all
	case rateOfEach, shareOfEach:
	default:
		v, reason := f.whole(before, now)
		return []Figure{figure(f.name, "", f.unit, v, reason)}
	}
	for _, of := range members(now.each[f.key]) {
		v, reason := f.member(before, now, of)
		all = append(all, figure(f.name, of, f.unit, v, reason))
	}
	return all
}

// members are in the order of their names, numbers in them as numbers: cpu10
// comes after cpu9.
func members(of map[string]float64) []string {
	return slices.SortedFunc(maps.Keys(of), func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.TrimRight(a, "0123456789"), strings.TrimRight(b, "0123456789")),
			cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
}

func (f figureRule) scaled(v float64) float64 { return v * cmp.Or(f.scale, 1) }

// whole is the value of a figure that has no members to show.
func (f figureRule) whole(before, now *reading) (v float64, reason string) {
	if f.rule == asIs {
		return f.scaled(now.values[f.key]), ""
	}
	if before == nil {
		return 0, firstSample
	}
	if reason := before.lacks(f.key); reason != "" {
		return 0, "the sample before lacks it: " + reason
	}
	switch f.rule {
	case rate:
		if v, reason = f.growth(before.values[f.key], now.values[f.key]); reason != "" {
			return 0, "the counter " + reason
		}
		return perSecond(f.scaled(v), before, now)
	case rateOfYoung:
		return perSecond(f.scaled(growthOfYoung(before.each[f.key], now.each[f.key])), before, now)
	case shareOfAll:
		return f.share(before, now)
	}
	v, reason = f.sum(before, now)
	if reason != "" {
		return 0, reason
	}
	return perSecond(f.scaled(v), before, now)
}

const (
	firstSample = "the first sample: a rate needs two"
	notThere    = "it was not there in the sample before: a rate needs two"
)

// member is the value of one member's figure.
func (f figureRule) member(before, now *reading, of string) (v float64, reason string) {
	if before == nil {
		return 0, firstSample
	}
	b, ok := before.each[f.key][of]
	if !ok {
		return 0, notThere
	}
	grown, reason := f.growth(b, now.each[f.key][of])
	if reason != "" {
		return 0, "the counter " + reason
	}
	if f.rule == rateOfEach {
		return perSecond(f.scaled(grown), before, now)
	}
	total := now.each[cpuTotal][of] - before.each[cpuTotal][of]
	if total <= 0 {
		return 0, noCPUTime
	}
	return grown / total, ""
}

// cpuTotal is each processor's time in all states.
var cpuTotal = key{"stat", "total"}

const noCPUTime = "no CPU time went by between the samples"

// sum is the growth of the members that both readings have. One that came is
// left out, as what it counted before is not of this interval, and one that
// went takes its last growth with it.
func (f figureRule) sum(before, now *reading) (sum float64, reason string) {
	for of, n := range now.each[f.key] {
		b, ok := before.each[f.key][of]
		if !ok {
			continue
		}
		grown, reason := f.growth(b, n)
		if reason != "" {
			return 0, fmt.Sprintf("the counter of %s %s", of, reason)
		}
		sum += grown
	}
	return sum, ""
}

// share is the growth as a share of the time of the processors that both
// readings have: the kernel's own sum jumps when one is switched on or off.
func (f figureRule) share(before, now *reading) (v float64, reason string) {
	grown, reason := f.sum(before, now)
	if reason != "" {
		return 0, reason
	}
	total := 0.0
	for of, n := range now.each[cpuTotal] {
		if b, ok := before.each[cpuTotal][of]; ok {
			total += n - b
		}
	}
	if total <= 0 {
		return 0, noCPUTime
	}
	return grown / total, ""
}

// growth is how much a counter has grown. One that went back was set to 0 or
// is another one, unless it has 32 bits and went once around: that is what it
// is taken for if it then grew by less than half of its range.
func (f figureRule) growth(before, now float64) (grown float64, reason string) {
	if now >= before {
		return now - before, ""
	}
	const around = 1 << 32
	if grown = now + around - before; f.bits == 32 && before < around && grown < around/2 {
		return grown, ""
	}
	return 0, fmt.Sprintf("went back from %.0f to %.0f, so the growth is not known", before, now)
}

func perSecond(grown float64, before, now *reading) (float64, string) {
	interval := now.at.Sub(before.at)
	if interval <= 0 {
		return 0, fmt.Sprintf("the clock moved by %v between the samples", interval)
	}
	return grown / interval.Seconds(), ""
}

// growthOfYoung sums the growth of members whose counters begin at 0, threads
// and connections, so that one that is new counts whole. What a member did
// after the sample before, and until it ended, is lost.
func growthOfYoung(before, now map[string]float64) (sum float64) {
	for id, v := range now {
		if b := before[id]; b <= v {
			sum += v - b
		} else {
			sum += v // the number was given to a new thread
		}
	}
	return sum
}
