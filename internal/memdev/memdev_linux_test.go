package memdev_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"copyscope/internal/memdev"
)

func TestOf(t *testing.T) {
	for name, want := range map[string]memdev.Kind{
		"/dev/null": {Discards: true}, "/dev/zero": {Discards: true, Zeroes: true}, "/dev/full": {Zeroes: true},
		"/dev/urandom": {}, "/dev/tty": {}, "/proc/self/exe": {}, "/": {},
	} {
		var st unix.Stat_t
		if err := unix.Stat(name, &st); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := memdev.Of(&st); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}
