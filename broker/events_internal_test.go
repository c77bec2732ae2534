package broker

import (
	"testing"
	"time"
)

// Transfers end in another order than they began: those that took long must not
// open the second anew, or each of them and of the others would be told.
func TestLateEventsKeepTheRate(t *testing.T) {
	const rate = 3
	told := 0
	s := &sampler[int]{rate: rate, tell: func(int) { told++ }, sums: map[inCommon]*int{},
		way: func(*int) string { return "" }, add: func(sum, e *int) { *sum += *e }}
	now := time.Now()
	for range 100 {
		s.event(now, 1)
		s.event(now.Add(-2*time.Second), 1)
	}
	if told != rate {
		t.Errorf("%d of 200 events were told one by one, want %d", told, rate)
	}
	s.event(now.Add(time.Second), 1)
	if told != rate+1 {
		t.Error("the next second told none")
	}
}
