package copyprofile

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/google/pprof/profile"

	"copyscope/internal/symbol"
)

// builder gathers the calls with the same stack and site into one sample.
type builder struct {
	profile   *profile.Profile
	samples   map[sampleKey]*profile.Sample
	chains    map[string]*stack // by process and addresses
	stacks    map[string]*stack // by its locations
	locations map[place]*profile.Location
	functions map[[2]string]*profile.Function
	mappings  map[string]*profile.Mapping
	names     map[string]bool
	// dropped calls have stacks or sites beyond what is kept.
	dropped int64
	key     []byte
}

// site is what a call was made on: the labels of its sample.
type site struct{ syscall, from, fromName, to, toName string }

// stack is a call stack, innermost first. There is one of each.
type stack struct{ locations []*profile.Location }

type sampleKey struct {
	stack *stack
	site  site
}

// place is an address of a process.
type place struct {
	pid     int
	address uint64
}

const (
	// brokenChain is the outermost function of a stack that the kernel could not
	// follow.
	brokenChain = "[no frame pointers]"
	// maxSamples bounds the stacks of a profile, and so its memory.
	maxSamples = 200_000
	// maxNames bounds the paths and addresses in labels.
	maxNames = 4096
	// otherNames are those beyond.
	otherNames = "(others)"
)

func newBuilder() *builder {
	b := &builder{profile: &profile.Profile{DefaultSampleType: types[CopiedBytes][0]}, samples: map[sampleKey]*profile.Sample{}, chains: map[string]*stack{}, stacks: map[string]*stack{},
		locations: map[place]*profile.Location{}, functions: map[[2]string]*profile.Function{}, mappings: map[string]*profile.Mapping{}, names: map[string]bool{}}
	for _, t := range types {
		b.profile.SampleType = append(b.profile.SampleType, &profile.ValueType{Type: t[0], Unit: t[1]})
	}
	return b
}

// add adds a call with its chain of addresses, innermost first.
func (b *builder) add(pid int, chain []uint64, frame func(uint64) symbol.Frame, at site, e effect) {
	key := sampleKey{b.stack(pid, chain, frame), at}
	s := b.samples[key]
	if s == nil {
		at.fromName, at.toName = b.name(at.fromName), b.name(at.toName)
		key.site = at // those beyond maxNames are one
		s = b.samples[key]
	}
	if s == nil {
		if len(b.samples) >= maxSamples {
			b.dropped++
			return
		}
		s = &profile.Sample{Location: key.stack.locations, Value: make([]int64, len(types)), Label: at.labels()}
		b.samples[key] = s
		b.profile.Sample = append(b.profile.Sample, s)
	}
	s.Value[CopiedBytes] += e.copied
	if e.copied > 0 {
		s.Value[Copies]++
	}
	s.Value[Syscalls]++
	s.Value[Descriptors] += e.lent
}

func (s site) labels() map[string][]string {
	out := map[string][]string{}
	for name, value := range map[string]string{"syscall": s.syscall, "from": s.from, "from_name": s.fromName, "to": s.to, "to_name": s.toName} {
		if value != "" {
			out[name] = []string{value}
		}
	}
	return out
}

// stack finds the stack of a chain of addresses. All but the first are return addresses:
// the call is right before.
func (b *builder) stack(pid int, chain []uint64, frame func(uint64) symbol.Frame) *stack {
	b.key = binary.NativeEndian.AppendUint64(b.key[:0], uint64(pid))
	for _, address := range chain {
		b.key = binary.NativeEndian.AppendUint64(b.key, address)
	}
	if s, ok := b.chains[string(b.key)]; ok {
		return s
	}
	if len(b.chains) >= maxSamples {
		clear(b.chains)
	}
	s := &stack{}
	by := string(b.key)
	b.key = b.key[:0]
	for i, address := range chain {
		if i > 0 {
			address--
		}
		l := b.location(place{pid, address}, frame)
		s.locations = append(s.locations, l)
		b.key = binary.NativeEndian.AppendUint64(b.key, l.ID)
		if l.Line[0].Function.Name == brokenChain {
			break // what follows is no code either
		}
	}
	if same, ok := b.stacks[string(b.key)]; ok {
		s = same
	}
	if b.chains[by] = s; len(b.stacks) < maxSamples {
		b.stacks[string(b.key)] = s
	}
	return s
}

// name keeps the names of labels few.
func (b *builder) name(s string) string {
	if s != "" && !b.names[s] {
		if len(b.names) >= maxNames {
			return otherNames
		}
		b.names[s] = true
	}
	return s
}

// forget is to be called when a process begins another program.
func (b *builder) forget(pid int) {
	clear(b.chains)
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
	if f.Function == symbol.Unmapped {
		f.Function, p.address = brokenChain, 0
		if l, ok := b.locations[p]; ok {
			return l
		}
	}
	key := [2]string{f.Function, f.File}
	function, ok := b.functions[key]
	if !ok {
		function = &profile.Function{ID: uint64(len(b.profile.Function) + 1), Name: f.Function, SystemName: f.Function, Filename: f.File}
		b.functions[key] = function
		b.profile.Function = append(b.profile.Function, function)
	}
	l := &profile.Location{ID: uint64(len(b.profile.Location) + 1), Mapping: b.mapping(f.Object), Address: p.address, Line: []profile.Line{{Function: function, Line: int64(f.Line)}}}
	b.locations[p] = l
	b.profile.Location = append(b.profile.Location, l)
	return l
}

// mapping is that of a file. The first is the one that the profile is named by.
func (b *builder) mapping(object string) *profile.Mapping {
	mapping, ok := b.mappings[object]
	if !ok {
		// The whole of the address space, as processes differ in where they have
		// the object; nothing is left to be looked up.
		mapping = &profile.Mapping{ID: uint64(len(b.profile.Mapping) + 1), Limit: 1<<64 - 1, File: strings.TrimSpace(object),
			HasFunctions: true, HasFilenames: true, HasLineNumbers: true, HasInlineFrames: true}
		b.mappings[object] = mapping
		b.profile.Mapping = append(b.profile.Mapping, mapping)
	}
	return mapping
}

// done is the profile.
func (b *builder) done(comments []string) (*profile.Profile, error) {
	b.profile.Comments = slices.Clone(comments)
	return b.profile, b.profile.CheckValid()
}
