package host

import (
	"testing"

	"copyscope/internal/trace"
)

// Of what TCP says that it sent once more, the device may have had all, a part or
// nothing before: what it was given once only counts as sent, the rest as repeated,
// and both together are what it was given.
func TestWhatWasSentOnceMoreIsToldApart(t *testing.T) {
	for _, row := range []struct {
		name            string
		again           []int64
		seen, arrived   int64
		fresh, repeated int64
	}{
		{"twice", []int64{1000}, 11_000, 10_000, 0, 1000},
		{"the first was lost before the device", []int64{1000}, 10_000, 10_000, 1000, 0},
		{"one of two was", []int64{1000, 1000}, 11_000, 10_000, 1000, 1000},
		{"a part of it had come", []int64{64_000}, 102_920, 100_000, 61_080, 2920},
		{"parts of two had", []int64{5000, 5000}, 103_000, 100_000, 7000, 3000},
	} {
		for _, paged := range []bool{true, false} {
			l := &link{seen: row.seen, arrived: row.arrived}
			for _, n := range row.again {
				c := &cut{packets: 3, linear: n}
				if paged {
					c.linear, c.paged = 0, n
				}
				l.again = append(l.again, c)
			}
			tr := &tracer{clock: func(int64) trace.Ns { return 0 }, endpoint: trace.Sender}
			(&packets{links: []*link{l}, gather: true}).settle(tr)
			var fresh, repeated int64
			for _, e := range tr.pending {
				switch e.Detail {
				case "nic-send", "nic-send-linear":
					if (e.Detail == "nic-send") != paged {
						t.Errorf("%s: %+v", row.name, e)
					}
					fresh += e.Bytes
				case "retransmit":
					repeated += e.Bytes
				}
			}
			if fresh != row.fresh || repeated != row.repeated {
				t.Errorf("%s: %d bytes count as sent, %d as repeated; want %d and %d", row.name, fresh, repeated, row.fresh, row.repeated)
			}
		}
	}
}
