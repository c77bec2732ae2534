package archtest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"copyscope/internal/copysample"
	"copyscope/internal/lab"
	"copyscope/internal/load"
	"copyscope/internal/recordings"
	"copyscope/internal/trace"
)

// schema is a published JSON Schema, navigated by keys.
type schema map[string]any

func readSchema(t *testing.T, name string) schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "schema", name))
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s
}

func (s schema) at(t *testing.T, keys ...string) schema {
	t.Helper()
	for _, key := range keys {
		next, ok := s[key].(map[string]any)
		if !ok {
			t.Fatalf("no %q on the way %v", key, keys)
		}
		s = next
	}
	return s
}

// holds compares the schema of an object with the Go type that writes it: the
// same fields, required exactly where they are never left out.
func (s schema) holds(t *testing.T, what string, written any) {
	t.Helper()
	var all, always []string
	for _, f := range reflect.VisibleFields(reflect.TypeOf(written)) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		all = append(all, name)
		if !strings.Contains(options, "omit") {
			always = append(always, name)
		}
	}
	same(t, what+": properties", keys(s.at(t, "properties")), all)
	same(t, what+": required", texts(s["required"]), always)
	if s["additionalProperties"] != false {
		t.Errorf("%s: the schema lets unknown fields pass", what)
	}
}

// lists compares an enum with the words that Go may write.
func (s schema) lists(t *testing.T, what string, words any) {
	t.Helper()
	same(t, what, texts(s["enum"]), texts(words))
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: the schema has %q, the program %q", what, got, want)
	}
}

func keys(s schema) (out []string) {
	for key := range s {
		out = append(out, key)
	}
	return out
}

// texts turns any slice of words into strings.
func texts(words any) (out []string) {
	v := reflect.ValueOf(words)
	for i := range v.Len() {
		out = append(out, fmt.Sprint(v.Index(i).Interface()))
	}
	return out
}

var provenances = []trace.Provenance{trace.Measured, trace.Recorded, trace.Derived, trace.Modelled, trace.Unavailable}

// TestTraceSchema: docs/schema/trace.schema.json tells what internal/trace
// writes.
func TestTraceSchema(t *testing.T) {
	s := readSchema(t, "trace.schema.json")
	s.holds(t, "run", trace.Run{})
	event := s.at(t, "$defs", "event")
	event.holds(t, "event", trace.Event{})
	s.at(t, "properties", "side").lists(t, "sides", []trace.Side{trace.Sim, trace.Real, trace.RecordedSide})
	fields := event.at(t, "properties")
	fields.at(t, "kind").lists(t, "kinds", trace.Kinds())
	fields.at(t, "actor").lists(t, "actors", trace.Actors())
	fields.at(t, "from").lists(t, "from", trace.Places())
	fields.at(t, "to").lists(t, "to", trace.Places())
	fields.at(t, "endpoint").lists(t, "endpoints", []trace.Endpoint{trace.Sender, trace.Receiver, trace.Relay})
	fields.at(t, "phase").lists(t, "phases", []trace.Phase{trace.SetUp, trace.Transfer, trace.TearDown})
	s.at(t, "$defs", "provenance").lists(t, "provenances", provenances)
	s.at(t, "properties", "watch", "additionalProperties").holds(t, "watch", trace.Basis{})
	s.at(t, "properties", "watch", "propertyNames").lists(t, "watched counts", trace.CountNames())
}

// TestReportSchema: docs/schema/run-report.schema.json tells what
// `copyscope run --json` prints.
func TestReportSchema(t *testing.T) {
	s := readSchema(t, "run-report.schema.json")
	s.holds(t, "report", lab.Report{})
	if got := s.at(t, "properties", "schema")["const"]; got != float64(trace.Schema) {
		t.Errorf("the schema is of version %v, the program of %d", got, trace.Schema)
	}
	run := s.at(t, "$defs", "run")
	run.holds(t, "run", lab.RunReport{})
	run.at(t, "properties", "notes", "items").holds(t, "note", lab.Note{})
	s.at(t, "$defs", "samples").holds(t, "samples", lab.Samples{})
	s.at(t, "$defs", "sample_figures").holds(t, "figures of samples", copysample.Figures{})
	s.at(t, "$defs", "sample_part").holds(t, "part of samples", copysample.Part{})
	s.at(t, "$defs", "fork").holds(t, "fork", lab.Fork{})
	s.at(t, "$defs", "change").holds(t, "change", lab.Change{})
	s.at(t, "$defs", "unavailable").holds(t, "unavailable", lab.UnavailableError{})
	counts := run.at(t, "properties", "counts")
	same(t, "counts that every run has", texts(counts["required"]), texts(trace.CountNames()))
	counts.at(t, "propertyNames").lists(t, "counts", trace.CountNames())
	s.at(t, "$defs", "provenance").lists(t, "provenances", provenances)

	var row map[string]any
	text, err := json.Marshal(trace.Comparison{Verdict: trace.Within, Reason: "because", Scenario: "sendfile,side=real"})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &row); err != nil {
		t.Fatal(err)
	}
	comparison := s.at(t, "$defs", "comparison")
	same(t, "comparison", keys(comparison.at(t, "properties")), keys(row))
	comparison.at(t, "properties", "verdict").lists(t, "verdicts",
		[]trace.Verdict{trace.Equal, trace.EqualByRule, trace.Within, trace.Differs, trace.NotMeasurable, trace.NotPredicted})
}

// TestBenchSchema: docs/schema/bench-report.schema.json tells what
// `copyscope bench --json` prints.
func TestBenchSchema(t *testing.T) {
	s := readSchema(t, "bench-report.schema.json")
	s.holds(t, "report", load.Report{})
	s.at(t, "$defs", "round").holds(t, "round", load.Round{})
	s.at(t, "$defs", "figure").holds(t, "figure", load.Figure{})
	s.at(t, "$defs", "provenance").lists(t, "provenances", provenances)
	s.at(t, "$defs", "round", "properties", "side").lists(t, "sides", []string{load.RawSide, load.FranzSide, load.BareSide})
}

// TestRecordingsSchema: docs/schema/recordings.schema.json tells what machine.json
// holds.
func TestRecordingsSchema(t *testing.T) {
	readSchema(t, "recordings.schema.json").holds(t, "set", recordings.Set{})
}
