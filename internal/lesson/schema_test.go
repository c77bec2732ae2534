package lesson_test

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"copyscope/internal/authored"
	"copyscope/internal/lesson"
	"copyscope/internal/trace"
)

// object is the schema of an object, or of a list of them.
type object struct {
	Properties map[string]struct{ Enum []string } `json:"properties"`
}

// document is a schema in docs/schema.
type document struct {
	object
	Defs map[string]object `json:"$defs"`
}

func read(t *testing.T, name string) (d document) {
	t.Helper()
	text, err := os.ReadFile("../../docs/schema/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func same(t *testing.T, name string, has, want []string) {
	t.Helper()
	slices.Sort(has)
	slices.Sort(want)
	if !slices.Equal(has, want) {
		t.Errorf("%s: the schema has %v, what is read are %v", name, has, want)
	}
}

// reads holds an object's schema to the fields of the type that it is read into.
func (o object) reads(t *testing.T, name string, v reflect.Type) {
	t.Helper()
	var has, reads []string
	for p := range o.Properties {
		has = append(has, p)
	}
	for _, f := range reflect.VisibleFields(v) {
		if tag := f.Tag.Get("yaml"); tag != "" && tag != "-" && !f.Anonymous {
			reads = append(reads, tag)
		}
	}
	same(t, name, has, reads)
}

// docs/schema/lesson.schema.json has exactly the fields that are read, and the words
// that they may be.
func TestSchema(t *testing.T) {
	schema := read(t, "lesson.schema.json")
	schema.reads(t, "lesson", reflect.TypeFor[lesson.Lesson]())
	expression, _ := reflect.TypeFor[lesson.Answer]().FieldByName("expression")
	for name, v := range map[string]reflect.Type{
		"text": reflect.TypeFor[authored.Text](), "question": reflect.TypeFor[lesson.Question](), "choice": reflect.TypeFor[lesson.Choice](),
		"number": reflect.TypeFor[lesson.Number](), "mistake": reflect.TypeFor[lesson.Mistake](), "step": reflect.TypeFor[lesson.Step](),
		"real": reflect.TypeFor[lesson.Real](), "selector": reflect.TypeFor[lesson.Selector](), "among": reflect.TypeFor[lesson.Among](),
		"expression": expression.Type,
	} {
		schema.Defs[name].reads(t, name, v)
	}
	selector := schema.Defs["selector"].Properties
	same(t, "kinds", selector["kind"].Enum, texts(trace.Kinds()))
	same(t, "actors", selector["actor"].Enum, texts(trace.Actors()))
	same(t, "places", selector["to"].Enum, texts(trace.Places()))
	same(t, "counts", schema.Defs["expression"].Properties["count"].Enum, texts(trace.CountNames()))
	same(t, "units", schema.Defs["number"].Properties["unit"].Enum, slices.Clone(lesson.Units))
}

// So have those of the files beside lessons.
func TestSchemasOfCardsAndTerms(t *testing.T) {
	claims, glossary := read(t, "claims.schema.json"), read(t, "glossary.schema.json")
	claims.Defs["card"].reads(t, "card", reflect.TypeFor[lesson.Card]())
	claims.Defs["evidence"].reads(t, "evidence", reflect.TypeFor[lesson.Evidence]())
	claims.Defs["experiment"].reads(t, "experiment", reflect.TypeFor[lesson.Experiment]())
	claims.Defs["source"].reads(t, "source", reflect.TypeFor[lesson.Source]())
	same(t, "verdicts", claims.Defs["card"].Properties["verdict"].Enum, lesson.Verdicts())
	glossary.Defs["term"].reads(t, "term", reflect.TypeFor[lesson.Term]())
	glossary.Defs["names"].reads(t, "names", reflect.TypeFor[lesson.Names]())
}

func texts[T ~string](all []T) (out []string) {
	for _, v := range all {
		out = append(out, string(v))
	}
	return out
}

// The lesson in docs/lessons.md is the one that the tests run.
func TestDocumentedExample(t *testing.T) {
	doc, err := os.ReadFile("../../docs/lessons.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(doc), "```yaml\n"+example(t)+"```\n") {
		t.Error("docs/lessons.md shows another lesson than testdata/example.yaml")
	}
}
