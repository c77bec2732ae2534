package scenario_test

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"testing"

	"copyscope/sim/scenario"
)

// docs/schema/scenario.schema.json has exactly the fields that are read.
func TestSchema(t *testing.T) {
	text, err := os.ReadFile("../../docs/schema/scenario.schema.json")
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
		for i := range reflect.TypeOf(v).NumField() {
			reads = append(reads, reflect.TypeOf(v).Field(i).Tag.Get("yaml"))
		}
		slices.Sort(has)
		slices.Sort(reads)
		if !slices.Equal(has, reads) {
			t.Errorf("%s: the schema has %v, what is read are %v", name, has, reads)
		}
	}
	same("scenario", schema.object, scenario.Scenario{})
	for name, v := range map[string]any{
		"text": scenario.Text{}, "machine": scenario.Machine{}, "dirty": scenario.Dirty{}, "file": scenario.File{}, "thread": scenario.Thread{},
		"step": scenario.Step{}, "send": scenario.Send{}, "read": scenario.Read{}, "append": scenario.Append{}, "repeat": scenario.Repeat{},
		"limits": scenario.Limits{},
	} {
		same(name, schema.Defs[name], v)
	}
}
