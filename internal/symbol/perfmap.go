package symbol

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Compiled has the functions that a JIT compiler made.
type Compiled struct{ functions ranges }

// maxLine bounds a line of a map: names of generated code are long.
const maxLine = 1 << 20

// ParsePerfMap reads /tmp/perf-PID.map (tools/perf/Documentation/jit-interface.txt),
// lines of an address and a size, both in hex, and a name, which may have spaces:
//
//	7f9b28000000 2a0 Ljava/lang/String;::hashCode
//
// A compiler appends; what comes later replaces what lay there. A last line without an
// end is still being written and is left out.
func ParsePerfMap(r io.Reader) (*Compiled, error) {
	c := &Compiled{}
	lines := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("perf map: %w", err)
		}
		if len(line) > maxLine {
			return nil, fmt.Errorf("perf map, line %d: it has %d bytes", n, len(line))
		}
		s, ok := parseCompiled(strings.TrimRight(line, "\r\n"))
		if !ok {
			return nil, fmt.Errorf("perf map, line %d: %.60q is not an address, a size and a name", n, line)
		}
		c.functions = append(c.functions, s)
	}
	c.functions = c.functions.latest()
	return c, nil
}

func parseCompiled(line string) (s span, ok bool) {
	address, rest, _ := strings.Cut(line, " ")
	size, name, ok := strings.Cut(rest, " ")
	var err error
	if s.from, err = strconv.ParseUint(strings.TrimPrefix(address, "0x"), 16, 64); err != nil || !ok {
		return s, false
	}
	if s.size, err = strconv.ParseUint(strings.TrimPrefix(size, "0x"), 16, 64); err != nil {
		return s, false
	}
	s.name = name
	return s, name != "" && s.from+s.size >= s.from
}

// sortByPlace sorts indexes by where their spans lie, and then by age.
func sortByPlace(r ranges, at []int) {
	slices.SortFunc(at, func(a, b int) int { return cmp.Or(cmp.Compare(r[a].from, r[b].from), cmp.Compare(a, b)) })
}

// latest is in order of place, without what a later one lies upon.
func (r ranges) latest() ranges {
	at := make([]int, 0, len(r)) // indexes, in order of place
	for i := range r {
		if r[i].size > 0 {
			at = append(at, i)
		}
	}
	sortByPlace(r, at)
	var out []int
	for _, i := range at {
		keep := true
		for len(out) > 0 {
			last := out[len(out)-1]
			if r[last].from+r[last].size <= r[i].from {
				break
			}
			if last > i { // it is the later one, and stays
				keep = false
				break
			}
			out = out[:len(out)-1]
		}
		if keep {
			out = append(out, i)
		}
	}
	functions := make(ranges, len(out))
	for n, i := range out {
		functions[n] = r[i]
	}
	return functions
}

// Function is the function that an address lies in.
func (c *Compiled) Function(address uint64) (name string, ok bool) {
	s, ok := c.functions.find(address)
	return s.name, ok
}
