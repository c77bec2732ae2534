package lab

import (
	"fmt"
	"math"
	"strings"

	"github.com/dustin/go-humanize"
)

// ParseSize reads a size such as 64KiB, 1GiB, 1GB or 4096, in bytes, above 0.
func ParseSize(field, text string) (int64, error) {
	n, err := humanize.ParseBytes(strings.TrimSpace(text))
	switch {
	case n > math.MaxInt64, err != nil && strings.HasPrefix(err.Error(), "too large"):
		return 0, &FieldError{field, text, "it is too large; use " + FormatSize(MaxSize) + " or less"}
	case err != nil || n == 0:
		return 0, &FieldError{field, text, "write a size above 0 such as 4096, 64KiB, 1GiB or 1GB"}
	}
	return int64(n), nil
}

// FormatSize writes a size in the largest binary unit that divides it, so that
// ParseSize gives exactly the same number back.
func FormatSize(n int64) string {
	for _, u := range []struct {
		name  string
		shift uint
	}{{"TiB", 40}, {"GiB", 30}, {"MiB", 20}, {"KiB", 10}} {
		if n != 0 && n%(1<<u.shift) == 0 {
			return fmt.Sprintf("%d%s", n>>u.shift, u.name)
		}
	}
	return fmt.Sprintf("%dB", n)
}
