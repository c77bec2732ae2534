package lab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"copyscope/internal/host"
	"copyscope/internal/spread"
	"copyscope/internal/trace"
	"copyscope/sim"
)

// ProfileFile is a profile as a document: what `copyscope calibrate -o` writes
// and --profile reads.
type ProfileFile struct {
	Schema  int                    `json:"schema"`
	Name    string                 `json:"name"`
	Machine ProfileMachine         `json:"machine"`
	Costs   map[string]ProfileCost `json:"costs"`
	// Figures are what was measured of the machine beside its costs: no model
	// takes them.
	Figures map[string]ProfileCost `json:"figures,omitempty"`
}

// ProfileMachine is the machine that a profile is of.
type ProfileMachine struct {
	Processor string `json:"processor,omitempty"`
	host.Facts
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

// ParseProfile reads the text of a profile file; name is the file's, for errors.
func ParseProfile(name string, text []byte) (*sim.Profile, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var p ProfileFile
	if err := d.Decode(&p); err != nil {
		return nil, fmt.Errorf("profile %s: %w; copyscope calibrate -o FILE writes one", name, inWords(err))
	}
	if d.More() {
		return nil, fmt.Errorf("profile %s: something follows the profile; a file has one", name)
	}
	out, err := p.Profile()
	if err != nil {
		return nil, fmt.Errorf("profile %s: %w", name, err)
	}
	return out, nil
}

// inWords tells what does not fit without the names that the document's types
// have in this program.
func inWords(err error) error {
	var unfit *json.UnmarshalTypeError
	switch {
	case errors.As(err, &unfit) && unfit.Field == "":
		return fmt.Errorf("it holds JSON of another kind (%s), and is to be an object", unfit.Value)
	case errors.As(err, &unfit):
		return fmt.Errorf("%s: JSON of another kind (%s) than is to be there", unfit.Field, unfit.Value)
	case errors.Is(err, io.EOF):
		return errors.New("it is empty")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it ends too early")
	}
	return err
}

// Profile is the document's, if it is whole.
func (p ProfileFile) Profile() (*sim.Profile, error) {
	switch {
	case p.Schema == 0:
		return nil, fmt.Errorf("schema: it is missing; this program reads schema %d", trace.Schema)
	case p.Schema != trace.Schema:
		return nil, fmt.Errorf("schema %d: this program reads schema %d", p.Schema, trace.Schema)
	case p.Name == "":
		return nil, errors.New("name: it is empty; give the profile one")
	}
	shipped, err := sim.LookupProfile("")
	if err != nil {
		return nil, err
	}
	out := &sim.Profile{Name: p.Name}
	left := len(p.Costs)
	for _, c := range out.Costs() {
		v, ok := p.Costs[c.Name]
		if !ok && slices.Contains(added, c.Name) {
			c.Set(costNamed(&shipped, c.Name).Get())
			continue
		}
		if !ok {
			return nil, fmt.Errorf("costs.%s: it is missing; the costs are %s", c.Name, strings.Join(costNames(), ", "))
		}
		left--
		c.Set(v.Value)
	}
	if left > 0 {
		return nil, fmt.Errorf("costs: %d of them are none; the costs are %s", left, strings.Join(costNames(), ", "))
	}
	return out, out.Check()
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
