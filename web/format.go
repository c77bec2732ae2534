package web

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"copyscope/internal/host"
	"copyscope/templates"
)

// Texts of numbers. They are made here, once, and read the same in both
// languages; scripts only place them.

// significant writes up to three digits, or all of the whole part.
func significant(v float64) string {
	digits := 0
	switch size := math.Abs(v); {
	case size < 10:
		digits = 2
	case size < 100:
		digits = 1
	}
	unit := math.Pow10(digits)
	return humanize.Commaf(math.Round(v*unit) / unit)
}

// callsText lists syscalls by name, the most frequent first.
func callsText(byName map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(byName), func(a, b string) int {
		if byName[a] != byName[b] {
			return int(byName[b] - byName[a])
		}
		return strings.Compare(a, b)
	})
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%s × %s", name, humanize.Comma(byName[name]))
	}
	return strings.Join(parts, ", ")
}

// byteRate writes bytes per second in decimal units, as links and benchmarks are
// rated; static/live/units.js does the same.
func byteRate(v float64) string {
	units := []string{"B/s", "kB/s", "MB/s", "GB/s", "TB/s"}
	unit := 0
	for math.Abs(v) >= 1000 && unit < len(units)-1 {
		v /= 1000
		unit++
	}
	return significant(v) + " " + units[unit]
}

// figureText is a figure with its unit; a dash where there is no value.
func figureText(f host.Figure) string {
	if f.Value == nil {
		return "–"
	}
	v := *f.Value
	switch f.Unit {
	case host.Ratio:
		return strconv.FormatFloat(100*v, 'f', 1, 64) + " %"
	case host.Bytes:
		return templates.Size(int64(v))
	case host.BytesPerSecond:
		return byteRate(v)
	case host.PerSecond, host.PagesPerSecond: // its label says of what
		return significant(v) + "/s"
	case host.Seconds:
		return templates.Duration(int64(v * 1e9))
	case host.Number:
		return significant(v)
	}
	return strings.TrimSpace(significant(v) + " " + string(f.Unit))
}
