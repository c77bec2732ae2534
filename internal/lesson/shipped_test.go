package lesson_test

import (
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/lesson"
)

// Every shipped lesson, claim card and word is whole, in both languages, and comes
// out for every combination of what varies.
func TestShipped(t *testing.T) {
	all := lesson.Shipped()
	for _, err := range append(all.Errors, all.Verify(t.Context(), lesson.NewPlayer(lab.New(t.TempDir())), false)...) {
		t.Error(err)
	}
}
