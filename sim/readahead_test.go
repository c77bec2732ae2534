package sim

import "testing"

// The boundaries of get_init_ra_size and get_next_ra_size (mm/readahead.c), for
// a maximum of 64 pages (256 KiB).
func TestWindowSizes(t *testing.T) {
	for request, want := range map[int64]int64{1: 4, 2: 8, 3: 8, 4: 8, 5: 16, 8: 16, 9: 32, 16: 32, 17: 64, 32: 64, 64: 64} {
		if got := initialWindow(request, 64); got != want {
			t.Errorf("the initial window for %d pages is %d, want %d", request, got, want)
		}
	}
	for current, want := range map[int64]int64{1: 4, 3: 12, 4: 8, 8: 16, 32: 64, 33: 64, 64: 64} {
		if got := nextWindow(current, 64); got != want {
			t.Errorf("the window after %d pages is %d, want %d", current, got, want)
		}
	}
}
