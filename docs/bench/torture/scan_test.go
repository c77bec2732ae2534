//go:build linux

package main

import (
	"slices"
	"testing"
)

// A reader that gives up waiting says of no partition that it kept more than there was
// when it began, though it read on.
func TestReached(t *testing.T) {
	got := reached([]int64{875, 3, 5}, []int64{576, 5, 5})
	if want := []int64{576, 3, 5}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
