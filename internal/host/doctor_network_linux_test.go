package host_test

import (
	"os"
	"testing"

	"copyscope/internal/host"
)

// The process's network, which /proc/self shows as that of its first thread, is
// the same before and after, whichever threads the doctor used.
func TestDoctorLeavesTheNetworkAlone(t *testing.T) {
	before, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		host.Doctor(t.Context())
		if after, err := os.Readlink("/proc/self/ns/net"); err != nil || after != before {
			t.Fatalf("after %d visits the first thread is in %s (%v), was in %s", i+1, after, err, before)
		}
	}
}
