package attach

import (
	"fmt"
	"slices"
	"strings"

	"copyscope/internal/trace"
)

// Of so many paths from files of which the same is to be said, and more, one stands for
// all; it has the names of so many files.
const (
	alikePaths = 3
	alikeNames = 3
)

// Together are the report's paths, with those from files that say the same in one: a
// site of a thousand pictures is one path to a person. Figures are sums.
func (r *Report) Together() []Path {
	same := map[string][]int{}
	var keys []string
	for i := range r.Paths {
		key := r.Paths[i].says()
		if r.Paths[i].From.Kind != File {
			key += fmt.Sprint("\x00", i)
		}
		if same[key] == nil {
			keys = append(keys, key) // the largest first, as the paths are
		}
		same[key] = append(same[key], i)
	}
	var out []Path
	for _, key := range keys {
		var paths []Path
		for _, i := range same[key] {
			paths = append(paths, r.Paths[i])
		}
		if len(paths) < alikePaths {
			out = append(out, paths...)
			continue
		}
		out = append(out, joined(paths))
	}
	slices.SortStableFunc(out, func(a, b Path) int {
		return int(b.Bytes.Value - a.Bytes.Value)
	})
	return out
}

// says is all that is said of a path but its beginning, its calls and its bytes.
func (p *Path) says() string {
	words := []string{string(p.At), p.Kind, p.To.Name, p.Blocker, p.Advice, fmt.Sprint(p.temporary, p.CPUCopiesPerByte.Known()),
		perByte(p.CPUCopiesPerByte.Value, p.Bytes.Value, p.SourceBytes.Value)}
	for _, s := range p.Techniques {
		words = append(words, string(s.Technique), s.Evidence)
	}
	return strings.Join(words, "\x00")
}

// joined is one path for several that say the same.
func joined(paths []Path) Path {
	p := paths[0]
	p.Calls, p.Techniques, p.names = map[string]int64{}, slices.Clone(p.Techniques), 0
	p.Bytes.Value, p.SourceBytes.Value, p.From.Descriptors, p.To.Descriptors = 0, 0, 0, 0
	for i := range p.Techniques {
		p.Techniques[i].Bytes = 0
	}
	copied, calls := 0.0, 0.0
	for _, q := range paths {
		p.names += q.names
		p.From.Descriptors += q.From.Descriptors
		p.To.Descriptors = max(p.To.Descriptors, q.To.Descriptors)
		p.Bytes.Value += q.Bytes.Value
		p.SourceBytes.Value += q.SourceBytes.Value
		copied += q.CPUCopiesPerByte.Value * q.Bytes.Value
		for i, s := range q.Techniques {
			p.Techniques[i].Bytes += s.Bytes
		}
		for name, n := range q.Calls {
			p.Calls[name] += n
		}
		if q.ModeSwitches.Known() {
			calls += q.ModeSwitches.Value
		}
	}
	for i := range p.Techniques {
		p.Techniques[i].Share = float64(p.Techniques[i].Bytes) / p.Bytes.Value
	}
	if p.CPUCopiesPerByte.Known() {
		p.CPUCopiesPerByte.Value = copied / p.Bytes.Value
	}
	if calls > 0 { // where one of them has none, its calls are counted with another's
		p.ModeSwitches = trace.Count{Value: calls, Provenance: trace.Derived}
	}
	// Those of many files stand for them without a name.
	var names []string
	for _, q := range paths {
		if q.names == 1 && len(names) < alikeNames {
			names = append(names, q.From.Name)
		}
	}
	if p.names > len(names) {
		names = append(names, "…")
	}
	p.From.Name, p.From.SizeBytes = fmt.Sprintf("%d files (%s)", p.names, strings.Join(names, ", ")), 0
	p.Sentence = p.sentence()
	return p
}
