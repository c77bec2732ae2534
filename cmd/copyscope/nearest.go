package main

import (
	"fmt"

	"github.com/agnivade/levenshtein"
)

// nearest is `: did you mean "x"?` for the name that is closest to what was
// typed, or empty if none is close.
func nearest(typed string, names []string) string {
	const longest = 100 // what is longer is no typing error, and costly to compare
	if len(typed) > longest {
		return ""
	}
	// A slip of the hand is a letter or two, in a long word some more; what is farther
	// off would be a guess.
	best, distance := "", min(len(typed)/3+2, 5)
	for _, name := range names {
		if d := levenshtein.ComputeDistance(typed, name); d < distance {
			best, distance = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %q?", best)
}
