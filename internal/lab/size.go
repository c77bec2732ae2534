package lab

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
)

// ParseSize reads a size such as 64KiB, 1GiB, 1GB or 4096, in bytes, above 0.
func ParseSize(field, text string) (int64, error) {
	n, err := sizeOf(field, text)
	switch {
	case err != nil:
		return 0, err
	case n == 0:
		return 0, noSize(field, text)
	case n > math.MaxInt64:
		return 0, &FieldError{field, text, "it is too large; use " + FormatSize(MaxSize) + " or less"}
	}
	return int64(n), nil
}

// ParseSizeWithin is ParseSize for a size from least to most bytes. least is above 0.
func ParseSizeWithin(field, text string, least, most int64) (int64, error) {
	n, err := sizeOf(field, text)
	if err != nil {
		return 0, err
	}
	if n < uint64(least) || n > uint64(most) {
		return 0, &FieldError{field, text, "use " + FormatSize(least) + " to " + FormatSize(most)}
	}
	return int64(n), nil
}

// sizeOf is the number of bytes that the text says; what is more than can be counted
// is [math.MaxUint64].
func sizeOf(field, text string) (uint64, error) {
	n, err := humanize.ParseBytes(strings.TrimSpace(text))
	switch {
	case err != nil && (strings.HasPrefix(err.Error(), "too large") || errors.Is(err, strconv.ErrRange)):
		return math.MaxUint64, nil
	case err != nil:
		return 0, noSize(field, text)
	}
	return n, nil
}

func noSize(field, text string) error {
	return &FieldError{field, text, "write a size above 0 such as 4096, 64KiB, 1GiB or 1GB"}
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
