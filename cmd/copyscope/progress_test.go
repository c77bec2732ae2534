package main

import (
	"strings"
	"testing"

	"github.com/charmbracelet/lipgloss"

	"copyscope/internal/lab"
	"copyscope/internal/transfer"
)

// A progress line never reaches the last column, so that the next one is written
// over it, and it keeps the percentage.
func TestProgressLineFitsTheTerminal(t *testing.T) {
	long := strings.Repeat("a long title ", 10)
	for _, row := range []struct {
		title   string
		percent int64
		columns int
		want    string
	}{
		{"short", 7, 80, "short   7%"},
		{"short", 100, 80, "short 100%"},
		{long, 42, 20, "a long title a  42%"},
		{long, 42, 3, "  42%"},
	} {
		if got := progressLine(row.title, row.percent, row.columns); got != row.want {
			t.Errorf("%.10q in %d columns: %q, want %q", row.title, row.columns, got, row.want)
		}
	}
	for _, path := range transfer.Paths() {
		s := lab.Default()
		s.Path, s.Size, s.Chunk = path, 1<<30+1, 1<<20+1
		title := "1,000/1,000 " + underWay(s)
		if line := progressLine(title, 50, 80); !strings.HasPrefix(line, title) || lipgloss.Width(line) >= 80 {
			t.Errorf("%s: cut to %q", title, line)
		}
	}
}
