package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"copyscope/internal/host"
	"copyscope/internal/spread"
	"copyscope/internal/trace"
	"copyscope/internal/yamlfile"
	"copyscope/sim"
)

// ProfileFile is a profile as a document: what `copyscope calibrate -o` writes
// and --profile reads, as JSON or as YAML.
type ProfileFile struct {
	Schema int    `json:"schema"`
	Name   string `json:"name"`
	// Base is the shipped profile whose costs stand for those that the document
	// leaves out; empty if it has them all, as a calibrated one has.
	Base string `json:"base,omitempty"`
	// Machine is left out where the costs are of no machine that anybody looked at.
	Machine ProfileMachine         `json:"machine,omitzero"`
	Costs   map[string]ProfileCost `json:"costs"`
	// Figures are what was measured of the machine beside its costs: no model
	// takes them.
	Figures map[string]ProfileCost `json:"figures,omitempty"`
}

// ProfileMachine is the machine that a profile is of.
type ProfileMachine struct {
	Processor  string `json:"processor,omitempty"`
	host.Facts `yaml:",inline"`
}

// ProfileCost is one cost: in ns or bytes per second, as its name says.
type ProfileCost struct {
	Value      int64            `json:"value"`
	Provenance trace.Provenance `json:"provenance"`
	// How says how it was measured, or where it is from.
	How string `json:"how"`
	// Spread is what the rounds came out as, in the unit of the value; nil if it was
	// not measured.
	Spread *spread.Spread `json:"spread,omitempty"`
	// Refused says why what was measured is not the value.
	Refused string `json:"refused,omitempty"`
}

// profileText is what the text of a profile may be: YAML, of which JSON is a part.
var profileText = yamlfile.Kind{Name: "a profile", MaxBytes: 256 << 10}

// ParseProfile reads the text of a profile file; name is the file's, for errors,
// which are of type [*yamlfile.Error].
func ParseProfile(name string, text []byte) (*sim.Profile, error) {
	var p ProfileFile
	fields, unfit := yamlfile.Read(name, text, profileText, &p)
	if len(unfit) > 0 {
		return nil, unfit[0]
	}
	if !fields.Given("schema") {
		return nil, fields.Fail("schema", "it is missing; this program reads schema %d", trace.Schema)
	}
	out, field, err := p.profile()
	if err != nil {
		return nil, fields.Fail(field, "%v", err)
	}
	return out, nil
}

// Profile is the document's, if it is whole.
func (p ProfileFile) Profile() (*sim.Profile, error) {
	out, field, err := p.profile()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	return out, nil
}

// profile is the document's, or what is wrong with a field of it.
func (p ProfileFile) profile() (out *sim.Profile, field string, err error) {
	switch {
	case p.Schema != trace.Schema:
		return nil, "schema", fmt.Errorf("%d: this program reads schema %d", p.Schema, trace.Schema)
	case p.Name == "":
		return nil, "name", errors.New("it is missing; give the profile one")
	case p.Base != "" && !slices.Contains(sim.ProfileNames(), p.Base):
		return nil, "base", fmt.Errorf("%q: %s", p.Base, yamlfile.Nearest(p.Base, sim.ProfileNames()))
	}
	for _, name := range slices.Sorted(maps.Keys(p.Costs)) {
		if !slices.Contains(costNames(), name) {
			return nil, "costs." + name, errors.New("unknown cost; " + yamlfile.Nearest(name, costNames()))
		}
	}
	base, err := sim.LookupProfile(p.Base)
	if err != nil {
		return nil, "base", err
	}
	out = &sim.Profile{}
	if p.Base != "" {
		*out = base // with what no cost tells: the kind of its disk
	}
	out.Name = p.Name
	for _, c := range out.Costs() {
		v, ok := p.Costs[c.Name]
		switch {
		case ok:
			c.Set(v.Value)
		case p.Base == "" && !slices.Contains(added, c.Name):
			return nil, "costs." + c.Name, fmt.Errorf("it is missing; give all costs, or name a shipped profile as base (base: %s), whose costs stand for those that are left out", sim.DefaultProfile)
		default:
			c.Set(costNamed(&base, c.Name).Get())
		}
	}
	var unfit *sim.CostError
	if errors.As(out.Check(), &unfit) {
		return nil, "costs." + unfit.Cost, errors.New(unfit.Text)
	}
	return out, "", nil
}

// added are costs that a document of an earlier version of this program has not: the
// shipped value stands for them.
var added = []string{"veth_ns", readerRate}

func costNames() (out []string) {
	for _, c := range new(sim.Profile).Costs() {
		out = append(out, c.Name)
	}
	return out
}

// Write writes the document.
func (p ProfileFile) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(p)
}
