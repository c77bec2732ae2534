package main

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"copyscope/docs/schema"
)

// docs/schema/scenario-report.schema.json tells what run --scenario --json prints.
func TestScenarioReportSchema(t *testing.T) {
	text, err := schema.Text("scenario-report")
	if err != nil {
		t.Fatal(err)
	}
	type object struct {
		Properties map[string]json.RawMessage `json:"properties"`
		Required   []string                   `json:"required"`
	}
	var s struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	for what, of := range map[string]struct {
		schema  object
		written reflect.Type
	}{"report": {s.object, reflect.TypeFor[scenarioReport]()}, "group": {s.Defs["group"], reflect.TypeFor[groupReport]()}} {
		var fields []string
		for _, f := range reflect.VisibleFields(of.written) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			fields = append(fields, name)
		}
		slices.Sort(fields)
		if has := slices.Sorted(maps.Keys(of.schema.Properties)); !slices.Equal(has, fields) {
			t.Errorf("%s: the schema has %v, the program writes %v", what, has, fields)
		}
		if always := slices.Sorted(slices.Values(of.schema.Required)); !slices.Equal(always, fields) {
			t.Errorf("%s: the schema requires %v, the program always writes %v", what, always, fields)
		}
	}
}
