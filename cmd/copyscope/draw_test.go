package main

import (
	"fmt"
	"testing"
)

// Columns that do not fit beside each other go into further blocks, each with the
// first column, and none is lost.
func TestTablesFitTheTerminal(t *testing.T) {
	rows := [][]string{{"count", "read", "write", "sendfile"}, {"syscalls", "1", "22", "333"}, {"short"}}
	for width, want := range map[int]string{ // 12 for the first column, then 7, 8 and 11
		200: "[[0 1 2 3]]", 38: "[[0 1 2 3]]", 37: "[[0 1 2] [0 3]]", 26: "[[0 1] [0 2] [0 3]]", 5: "[[0 1] [0 2] [0 3]]",
	} {
		if got := fmt.Sprint(fit(rows, width)); got != want {
			t.Errorf("width %d: columns %s, want %s", width, got, want)
		}
	}
	if got := fmt.Sprint(pick(rows, []int{0, 3})); got != "[[count sendfile] [syscalls 333] [short ]]" {
		t.Errorf("columns 0 and 3 are %s", got)
	}
}
