package sim

import "math/bits"

// The window rules of mm/readahead.c (Linux 6.18), in pages.

// initialWindow is get_init_ra_size: the request rounded up to a power of two,
// ×4 if at most 1/32 of the maximum, ×2 if at most 1/4, else the maximum.
func initialWindow(request, maximum int64) int64 {
	size := int64(1) << bits.Len64(uint64(request-1))
	switch {
	case size <= maximum/32:
		return size * 4
	case size <= maximum/4:
		return size * 2
	}
	return maximum
}

// nextWindow is get_next_ra_size: ×4 while small, ×2 up to half the maximum.
func nextWindow(current, maximum int64) int64 {
	switch {
	case current < maximum/16:
		return 4 * current
	case current <= maximum/2:
		return 2 * current
	}
	return maximum
}
