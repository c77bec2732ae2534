package copyprofile

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/google/pprof/profile"

	"copyscope/internal/symbol"
)

// builder gathers samples with the same stack and labels into one.
type builder struct {
	profile   *profile.Profile
	samples   map[string]*profile.Sample
	locations map[place]*profile.Location
	functions map[[2]string]*profile.Function
	mappings  map[string]*profile.Mapping
	names     map[string]bool
	// dropped calls have stacks or labels beyond what is kept.
	dropped int64
}

// place is an address of a process.
type place struct {
	pid     int
	address uint64
}

const (
	// maxSamples bounds the stacks of a profile, and so its memory.
	maxSamples = 200_000
	// maxNames bounds the paths and addresses in labels.
	maxNames = 4096
	// otherNames are those beyond.
	otherNames = "(others)"
)

func newBuilder() *builder {
	b := &builder{profile: &profile.Profile{DefaultSampleType: types[CopiedBytes][0]}, samples: map[string]*profile.Sample{},
		locations: map[place]*profile.Location{}, functions: map[[2]string]*profile.Function{}, mappings: map[string]*profile.Mapping{}, names: map[string]bool{}}
	for _, t := range types {
		b.profile.SampleType = append(b.profile.SampleType, &profile.ValueType{Type: t[0], Unit: t[1]})
	}
	return b
}

// label is a name and a value of a sample.
type label struct{ name, value string }

// add adds a call with its stack, innermost first, of which all but the first are return
// addresses: the call is right before.
func (b *builder) add(pid int, chain []uint64, frame func(uint64) symbol.Frame, labels []label, e effect) {
	stack := make([]*profile.Location, len(chain))
	for i, address := range chain {
		if i > 0 {
			address--
		}
		stack[i] = b.location(place{pid, address}, frame)
	}
	key := make([]byte, 0, 8*len(stack)+64)
	for _, l := range stack {
		key = binary.NativeEndian.AppendUint64(key, l.ID)
	}
	for i := range labels {
		labels[i].value = b.name(labels[i].value)
		key = append(append(append(append(key, labels[i].name...), 0), labels[i].value...), 0)
	}
	s := b.samples[string(key)]
	if s == nil {
		if len(b.samples) >= maxSamples {
			b.dropped++
			return
		}
		s = &profile.Sample{Location: stack, Value: make([]int64, len(types)), Label: map[string][]string{}}
		for _, l := range labels {
			s.Label[l.name] = []string{l.value}
		}
		b.samples[string(key)] = s
		b.profile.Sample = append(b.profile.Sample, s)
	}
	s.Value[CopiedBytes] += e.copied
	if e.copied > 0 {
		s.Value[Copies]++
	}
	s.Value[Syscalls]++
	s.Value[Descriptors] += e.lent
}

// name keeps the names of labels few.
func (b *builder) name(s string) string {
	if !b.names[s] {
		if len(b.names) >= maxNames {
			return otherNames
		}
		b.names[s] = true
	}
	return s
}

// forget is to be called when a process begins another program.
func (b *builder) forget(pid int) {
	for p := range b.locations {
		if p.pid == pid {
			delete(b.locations, p)
		}
	}
}

func (b *builder) location(p place, frame func(uint64) symbol.Frame) *profile.Location {
	if l, ok := b.locations[p]; ok {
		return l
	}
	f := frame(p.address)
	key := [2]string{f.Function, f.File}
	function, ok := b.functions[key]
	if !ok {
		function = &profile.Function{ID: uint64(len(b.profile.Function) + 1), Name: f.Function, SystemName: f.Function, Filename: f.File}
		b.functions[key] = function
		b.profile.Function = append(b.profile.Function, function)
	}
	mapping, ok := b.mappings[f.Object]
	if !ok {
		// The whole of the address space, as processes differ in where they have
		// the object; nothing is left to be looked up.
		mapping = &profile.Mapping{ID: uint64(len(b.profile.Mapping) + 1), Limit: 1<<64 - 1, File: strings.TrimSpace(f.Object),
			HasFunctions: true, HasFilenames: true, HasLineNumbers: true, HasInlineFrames: true}
		b.mappings[f.Object] = mapping
		b.profile.Mapping = append(b.profile.Mapping, mapping)
	}
	l := &profile.Location{ID: uint64(len(b.profile.Location) + 1), Mapping: mapping, Address: p.address, Line: []profile.Line{{Function: function, Line: int64(f.Line)}}}
	b.locations[p] = l
	b.profile.Location = append(b.profile.Location, l)
	return l
}

// done is the profile.
func (b *builder) done(comments []string) (*profile.Profile, error) {
	b.profile.Comments = slices.Clone(comments)
	return b.profile, b.profile.CheckValid()
}
