// Package clocktest sets clocks as an administrator or NTP does, for tests.
package clocktest

import (
	"time"
	"unsafe"
)

// Set is a reading of a clock that was set forward by so much, to the second, or,
// below zero, back: another time of day, and the same monotonic reading. Package
// time has no way to make one. It panics if t has no monotonic reading.
func Set(t time.Time, by time.Duration) time.Time {
	set := t
	// time.Time, with a monotonic reading: wall is a bit that says so, 33 bits of
	// seconds since 1885, and 30 bits of nanoseconds (time/time.go).
	reading := (*struct {
		wall uint64
		ext  int64
		loc  *time.Location
	})(unsafe.Pointer(&set))
	reading.wall += uint64(by/time.Second) << 30
	if set.Sub(t) != 0 || set.Round(0).Sub(t.Round(0)) != by.Truncate(time.Second) {
		panic("this Go keeps another time.Time")
	}
	return set
}
