package chromium

import (
	"os"
	"testing"
)

// Absent fails a test in CI for what is missing there, and elsewhere skips it.
func Absent(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}
