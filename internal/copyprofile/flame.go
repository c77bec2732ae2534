package copyprofile

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/google/pprof/profile"
)

// Flame is a node of a flame graph: a function, below the one that called it. Value
// includes that of the children.
type Flame struct {
	Name     string   `json:"name"`
	Value    int64    `json:"value"`
	Children []*Flame `json:"children,omitempty"`
}

// FlameTree makes a tree of a profile's samples by one of its sample types. The root,
// named by the type, has the sum of all; children are ordered by their value, the largest
// first; stacks that have nothing of it are left out.
func FlameTree(p *profile.Profile, sampleType string) (*Flame, error) {
	index := slices.IndexFunc(p.SampleType, func(t *profile.ValueType) bool { return t.Type == sampleType })
	if index < 0 {
		var names []string
		for _, t := range p.SampleType {
			names = append(names, t.Type)
		}
		return nil, fmt.Errorf("sample type %q: the profile has %v", sampleType, names)
	}
	root := &Flame{Name: sampleType}
	for _, s := range p.Sample {
		v := s.Value[index]
		if v == 0 {
			continue
		}
		node := root
		node.Value += v
		for _, l := range slices.Backward(s.Location) {
			for _, line := range slices.Backward(l.Line) {
				node = node.child(line.Function.Name)
				node.Value += v
			}
		}
	}
	root.order()
	return root, nil
}

func (f *Flame) child(name string) *Flame {
	for _, c := range f.Children {
		if c.Name == name {
			return c
		}
	}
	c := &Flame{Name: name}
	f.Children = append(f.Children, c)
	return c
}

func (f *Flame) order() {
	slices.SortFunc(f.Children, func(a, b *Flame) int { return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.Name, b.Name)) })
	for _, c := range f.Children {
		c.order()
	}
}
