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

// docs/schema/lesson.schema.json has exactly the fields that are read, and the words
// that they may be.
func TestSchema(t *testing.T) {
	text, err := os.ReadFile("../../docs/schema/lesson.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	type object struct {
		Properties map[string]struct{ Enum []string } `json:"properties"`
	}
	var schema struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	same := func(name string, has, want []string) {
		t.Helper()
		slices.Sort(has)
		slices.Sort(want)
		if !slices.Equal(has, want) {
			t.Errorf("%s: the schema has %v, what is read are %v", name, has, want)
		}
	}
	fields := func(name string, o object, v reflect.Type) {
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
		same(name, has, reads)
	}
	fields("lesson", schema.object, reflect.TypeFor[lesson.Lesson]())
	expression, _ := reflect.TypeFor[lesson.Answer]().FieldByName("expression")
	for name, v := range map[string]reflect.Type{
		"text": reflect.TypeFor[authored.Text](), "question": reflect.TypeFor[lesson.Question](), "choice": reflect.TypeFor[lesson.Choice](),
		"number": reflect.TypeFor[lesson.Number](), "mistake": reflect.TypeFor[lesson.Mistake](), "step": reflect.TypeFor[lesson.Step](),
		"real": reflect.TypeFor[lesson.Real](), "selector": reflect.TypeFor[lesson.Selector](), "among": reflect.TypeFor[lesson.Among](),
		"expression": expression.Type,
	} {
		fields(name, schema.Defs[name], v)
	}
	selector := schema.Defs["selector"].Properties
	same("kinds", selector["kind"].Enum, texts(trace.Kinds()))
	same("actors", selector["actor"].Enum, texts(trace.Actors()))
	same("places", selector["to"].Enum, texts(trace.Places()))
	same("counts", schema.Defs["expression"].Properties["count"].Enum, texts(trace.CountNames()))
	same("units", schema.Defs["number"].Properties["unit"].Enum, slices.Clone(lesson.Units))
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
