package sweep

import (
	"fmt"
	"strconv"
	"strings"

	"copyscope/internal/lab"
)

// Parameter is what a sweep varies.
type Parameter string

const (
	Chunk       Parameter = "chunk"
	Size        Parameter = "size"
	Connections Parameter = "connections"
)

// Parameters lists them all.
func Parameters() []Parameter { return []Parameter{Chunk, Size, Connections} }

// Span is the values that one parameter takes: one, or a range.
type Span []int64

// ParseSpan reads A or A..B: from A on, each twice the one before, up to B,
// which is the last.
func ParseSpan(p Parameter, text string) (Span, error) {
	first, last, ranged := strings.Cut(text, "..")
	low, err := p.parse(first)
	if err != nil || !ranged {
		return Span{low}, err
	}
	high, err := p.parse(last)
	if err != nil {
		return nil, err
	}
	if high <= low {
		return nil, &lab.FieldError{Field: p.flag(), Value: text, Remedy: "a range goes from a smaller value to a larger one, such as " + p.example()}
	}
	var out Span
	for v := low; v < high; v *= 2 {
		out = append(out, v)
	}
	return append(out, high), nil
}

func (p Parameter) flag() string { return "--" + string(p) }

func (p Parameter) example() string {
	return map[Parameter]string{Chunk: "4KiB..1MiB", Size: "1MiB..1GiB", Connections: "1..1000"}[p]
}

// parse reads one value; its bounds make doubling safe.
func (p Parameter) parse(text string) (int64, error) {
	if p == Connections {
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if err != nil || n < 1 || n > lab.MaxConnections {
			return 0, &lab.FieldError{Field: p.flag(), Value: text, Remedy: fmt.Sprintf("use 1 to %d, or a range such as %s", lab.MaxConnections, p.example())}
		}
		return n, nil
	}
	n, err := lab.ParseSize(p.flag(), text)
	if err == nil && n > lab.MaxSize {
		err = &lab.FieldError{Field: p.flag(), Value: text, Remedy: "use 1B to 1TiB, or a range such as " + p.example()}
	}
	return n, err
}

// Format writes a value as people type it.
func (p Parameter) Format(v int64) string {
	if p == Connections {
		return strconv.FormatInt(v, 10)
	}
	return lab.FormatSize(v)
}
