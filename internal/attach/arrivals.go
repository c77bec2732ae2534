package attach

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
)

// arrivals that a report tells: of so many services, if they are more than that share of
// all bytes. Less is the requests of what is served.
const (
	arrivalsTold  = 3
	arrivalsShare = 0.01
)

// arrives remembers a socket that something was read from.
func (l *Ledger) arrives(c *Call, o *object) {
	if c.Ret > 0 && o.kind() == Socket && !o.arrived {
		o.arrived = true
		l.arrivals = append(l.arrivals, o)
	}
}

// noteArrivals says what came from sockets into user memory and was not seen to leave it:
// it is in no path, and an upload that is thrown away would go unmentioned.
func (l *Ledger) noteArrivals(r *Report) {
	type arrived struct {
		from  string
		bytes int64
		calls map[string]bool
	}
	by := map[string]*arrived{}
	for _, o := range l.arrivals {
		end := o.settled()
		if local, known := end.port(); l.port != 0 && known && local != l.port {
			continue
		}
		a := by[end.Name]
		if a == nil {
			a = &arrived{from: end.Name, calls: map[string]bool{}}
			by[end.Name] = a
		}
		a.bytes += o.pending + o.dropped
		for name := range o.unbooked {
			a.calls[name] = true
		}
	}
	_, all := l.Seen()
	told := 0
	for _, a := range slices.SortedFunc(maps.Values(by), func(a, b *arrived) int {
		return cmp.Or(cmp.Compare(b.bytes, a.bytes), cmp.Compare(a.from, b.from))
	}) {
		if a.bytes < restBytes || float64(a.bytes) < arrivalsShare*float64(all) || told == arrivalsTold {
			break
		}
		told++
		r.swallowed += a.bytes
		calls := cmp.Or(strings.Join(slices.Sorted(maps.Keys(a.calls)), ", "), "read")
		r.Notes = append(r.Notes, fmt.Sprintf("%s were received from %s and went nowhere that was seen (%s, 1 CPU copy per byte)", humanize.IBytes(uint64(a.bytes)), a.from, calls))
	}
}

// onlyArrived is the answer where what came and went nowhere is most of the traffic.
func (r *Report) onlyArrived(who string) string {
	return fmt.Sprintf("%s: %s were received from sockets and went nowhere that was seen: they were read and not written anywhere", who, humanize.IBytes(uint64(r.swallowed)))
}

// Idle says that there was no traffic to speak of: no path that the verdict is of, and
// nothing that arrived.
func (r *Report) Idle() bool { return r.Verdict.Bytes == 0 && r.swallowed == 0 }
