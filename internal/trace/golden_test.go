package trace_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	. "copyscope/internal/trace"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden holds v, as indented JSON, to testdata/name.golden.json.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	file := filepath.Join("testdata", name+".golden.json")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale: run go test -update, read the difference, commit it if it is meant\ngot:\n%s", file, got)
	}
}

func TestRunJSON(t *testing.T) {
	r := readWrite()
	golden(t, "run", r)
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Run
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*r, back) {
		t.Errorf("read back: %+v\nwritten: %+v", back, *r)
	}
}

func TestCountsJSON(t *testing.T) {
	r := readWrite()
	counts := r.CountsAt(len(r.Events)).Counts()
	golden(t, "counts", counts)
	text, err := json.Marshal(counts)
	if err != nil {
		t.Fatal(err)
	}
	var back Counts
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(counts, back) {
		t.Errorf("read back: %v\nwritten: %v", back, counts)
	}
}

func TestSeriesJSON(t *testing.T) {
	series := readWrite().Grow()
	golden(t, "series", map[CountName]*Series{
		CPUCopiedBytes: series[CPUCopiedBytes], ContextSwitches: series[ContextSwitches],
	})
}

func TestComparisonJSON(t *testing.T) {
	n := func(v float64, p Provenance) Count { return Count{Value: v, Provenance: p} }
	golden(t, "compare", []Comparison{
		Compare("sendfile", Syscalls, n(1024, Modelled), n(1024, Measured), Bound{}),
		Compare("read-write", CPUCopiedBytes, n(8192, Modelled), n(8192, Derived), Bound{}),
		Compare("mmap-write", PageFaults, n(100, Modelled), n(104, Measured), Bound{Rel: 0.1, Why: "fault-around"}),
		Compare("splice", Syscalls, n(4, Modelled), n(5, Measured), Bound{}),
		Compare("splice", DMABytes, n(0, Modelled), Count{Provenance: Unavailable, Reason: "loopback has no DMA"}, Bound{}),
		CompareWords("sendfile", "page", "lend", Modelled, "lend", Measured),
	})
}

// TestDamagedJSON: what is no count or no provenance is refused where it is
// read.
func TestDamagedJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{"value":1,"provenance":"guessed"}`:     "want measured, recorded, derived",
		`{"value":1}`:                            "want a value with its provenance",
		`{"value":null,"provenance":"measured"}`: "want a value with its provenance",
		`{"value":1,"provenance":"unavailable"}`: "want a value with its provenance",
		`{"value":"1","provenance":"measured"}`:  "cannot unmarshal string",
	} {
		var c Count
		if err := json.Unmarshal([]byte(text), &c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q in it", text, err, want)
		}
	}
}
