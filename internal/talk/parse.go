package talk

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"copyscope/internal/lab"
)

// Limits of a deck.
const (
	maxBytes   = 512 << 10
	maxSlides  = 200
	maxChoices = 8
	maxNesting = 24 // brackets within brackets; the deepest that means something is 5
	maxMinutes = 24 * 60
)

// Error is what is wrong with a deck's file.
type Error struct {
	File  string
	Line  int    // from 1; 0 if the whole file is meant
	Field string // for example slides[2].ask.choices[0].value
	Text  string // the value and the remedy
}

func (e *Error) Error() string {
	where := e.File
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d", where, e.Line)
	}
	if e.Field != "" {
		where += ": " + e.Field
	}
	return where + ": " + e.Text
}

// Parse reads a deck and checks it. file is its name, for errors, which are of
// type [*Error].
func Parse(file string, text []byte) (*Deck, error) {
	if err := guard(file, text); err != nil {
		return nil, err
	}
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, inPlace(file, places{}, err)
	}
	if len(tree.Docs) != 1 || tree.Docs[0].Body == nil {
		return nil, &Error{File: file, Text: "a deck is one YAML document, and not an empty one"}
	}
	at := places{map[string]int{}, map[position]string{}}
	at.note(tree.Docs[0].Body, "")
	d := &Deck{}
	if err := yaml.NodeToValue(tree.Docs[0].Body, d, yaml.Strict()); err != nil {
		return nil, inPlace(file, at, err)
	}
	c := &check{file: file, at: at}
	c.deck(d)
	if c.err != nil {
		return nil, c.err
	}
	return d, nil
}

// guard refuses what costs the parser time out of proportion to its length.
func guard(file string, text []byte) error {
	if len(text) > maxBytes {
		return &Error{File: file, Text: fmt.Sprintf("%d bytes: a deck has at most %d", len(text), maxBytes)}
	}
	depth := 0
	for _, t := range lexer.Tokenize(string(text)) {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.AnchorType, token.AliasType:
			return &Error{File: file, Line: t.Position.Line, Text: "anchors and aliases are not read; write the text again"}
		}
		if depth > maxNesting || t.Position.Column > 400 && t.Type == token.SequenceEntryType {
			return &Error{File: file, Line: t.Position.Line, Text: fmt.Sprintf("lists within lists, more than %d deep", maxNesting)}
		}
	}
	return nil
}

// places are where a file's fields stand.
type places struct {
	lines  map[string]int
	fields map[position]string // of the tokens of keys and values
}

type position struct{ line, column int }

func (p places) note(n ast.Node, path string) {
	if n == nil || n.GetToken() == nil {
		return
	}
	p.mark(n.GetToken(), path)
	switch v := n.(type) {
	case ast.MapNode:
		for entries := v.MapRange(); entries.Next(); {
			key := entries.Key().GetToken()
			at := strings.TrimPrefix(path+"."+key.Value, ".")
			p.mark(key, at)
			p.note(entries.Value(), at)
		}
	case ast.ArrayNode:
		i := 0
		for entries := v.ArrayRange(); entries.Next(); i++ {
			p.note(entries.Value(), fmt.Sprintf("%s[%d]", path, i))
		}
	}
}

func (p places) mark(t *token.Token, path string) {
	if _, ok := p.lines[path]; !ok {
		p.lines[path] = t.Position.Line
	}
	p.fields[position{t.Position.Line, t.Position.Column}] = path
}

// line is where a field stands, or what it should be part of.
func (p places) line(path string) int {
	for path != "" {
		if line, ok := p.lines[path]; ok {
			return line
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return p.lines[""]
}

// inPlace keeps the place and the cause of the library's errors, whose own form
// has a picture of the text around.
func inPlace(file string, at places, err error) *Error {
	e := &Error{File: file, Text: err.Error()}
	var y yaml.Error
	if !errors.As(err, &y) {
		return e
	}
	e.Text = strings.TrimSpace(y.GetMessage())
	if t := y.GetToken(); t != nil {
		e.Line = t.Position.Line
		e.Field = at.fields[position{e.Line, t.Position.Column}]
	}
	return e
}

// check finds the first thing that cannot be.
type check struct {
	file string
	at   places
	err  error
}

func (c *check) fail(field, format string, args ...any) {
	if c.err == nil {
		c.err = &Error{File: c.file, Line: c.at.line(field), Field: field, Text: fmt.Sprintf(format, args...)}
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
