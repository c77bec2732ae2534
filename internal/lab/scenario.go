package lab

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// Model names an operating-system model of the simulator.
type Model string

const (
	Textbook Model = "textbook"
	Linux    Model = "linux"
)

// Cache is the state of the page cache when the transfer begins.
type Cache string

const (
	Warm Cache = "warm"
	Cold Cache = "cold"
)

// Net is what carries the bytes.
type Net string

const (
	// NIC is the modelled network card.
	NIC Net = "nic"
	// Loopback is the host's loopback interface, real or modelled.
	Loopback Net = "loopback"
	// Veth is the lab network, real or modelled: two network namespaces joined by a
	// pair of virtual devices, which gather or not.
	Veth Net = "veth"
)

// MaxSize bounds a scenario's size: 1 TiB.
const MaxSize = 1 << 40

// Scenario describes one run completely: the same scenario gives the same
// modelled events, byte for byte.
type Scenario struct {
	Path  string     `json:"path"`
	Side  trace.Side `json:"side"`
	Model Model      `json:"model,omitempty"` // of a simulated run
	Size  int64      `json:"size"`            // bytes
	Chunk int64      `json:"chunk"`           // bytes a call is asked for
	Cache Cache      `json:"cache"`
	Net   Net        `json:"net"`
	DMA   bool       `json:"dma"`
	SG    bool       `json:"sg"`
	Touch bool       `json:"touch,omitempty"`
	// Profile names the modelled hardware; empty means the default one.
	Profile string `json:"profile,omitempty"`
	// ZeroCopy: the io-uring path sends by reference.
	ZeroCopy bool `json:"zerocopy,omitempty"`
	// CPUs is how many processors a modelled machine has; 0 means one.
	CPUs int `json:"cpus,omitempty"`
	// LLC is the size of the modelled last-level cache in bytes; 0 leaves it out.
	LLC int64 `json:"llc,omitempty"`
	// WhatIf changes the modelled machine while it runs, for example 120/sg=off.
	WhatIf string `json:"whatif,omitempty"`
}

// Default is the scenario that a command or page begins with.
func Default() Scenario {
	return Scenario{Path: "read-write", Side: trace.Sim, Model: Linux, Size: 64 << 20, Chunk: 64 << 10,
		Cache: Warm, Net: Loopback, DMA: true, SG: true}
}

// Opening is the story as it is taught, of one path: what pages and lessons begin
// with.
func Opening(path string) Scenario {
	s := Default()
	s.Path, s.Model, s.Cache = path, Textbook, Cold
	s.Size, s.Chunk = 64<<10, 64<<10
	return s.Normal()
}

// Normal fills in what follows from the rest, so that equal runs have equal
// scenarios: the textbook always sends through a network card, gathering is
// something that a card's DMA engine does, or a virtual device, which has none, and a
// real run has no model and no switches for the hardware but that of the lab network.
func (s Scenario) Normal() Scenario {
	if s.Side == trace.Real || s.Side == trace.RecordedSide {
		s.Model, s.Profile, s.DMA, s.CPUs, s.LLC, s.WhatIf = "", "", true, 0, 0, ""
		if s.Net == NIC {
			s.Net = Loopback
		}
		if s.Net != Veth {
			s.SG = true
		}
		return s
	}
	if s.Model == "" {
		s.Model = Linux
	}
	if s.Model == Textbook {
		s.Net = NIC
	}
	if !s.DMA && s.Net != Veth {
		s.SG = false
	}
	return s
}

// Validate names the first field that cannot be, with the remedy.
func (s Scenario) Validate() error {
	program, ok := transfer.Lookup(s.Path)
	if !ok {
		return &FieldError{"path", s.Path, "use one of " + strings.Join(transfer.Paths(), ", ")}
	}
	switch {
	case s.Side != trace.Sim && s.Side != trace.Real && s.Side != trace.RecordedSide:
		return &FieldError{"side", string(s.Side), "use sim, real or recorded"}
	case s.Side == trace.Sim && s.Model != Textbook && s.Model != Linux:
		return &FieldError{"model", string(s.Model), "use textbook or linux"}
	case s.Size <= 0 || s.Size > MaxSize:
		return &FieldError{"size", FormatSize(s.Size), "use 1B to 1TiB"}
	case s.Chunk <= 0 || s.Chunk > MaxSize:
		return &FieldError{"chunk", FormatSize(s.Chunk), "use 1B to 1TiB"}
	case s.Cache != Warm && s.Cache != Cold:
		return &FieldError{"cache", string(s.Cache), "use warm or cold"}
	case s.Net != NIC && s.Net != Loopback && s.Net != Veth:
		return &FieldError{"net", string(s.Net), "use nic (simulated only), loopback or veth"}
	case s.Side == trace.Sim && s.profileError() != nil:
		return s.profileError()
	case s.ZeroCopy && s.Path != "io-uring":
		return &FieldError{"zerocopy", "on", s.Path + " has one way to send; use io-uring, or msg-zerocopy without it"}
	case s.CPUs < 0 || s.CPUs > 1024:
		return &FieldError{"cpus", fmt.Sprint(s.CPUs), "use 1 to 1024"}
	case s.LLC < 0 || s.LLC > 0 && s.LLC < 64<<10:
		return &FieldError{"llc", FormatSize(s.LLC), "use 0 (left out), or 64KiB or more"}
	case s.WhatIf != "" && s.whatIfError() != nil:
		return s.whatIfError()
	case s.Side == trace.Sim && s.estimate() > maxEvents:
		return &FieldError{"chunk", FormatSize(s.Chunk), fmt.Sprintf("the run would make about %d million events, more than %d million; use a larger chunk or a smaller size",
			s.estimate()/1e6, maxEvents/1_000_000)}
	case s.Touch && !program.UserMemory:
		return &FieldError{"touch", "on", "the bytes of " + s.Path + " never are in user memory; use read-write or mmap-write"}
	}
	return nil
}

