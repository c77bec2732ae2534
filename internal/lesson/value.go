package lesson

import (
	"strconv"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"copyscope/internal/authored"
	"copyscope/internal/yamlfile"
)

// Place is where in a run: its start, its end, after so many events, or after a
// certain one.
type Place struct {
	Word  string // start, end, or empty
	N     int    // 0: none
	Event *Selector
}

// Given says whether the file says where.
func (p Place) Given() bool { return p.Word != "" || p.N > 0 || p.Event != nil }

type eventPlace struct {
	Event Selector `yaml:"event"`
}

// Form implements [yamlfile.Formed].
func (p *Place) Form(n ast.Node) any {
	if _, ok := yamlfile.Scalar(n); ok {
		return new(string)
	}
	return new(eventPlace)
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (p *Place) UnmarshalYAML(n ast.Node) error {
	text, ok := yamlfile.Scalar(n)
	if !ok {
		var e eventPlace
		if err := yaml.NodeToValue(n, &e); err != nil {
			return err
		}
		*p = Place{Event: &e.Event}
		return nil
	}
	if text == "start" || text == "end" {
		*p = Place{Word: text}
		return nil
	}
	i, err := strconv.Atoi(text)
	if err != nil || i < 1 {
		return yamlfile.Wrong(n, "write start, end, the number of a step from 1 on, or {event: {kind: …}}")
	}
	*p = Place{N: i}
	return nil
}

// Selector finds an event: all fields that are given must match.
type Selector struct {
	authored.Event `yaml:",inline"`
	// Group is the name of threads of a scenario file, or kernel for what belongs to
	// none of them.
	Group string `yaml:"group"`
}

// Feedback is what is said to a wrong number: one text, or one for each known
// mistake and one for all others.
type Feedback struct {
	authored.Text
	Known []Mistake
}

// Form implements [yamlfile.Formed].
func (f *Feedback) Form(n ast.Node) any {
	if _, list := n.(ast.ArrayNode); list {
		return new([]Mistake)
	}
	return new(authored.Text)
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (f *Feedback) UnmarshalYAML(n ast.Node) error {
	if _, list := n.(ast.ArrayNode); !list {
		return yaml.NodeToValue(n, &f.Text)
	}
	var all []Mistake
	if err := yaml.NodeToValue(n, &all); err != nil {
		return err
	}
	for _, m := range all {
		if m.Value == nil {
			f.Text = m.Else
			continue
		}
		f.Known = append(f.Known, m)
	}
	return nil
}

// Answer says what is computed. Exactly one of its forms is given: a number, a
// count of a run, events of a run, or one of the operations.
type Answer struct {
	// Literal is a number, a size or a varied value, as it was written.
	Literal string

	expression
}

type expression struct {
	Run     string `yaml:"run"`
	Count   string `yaml:"count"`
	Group   string `yaml:"group"`
	Syscall string `yaml:"syscall"`
	At      Place  `yaml:"at"`

	Events *Selector `yaml:"events"`
	// Sum: of the events, bytes or dur; else of two answers.
	Sum Sum `yaml:"sum"`

	Difference  []Answer `yaml:"difference"`
	Ratio       []Answer `yaml:"ratio"`
	PercentLess []Answer `yaml:"percent_less"`

	Least *Among `yaml:"least"`
	Most  *Among `yaml:"most"`
}

// Among are runs of which one has the least or the most of something.
type Among struct {
	Count string   `yaml:"count"`
	Of    []string `yaml:"of"`
}

// Sum is what of events is added up, or answers that are.
type Sum struct {
	Word string
	Of   []Answer
}

// Form implements [yamlfile.Formed].
func (s *Sum) Form(n ast.Node) any {
	if _, ok := yamlfile.Scalar(n); ok {
		return new(string)
	}
	return new([]Answer)
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (s *Sum) UnmarshalYAML(n ast.Node) error {
	text, ok := yamlfile.Scalar(n)
	if !ok {
		return yaml.NodeToValue(n, &s.Of)
	}
	if text != "bytes" && text != "dur" {
		return yamlfile.Wrong(n, "write bytes or dur, with events; or a list of two answers")
	}
	s.Word = text
	return nil
}

// Form implements [yamlfile.Formed].
func (a *Answer) Form(n ast.Node) any {
	if _, ok := yamlfile.Scalar(n); ok {
		return new(string)
	}
	return new(expression)
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (a *Answer) UnmarshalYAML(n ast.Node) error {
	if text, ok := yamlfile.Scalar(n); ok {
		a.Literal = text
		return nil
	}
	return yaml.NodeToValue(n, &a.expression)
}
