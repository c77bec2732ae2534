package templates

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"copyscope/internal/trace"
)

// Size writes bytes in the largest binary unit that leaves at least 1, with
// three digits or more, as static/page.js does.
func Size(bytes int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	v, unit := math.Abs(float64(bytes)), 0
	for v >= 1024 && unit < len(units)-1 {
		v /= 1024
		unit++
	}
	digits := 0
	switch {
	case unit > 0 && v < 10:
		digits = 2
	case unit > 0 && v < 100:
		digits = 1
	}
	return sign(bytes < 0) + decimal(v, digits) + " " + units[unit]
}

// Duration writes nanoseconds in three digits of the largest unit that leaves
// at least 1.
func Duration(ns int64) string {
	v := math.Abs(float64(ns))
	for _, u := range []struct {
		size float64
		name string
	}{{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}} {
		if v >= u.size {
			digits := 2
			if v >= 100*u.size {
				digits = 0
			} else if v >= 10*u.size {
				digits = 1
			}
			return sign(ns < 0) + decimal(v/u.size, digits) + " " + u.name
		}
	}
	return sign(ns < 0) + decimal(v, 0) + " ns"
}

// Quantity writes a count's value in its unit.
func Quantity(v float64, unit trace.Unit) string {
	switch unit {
	case trace.Bytes:
		return Size(int64(v))
	case trace.Nanos:
		return Duration(int64(v))
	case trace.PerByte:
		return sign(v < 0) + fmt.Sprintf("%.2f", math.Abs(v))
	}
	return sign(v < 0) + humanize.Comma(int64(math.Abs(v)))
}

// Change writes a difference with its sign.
func Change(v float64, unit trace.Unit) string {
	if v > 0 {
		return "+" + Quantity(v, unit)
	}
	return Quantity(v, unit)
}

func sign(negative bool) string {
	if negative {
		return "−"
	}
	return ""
}

// decimal writes v with at most so many digits after the point.
func decimal(v float64, digits int) string {
	text := strconv.FormatFloat(v, 'f', digits, 64)
	if digits > 0 {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if whole, rest, ok := strings.Cut(text, "."); ok || len(whole) > 3 {
		n, _ := strconv.ParseInt(whole, 10, 64)
		text = humanize.Comma(n)
		if ok {
			text += "." + rest
		}
	}
	return text
}