// maxEvents bounds a simulated run: two minutes or so.
const maxEvents = 1_000_000_000

// estimate is about how many events a simulated run makes.
func (s Scenario) estimate() int64 {
	const ofCall, ofSegment, segment = 12, 8, 64 << 10
	if s.Model == Textbook {
		return s.Size / s.Chunk * ofCall
	}
	return s.Size/s.Chunk*ofCall + s.Size/segment*ofSegment
}

func (s Scenario) whatIfError() error {
	change, err := parseWhatIf(s.WhatIf)
	if err != nil || s.Side != trace.Sim {
		return err
	}
	after, err := s.machine()
	if err != nil {
		return err
	}
	if change.Apply(&after); after.Check() != nil {
		return &FieldError{"whatif", s.WhatIf, after.Check().Error()}
	}
	return nil
}

// profileError is what is wrong with the profile's name, or nil.
func (s Scenario) profileError() error {
	if s.Profile != "" && !slices.Contains(sim.ProfileNames(), s.Profile) {
		return &FieldError{"profile", s.Profile, "use one of " + strings.Join(sim.ProfileNames(), ", ")}
	}
	return nil
}

// FieldError is a scenario field whose value cannot be.
type FieldError struct{ Field, Value, Remedy string }

func (e *FieldError) Error() string {
	return fmt.Sprintf("%s %q: %s", e.Field, e.Value, e.Remedy)
}

// String is the scenario in the form that addresses and [ParseScenario] use,
// for example
//
//	read-write,side=sim,model=textbook,size=64KiB,chunk=64KiB,cache=cold,net=nic,dma=on,sg=on
func (s Scenario) String() string {
	s = s.Normal()
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s,side=%s", s.Path, s.Side)
	if s.Side == trace.Sim {
		fmt.Fprintf(b, ",model=%s", s.Model)
	}
	fmt.Fprintf(b, ",size=%s,chunk=%s,cache=%s,net=%s", FormatSize(s.Size), FormatSize(s.Chunk), s.Cache, s.Net)
	if s.Side == trace.Sim {
		fmt.Fprintf(b, ",dma=%s", OnOff(s.DMA))
	}
	if s.Side == trace.Sim || s.Net == Veth {
		fmt.Fprintf(b, ",sg=%s", OnOff(s.SG))
	}
	if s.Touch {
		b.WriteString(",touch=on")
	}
	if s.Profile != "" {
		fmt.Fprintf(b, ",profile=%s", s.Profile)
	}
	if s.ZeroCopy {
		b.WriteString(",zerocopy=on")
	}
	if s.CPUs > 0 {
		fmt.Fprintf(b, ",cpus=%d", s.CPUs)
	}
	if s.LLC > 0 {
		fmt.Fprintf(b, ",llc=%s", FormatSize(s.LLC))
	}
	if s.WhatIf != "" {
		fmt.Fprintf(b, ",whatif=%s", s.WhatIf)
	}
	return b.String()
}

// ParseScenario reads what String writes; fields that are left out keep the
// values of base.
func ParseScenario(text string, base Scenario) (Scenario, error) {
	s := base
	fields := strings.Split(text, ",")
	if fields[0] != "" {
		s.Path = fields[0]
	}
	for _, f := range fields[1:] {
		key, value, ok := strings.Cut(f, "=")
		if !ok {
			return s, &FieldError{"scenario", f, "write key=value"}
		}
		if err := s.set(key, value); err != nil {
			return s, err
		}
	}
	s = s.Normal()
	return s, s.Validate()
}

func (s *Scenario) set(key, value string) (err error) {
	switch key {
	case "side":
		s.Side = trace.Side(value)
	case "model":
		s.Model = Model(value)
	case "size":
		s.Size, err = ParseSize("size", value)
	case "chunk":
		s.Chunk, err = ParseSize("chunk", value)
	case "cache":
		s.Cache = Cache(value)
	case "net":
		s.Net = Net(value)
	case "dma":
		s.DMA, err = parseOnOff(key, value)
	case "sg":
		s.SG, err = parseOnOff(key, value)
	case "touch":
		s.Touch, err = parseOnOff(key, value)
	case "profile":
		s.Profile = value
	case "zerocopy":
		s.ZeroCopy, err = parseOnOff(key, value)
	case "cpus":
		if s.CPUs, err = strconv.Atoi(value); err != nil || s.CPUs < 1 {
			err = &FieldError{key, value, "use 1 to 1024"}
		}
	case "llc":
		s.LLC, err = ParseSize(key, value)
	case "whatif":
		s.WhatIf = value
	default:
		err = &FieldError{"scenario", key, "the fields are side, model, size, chunk, cache, net, dma, sg, touch, profile, zerocopy, cpus, llc, whatif"}
	}
	return err
}

// OnOff writes a switch as scenarios do.
func OnOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

func parseOnOff(field, value string) (bool, error) {
	if value != "on" && value != "off" {
		return false, &FieldError{field, value, "use on or off"}
	}
	return value == "on", nil
}
