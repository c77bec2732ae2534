package talk_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"copyscope/internal/authored"
	"copyscope/internal/lab"
	"copyscope/internal/talk"
	"copyscope/internal/trace"
	"copyscope/internal/yamlfile"
)

// noHost is a lab on a host that runs nothing for real.
func noHost(t *testing.T) talk.Runner {
	l := lab.New(t.TempDir())
	return func(ctx context.Context, s lab.Scenario) (*lab.Result, error) {
		if s.Side == trace.Real {
			return nil, &lab.UnavailableError{Path: s.Path, Reason: "this is no Linux"}
		}
		return l.Run(ctx, s, lab.Options{MaxEvents: 10_000})
	}
}

// The shipped deck can be held: in both languages, in the time that it promises,
// with every stop and every answer found, also where nothing runs for real.
func TestShippedDeck(t *testing.T) {
	for _, name := range talk.Shipped() {
		d, err := talk.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "zero-copy" && d.Planned(len(d.Slides)-1).Minutes() != 20 {
			t.Errorf("%s takes %v, not 20 minutes", name, d.Planned(len(d.Slides)-1))
		}
		eachText(reflect.ValueOf(*d), name, func(at string, text authored.Text) {
			if (text.En == "") != (text.Zh == "") {
				t.Errorf("%s is in one language", at)
			}
		})
		p, err := talk.Make(t.Context(), name, d, noHost(t))
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range p.Slides {
			if s.Notes.Empty() {
				t.Errorf("slide %d has no notes", i+1)
			}
			if s.Ask != nil && s.Right < 0 {
				t.Errorf("slide %d: no choice is right", i+1)
			}
			for _, l := range s.Lanes {
				if l.Wanted.Side == trace.Real && (l.Result.Scenario.Side != trace.RecordedSide || l.Why == "") {
					t.Errorf("slide %d: the lane for real shows %s, because %q", i+1, l.Result.Scenario, l.Why)
				}
			}
		}
	}
}

func eachText(v reflect.Value, at string, see func(string, authored.Text)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			eachText(v.Elem(), at, see)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachText(v.Index(i), at, see)
		}
	case reflect.Struct:
		if text, ok := v.Interface().(authored.Text); ok {
			see(at, text)
			return
		}
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				continue // no text of the deck
			}
			eachText(v.Field(i), at+"."+v.Type().Field(i).Name, see)
		}
	}
}

const good = `schema: 1
name: x
title: {en: A, zh: 甲}
slides:
  - title: {en: B}
    minutes: 1
    scope:
      a: "sendfile,model=textbook"
      stops: [start, {kind: descriptor}, end]
  - title: {en: C}
    ask:
      question: {en: D}
      answer: {run: "sendfile,model=textbook", count: cpu_copies}
      choices:
        - {value: 0}
        - {value: 1}
`

// What is wrong is told with file, line, field, value and remedy.
func TestErrors(t *testing.T) {
	if _, err := talk.Parse("x.yaml", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ old, new, want string }{
		{"schema: 1", "schema: 7", "x.yaml:1: schema: 7: this program reads schema 1"},
		{"name: x", "name: X y", `x.yaml:2: name: "X y": use small letters`},
		{"title: {en: A, zh: 甲}\n", "", "x.yaml:1: title: it is missing"},
		{"title: {en: B}", "titel: {en: B}", "x.yaml:5: slides[0].titel: unknown field"},
		{"title: {en: B}", "title: {fr: B}", "x.yaml:5: slides[0].title.fr: unknown field"},
		{"minutes: 1", "minutes: -1", "x.yaml:6: slides[0].minutes: -1: use minutes"},
		{"minutes: 1", "minutes: soon", "x.yaml:6: slides[0].minutes:"},
		{"a: \"sendfile,model=textbook\"", "a: \"sendfly\"", `x.yaml:8: slides[0].scope.a: path "sendfly": use one of`},
		{"a: \"sendfile,model=textbook\"", "b: \"sendfile\"", `x.yaml:7: slides[0].scope.a: it is missing`},
		{"stops: [start", "stops: [begin", `x.yaml:9: slides[0].scope.stops[0]: "begin": write a step's number`},
		{"{kind: descriptor}", "{lane: c, kind: descriptor}", `x.yaml:9: slides[0].scope.stops[1].lane: "c": this slide has no such lane`},
		{"{kind: descriptor}", "{kind: descripter}", `x.yaml:9: slides[0].scope.stops[1].kind: "descripter": did you mean descriptor?`},
		{"- {value: 1}", "- {value: one}", `x.yaml:16: slides[1].ask.choices[1].value: "one": write a number`},
		{"{kind: descriptor}", "{kin: descriptor}", `x.yaml:9: slides[0].scope.stops[1].kin: unknown field`},
		{"stops:", "align: sideways\n      stops:", `x.yaml:9: slides[0].scope.align: "sideways"`},
		{"stops:", "align: time\n      stops:", `x.yaml:10: slides[0].scope.stops[1]: with align: time, write a step's number`},
		{"stops:", "view: counts\n      stops:", "x.yaml:10: slides[0].scope.stops: counts are those of the whole runs"},
		{"minutes: 1", "ask: {question: {en: a}, choices: [{text: {en: a}}, {text: {en: b}}]}", "x.yaml:7: slides[0].scope: the slide asks already"},
		{"count: cpu_copies", "count: kopien", `x.yaml:13: slides[1].ask.answer.count: "kopien": use one of`},
		{"        - {value: 1}\n", "", "x.yaml:14: slides[1].ask.choices: 1: offer 2 to 8"},
		{"- {value: 1}", "- {value: 0}", "x.yaml:16: slides[1].ask.choices[1].value: 0 comes twice"},
		{"- {value: 1}", "- {text: {en: one}}", "x.yaml:16: slides[1].ask.choices[1].value: it is missing"},
		{"title: {en: A, zh: 甲}", "title: &a {en: A}", "x.yaml:3: anchors and aliases"},
		{"slides:\n", "slides: [\n", "x.yaml:"},
		{"title: {en: B}", "title: {zh: \"\xc1\xe3\xbf\xbd\xb1\xb4\"}", "x.yaml:5: it is not UTF-8 (byte 0xc1 at column 18); save it as UTF-8"},
		{good, "", "x.yaml: 1 documents: a deck is one, and not empty"},
		{good, strings.Repeat("[", 5000), "x.yaml:1: lists within lists"},
		{good, strings.Repeat("x", 600_000), "x.yaml: 600000 bytes"},
	} {
		text := strings.Replace(good, row.old, row.new, 1)
		if text == good {
			t.Fatalf("%q is not in the file", row.old)
		}
		_, err := talk.Parse("x.yaml", []byte(text))
		var at *yamlfile.Error
		if !errors.As(err, &at) || !strings.HasPrefix(err.Error(), row.want) {
			t.Errorf("%.80q:\n got %v\nwant %s", row.new, err, row.want)
		}
	}
}

