package copyprofile_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/pprof/profile"

	"copyscope/internal/copyprofile"
)

// A flame tree has each function below its caller, with the sum of what lies under it.
func TestFlameTree(t *testing.T) {
	location := map[string]*profile.Location{}
	for i, name := range []string{"main", "serve", "read", "write"} {
		location[name] = &profile.Location{ID: uint64(i + 1), Line: []profile.Line{{Function: &profile.Function{ID: uint64(i + 1), Name: name}}}}
	}
	sample := func(bytes, calls int64, stack ...string) *profile.Sample {
		s := &profile.Sample{Value: []int64{bytes, calls}}
		for _, name := range stack {
			s.Location = append(s.Location, location[name])
		}
		return s
	}
	p := &profile.Profile{SampleType: []*profile.ValueType{{Type: "copied_bytes", Unit: "bytes"}, {Type: "syscalls", Unit: "count"}},
		Sample: []*profile.Sample{sample(10, 1, "read", "serve", "main"), sample(30, 1, "write", "serve", "main"), sample(0, 5, "write", "main"), sample(5, 1, "read", "serve", "main")}}
	for kind, want := range map[string]string{
		"copied_bytes": `{"name":"copied_bytes","value":45,"children":[{"name":"main","value":45,"children":[{"name":"serve","value":45,"children":[{"name":"write","value":30},{"name":"read","value":15}]}]}]}`,
		"syscalls":     `{"name":"syscalls","value":8,"children":[{"name":"main","value":8,"children":[{"name":"write","value":5},{"name":"serve","value":3,"children":[{"name":"read","value":2},{"name":"write","value":1}]}]}]}`,
	} {
		tree, err := copyprofile.FlameTree(p, kind)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(tree); err != nil || string(got) != want {
			t.Errorf("%v\n%s, want\n%s", err, got, want)
		}
	}
	if _, err := copyprofile.FlameTree(p, "cpu"); err == nil || !strings.Contains(err.Error(), `"cpu"`) || !strings.Contains(err.Error(), "copied_bytes") {
		t.Errorf("%v, want an error that names the sample types", err)
	}
}
