package talk

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"copyscope/internal/authored"
	"copyscope/internal/trace"
	"copyscope/internal/yamlfile"
)

// Stop is a place in a run at which the speaker stops: a step, the first or the
// last one, every one, every entry to and return from a call, or the event that
// a selector finds.
type Stop struct {
	Step     int    // if Word is empty and Selector nil
	Word     string // start, end, all, calls
	Selector *Selector
}

// Selector finds an event of a lane, the first that has one if it names none.
type Selector struct {
	Lane           string `yaml:"lane"`
	authored.Event `yaml:",inline"`
}

var stopWords = []string{"start", "end", "all", "calls"}

const stopRemedy = "write a step's number, start, end, all, calls, or an event such as {lane: b, kind: descriptor}"

// Form implements [yamlfile.Formed].
func (s *Stop) Form(n ast.Node) any {
	if _, ok := n.(ast.MapNode); ok {
		return &Selector{}
	}
	return new(string)
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (s *Stop) UnmarshalYAML(n ast.Node) error {
	if _, ok := n.(ast.MapNode); ok {
		s.Selector = &Selector{}
		return yaml.NodeToValue(n, s.Selector)
	}
	text := n.GetToken().Value
	if step, err := strconv.Atoi(text); err == nil && step >= 0 {
		s.Step = step
		return nil
	}
	if slices.Contains(stopWords, text) {
		s.Word = text
		return nil
	}
	return yamlfile.Wrong(n, stopRemedy)
}

// find is the step of the event in a run, 0 if there is none.
func (s *Selector) find(events []trace.Event) int {
	step, _ := s.Step(len(events), func(i int) bool { return s.Is(events[i]) })
	return step
}

// Run is what a lane did, as far as stops need it.
type Run struct {
	Lane   string
	Events []trace.Event
}

// steps are the steps of a slide that a speaker stops at, ascending, each once.
// Without an alignment by step, the pages alone know which events go together:
// then stops are numbers.
func (s *Scope) steps(runs []Run) ([]int, error) {
	last, all := 0, 0
	for _, r := range runs {
		last = max(last, len(r.Events))
		all += len(r.Events)
	}
	most := last
	if s.Align != "step" {
		most = all // pages show what happened at different places one after the other
	}
	steps := map[int]bool{}
	stops := s.Stops
	if len(stops) == 0 {
		stops = []Stop{{Word: "all"}}
	}
	for _, stop := range stops {
		switch {
		case stop.Selector != nil:
			step := 0
			for _, r := range runs {
				if step == 0 && (stop.Selector.Lane == "" || stop.Selector.Lane == r.Lane) {
					step = stop.Selector.find(r.Events)
				}
			}
			if step == 0 {
				return nil, fmt.Errorf("no event fits %s; copyscope run PATH --events lists a run's events", stop.Selector)
			}
			steps[step] = true
		case stop.Word == "all":
			for i := range last + 1 {
				steps[i] = true
			}
		case stop.Word == "calls":
			steps[0], steps[last] = true, true
			for _, r := range runs {
				for i, e := range r.Events {
					if e.Kind == trace.ModeSwitch {
						steps[i+1] = true
					}
				}
			}
		case stop.Word == "end":
			steps[last] = true
		case stop.Word == "start":
			steps[0] = true
		case stop.Step > most:
			return nil, fmt.Errorf("stops: step %d: the run has %d steps; use one of them, or end", stop.Step, most)
		default:
			steps[stop.Step] = true
		}
	}
	out := make([]int, 0, len(steps))
	for step := range steps {
		out = append(out, step)
	}
	slices.Sort(out)
	return out, nil
}

// String is the selector as it is written.
func (s *Selector) String() string {
	var parts []string
	v := reflect.ValueOf(*s)
	for _, field := range reflect.VisibleFields(v.Type()) {
		if f := v.FieldByIndex(field.Index); !field.Anonymous && !f.IsZero() {
			parts = append(parts, fmt.Sprintf("%s: %v", field.Tag.Get("yaml"), f.Interface()))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