// A mark that an editor puts before the text is no part of it.
func TestAMarkBeforeTheText(t *testing.T) {
	d, err := talk.Parse("x.yaml", []byte("\uFEFF"+good))
	if err != nil || d.Name != "x" {
		t.Fatal(d, err)
	}
	if _, err := talk.Parse("x.yaml", []byte("\uFEFFschma: 1\n")); err == nil || !strings.HasPrefix(err.Error(), "x.yaml:1: schma: unknown field; did you mean schema?") {
		t.Error(err)
	}
}

// What only the runs can tell is told too.
func TestPlanErrors(t *testing.T) {
	for _, row := range []struct{ old, new, want string }{
		{"{kind: descriptor}", "{kind: evict}", "x.yaml:7: slides[0].scope: no event fits {kind: evict}"},
		{"stops: [start", "stops: [9999", "x.yaml:7: slides[0].scope: stops: step 9999: the run has "},
		{"- {value: 0}", "- {value: 7}", "x.yaml:13: slides[1].ask.answer: count cpu_copies is 0, which no choice has"},
		{"count: cpu_copies", "count: packets", "x.yaml:13: slides[1].ask.answer: count packets: it cannot be told of this run"},
	} {
		d, err := talk.Parse("x.yaml", []byte(strings.Replace(good, row.old, row.new, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = talk.Make(t.Context(), "x.yaml", d, noHost(t)); err == nil || !strings.HasPrefix(err.Error(), row.want) {
			t.Errorf("%q: %v", row.new, err)
		}
	}
}

// A selector stops at the very event.
func TestStops(t *testing.T) {
	d, err := talk.Parse("x.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	p, err := talk.Make(t.Context(), "x.yaml", d, noHost(t))
	if err != nil {
		t.Fatal(err)
	}
	steps, events := p.Slides[0].Steps, p.Slides[0].Lanes[0].Result.Run.Events
	if len(steps) != 3 || steps[0] != 0 || steps[2] != len(events) || events[steps[1]-1].Kind != trace.Descriptor {
		t.Errorf("stops at %v of %d events", steps, len(events))
	}
	if p.Slides[0].Stops() != 3 || p.Slides[1].Stops() != 2 || p.Slides[1].Right != 0 {
		t.Errorf("%d and %d stops, choice %d is right", p.Slides[0].Stops(), p.Slides[1].Stops(), p.Slides[1].Right)
	}
}

// docs/schema/talk.schema.json has exactly the fields that are read.
func TestSchema(t *testing.T) {
	text, err := os.ReadFile("../../docs/schema/talk.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	type object struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	var schema struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	same := func(name string, o object, v any) {
		t.Helper()
		var has, reads []string
		for p := range o.Properties {
			has = append(has, p)
		}
		for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
			if !f.Anonymous && f.Tag.Get("yaml") != "-" {
				reads = append(reads, f.Tag.Get("yaml"))
			}
		}
		slices.Sort(has)
		slices.Sort(reads)
		if !slices.Equal(has, reads) {
			t.Errorf("%s: the schema has %v, what is read are %v", name, has, reads)
		}
	}
	same("deck", schema.object, talk.Deck{})
	for name, v := range map[string]any{"text": authored.Text{}, "slide": talk.Slide{}, "ask": talk.Ask{}, "answer": talk.Answer{},
		"choice": talk.Choice{}, "scope": talk.Scope{}, "event": talk.Selector{}} {
		same(name, schema.Defs[name], v)
	}
}
