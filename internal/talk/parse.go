package talk

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"copyscope/internal/lab"
	"copyscope/internal/yamlfile"
)

// Limits of a deck.
const (
	maxSlides  = 200
	maxChoices = 8
	maxMinutes = 24 * 60
)

// deckFile is what a deck's file may be.
var deckFile = yamlfile.Kind{Name: "a deck", MaxBytes: 512 << 10}

// Parse reads a deck and checks it. file is its name, for errors, which are of
// type [*yamlfile.Error]; the first of several is given.
func Parse(file string, text []byte) (*Deck, error) {
	d := &Deck{}
	fields, unfit := yamlfile.Read(file, text, deckFile, d)
	if len(unfit) > 0 {
		return nil, unfit[0]
	}
	c := &check{fields: fields}
	c.deck(d)
	if c.err != nil {
		return nil, c.err
	}
	d.fields = fields
	return d, nil
}

// check finds the first thing that cannot be.
type check struct {
	fields *yamlfile.Fields
	err    error
}

func (c *check) fail(field, format string, args ...any) {
	if c.err == nil {
		c.err = c.fields.Fail(field, format, args...)
	}
}

var deckName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

func (c *check) deck(d *Deck) {
	switch {
	case d.Schema != Schema:
		c.fail("schema", "%d: this program reads schema %d", d.Schema, Schema)
	case !deckName.MatchString(d.Name):
		c.fail("name", "%q: use small letters, digits and hyphens, such as zero-copy", d.Name)
	case d.Title.Empty():
		c.fail("title", "it is missing: give the talk's title, {en: …, zh: …}")
	case len(d.Slides) == 0:
		c.fail("slides", "there is none: give at least one, each after a hyphen")
	case len(d.Slides) > maxSlides:
		c.fail("slides", "%d: a talk has at most %d", len(d.Slides), maxSlides)
	}
	for i := range d.Slides {
		c.slide(fmt.Sprintf("slides[%d]", i), &d.Slides[i])
	}
}

func (c *check) slide(at string, s *Slide) {
	switch {
	case s.Title.Empty():
		c.fail(at+".title", "it is missing: give the slide's title, {en: …, zh: …}")
	case s.Minutes < 0 || s.Minutes > maxMinutes:
		c.fail(at+".minutes", "%v: use minutes from 0 on, such as 1.5", s.Minutes)
	case s.Ask != nil && s.Scope != nil:
		c.fail(at+".scope", "the slide asks already: put the scope on the slide after the question, so that one predicts first")
	case s.Ask != nil:
		c.ask(at+".ask", s.Ask)
	case s.Scope != nil:
		c.scope(at+".scope", s.Scope)
	}
}

func (c *check) ask(at string, a *Ask) {
	if a.Question.Empty() {
		c.fail(at+".question", "it is missing: give the question, {en: …, zh: …}")
	}
	if len(a.Choices) < 2 || len(a.Choices) > maxChoices {
		c.fail(at+".choices", "%d: offer 2 to %d choices", len(a.Choices), maxChoices)
	}
	if a.Answer != nil {
		c.scenario(at+".answer.run", a.Answer.Run)
		if !slices.Contains(countNames(), a.Answer.Count) {
			c.fail(at+".answer.count", "%q: use one of %s", a.Answer.Count, strings.Join(countNames(), ", "))
		}
	}
	seen := map[float64]bool{}
	for i, choice := range a.Choices {
		at := fmt.Sprintf("%s.choices[%d]", at, i)
		switch {
		case a.Answer != nil && choice.Value == nil:
			c.fail(at+".value", "it is missing: the answer is a count, so each choice has a number")
		case choice.Value == nil && choice.Text.Empty():
			c.fail(at+".text", "it is missing: give the choice a value or a text")
		case choice.Value != nil && seen[*choice.Value]:
			c.fail(at+".value", "%v comes twice", *choice.Value)
		}
		if choice.Value != nil {
			seen[*choice.Value] = true
		}
	}
}

func (c *check) scope(at string, s *Scope) {
	lanes := s.lanes()
	if s.A == "" {
		c.fail(at+".a", "it is missing: the first lane is a, such as read-write,model=textbook")
	}
	for _, l := range lanes {
		c.scenario(at+"."+l[0], l[1])
	}
	if s.Align == "" {
		s.Align = "step"
	}
	if !slices.Contains([]string{"step", "bytes", "time"}, s.Align) {
		c.fail(at+".align", "%q: use step, bytes or time", s.Align)
	}
	if s.View == "" {
		s.View = "machine"
	}
	if s.View != "machine" && s.View != "counts" {
		c.fail(at+".view", "%q: use machine or counts", s.View)
	}
	if s.View == "counts" && len(s.Stops) > 0 {
		c.fail(at+".stops", "counts are those of the whole runs: leave the stops out")
	}
	if s.Align != "step" && s.View == "machine" && len(s.Stops) == 0 {
		c.fail(at+".stops", "they are missing: with align: %s, list the numbers of the steps to stop at", s.Align)
	}
	for i, stop := range s.Stops {
		at := fmt.Sprintf("%s.stops[%d]", at, i)
		switch {
		case s.Align != "step" && (stop.Word != "" && stop.Word != "start" || stop.Selector != nil):
			c.fail(at, "with align: %s, write a step's number", s.Align)
		case stop.Selector != nil && stop.Selector.Lane != "" && !slices.ContainsFunc(lanes, func(l [2]string) bool { return l[0] == stop.Selector.Lane }):
			c.fail(at+".lane", "%q: this slide has no such lane", stop.Selector.Lane)
		case stop.Selector != nil:
			c.event(at, stop.Selector)
		}
	}
}

func (c *check) event(at string, s *Selector) {
	for _, w := range s.Words() {
		if w.Word != "" && !slices.Contains(w.May, w.Word) {
			c.fail(at+"."+w.Field, "%q: %s", w.Word, yamlfile.Nearest(w.Word, w.May))
		}
	}
}

func (c *check) scenario(at, text string) {
	_, err := parseScenario(text)
	var field *lab.FieldError
	switch {
	case text == "":
		c.fail(at, "it is missing: write a scenario, such as sendfile,model=textbook,cache=cold")
	case errors.As(err, &field):
		c.fail(at, "%s %q: %s", field.Field, field.Value, field.Remedy)
	case err != nil:
		c.fail(at, "%q: %v", text, err)
	}
}
