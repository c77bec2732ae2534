package web

import (
	"io/fs"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"copyscope/internal/trace"
	"copyscope/static"
)

// The page compares what it has of two runs and the server what it keeps of them:
// both by the same fields of an event.
func TestPageAndServerPartRunsByTheSameFields(t *testing.T) {
	script, err := fs.ReadFile(static.Files(), "scope/parting.js")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`(?m)^const told = \[(.*)\];$`).FindSubmatch(script)
	less := regexp.MustCompile(`(?m)^const toldAtBegin = told\.filter\(\(name\) => (.*)\);$`).FindSubmatch(script)
	if list == nil || less == nil {
		t.Fatal("static/scope/parting.js tells its fields in another way")
	}
	told := names(string(list[1]))
	atEnd := names(string(less[1]))
	kinds := map[trace.Kind][]string{
		trace.CPUCopy: told,
		trace.Syscall: slices.DeleteFunc(slices.Clone(told), func(name string) bool { return slices.Contains(atEnd, name) }),
	}
	for kind, want := range kinds {
		var got []string
		for _, field := range reflect.VisibleFields(reflect.TypeFor[trace.Event]()) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name == "kind" {
				got = append(got, name)
				continue
			}
			one, other := trace.Event{Kind: kind}, trace.Event{Kind: kind}
			if value := reflect.ValueOf(&other).Elem().FieldByIndex(field.Index); value.CanInt() {
				value.SetInt(1)
			} else if value.Kind() == reflect.String {
				value.SetString("other")
			} else {
				t.Fatalf("%s is of a kind that this test cannot set", field.Name)
			}
			if doingOf(one) != doingOf(other) {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: the server compares %v, the page %v", kind, got, want)
		}
	}
}

// names are the quoted words of a line of a script.
func names(line string) []string {
	var out []string
	for _, quoted := range regexp.MustCompile(`'([a-z]+)'`).FindAllStringSubmatch(line, -1) {
		out = append(out, quoted[1])
	}
	return out
}
