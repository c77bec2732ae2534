package lab_test

import (
	"strings"
	"testing"

	"copyscope/internal/lab"
)

// A run that would make more events than anybody waits for is refused with their
// number before it starts.
func TestRunsThatWouldNeverEndAreRefused(t *testing.T) {
	for _, text := range []string{"read-write,size=1TiB,chunk=1B", "sendfile,size=1TiB,chunk=4KiB"} {
		if _, err := lab.ParseScenario(text, lab.Default()); err == nil || !strings.Contains(err.Error(), "million events") {
			t.Errorf("%s: %v, want an error with the number of events", text, err)
		}
	}
	for _, text := range []string{"sendfile,size=1TiB,chunk=1TiB", "read-write,size=8GiB,chunk=512B"} {
		if _, err := lab.ParseScenario(text, lab.Default()); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
