package host_test

import (
	"runtime"
	"testing"

	"copyscope/internal/host"
	"copyscope/internal/transfer"
)

// Either a path runs here, or there is a reason; and asking twice tells the same.
func TestAvailable(t *testing.T) {
	for _, path := range transfer.Paths() {
		ok, why := host.Available(path)
		if ok == (why != "") {
			t.Errorf("%s: available %v, reason %q", path, ok, why)
		}
		if again, same := host.Available(path); again != ok || same != why {
			t.Errorf("%s: asked again: %v, %q; at first %v, %q", path, again, same, ok, why)
		}
		t.Log(path, ok, why)
		if p, _ := transfer.Lookup(path); ok != (runtime.GOOS == "linux") && p.Serves {
			t.Errorf("%s: available %v on %s: %s", path, ok, runtime.GOOS, why)
		}
	}
	if ok, why := host.Available("sendfil"); ok || why == "" {
		t.Errorf("a path that does not exist: %v, %q", ok, why)
	}
}
