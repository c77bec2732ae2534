package sweep_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/sweep"
	"copyscope/internal/trace"
)

func TestParseSpan(t *testing.T) {
	for _, row := range []struct {
		parameter sweep.Parameter
		text      string
		want      []int64
	}{
		{sweep.Chunk, "4KiB..32KiB", []int64{4096, 8192, 16384, 32768}},
		{sweep.Chunk, "3..10", []int64{3, 6, 10}},
		{sweep.Size, "1GiB", []int64{1 << 30}},
		{sweep.Size, "512GiB..1TiB", []int64{1 << 39, 1 << 40}},
		{sweep.Connections, "1..10000", []int64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 10000}},
		{sweep.Connections, "7", []int64{7}},
		{sweep.Chunk, "", nil}, {sweep.Chunk, "..", nil}, {sweep.Chunk, "8..", nil}, {sweep.Chunk, "..8", nil}, {sweep.Chunk, "8..8", nil},
		{sweep.Chunk, "1..2..3", nil}, {sweep.Chunk, "-1..2", nil}, {sweep.Chunk, "1B..9EiB", nil}, {sweep.Size, "2TiB", nil},
		{sweep.Connections, "0", nil}, {sweep.Connections, "1..10001", nil}, {sweep.Connections, "1KiB", nil},
	} {
		got, err := sweep.ParseSpan(row.parameter, row.text)
		var f *lab.FieldError
		switch {
		case row.want == nil && (!errors.As(err, &f) || !strings.HasPrefix(f.Field, "--") || f.Remedy == ""):
			t.Errorf("%s %q: %v, %v; want an error that names flag and remedy", row.parameter, row.text, got, err)
		case row.want != nil && (err != nil || !slices.Equal(got, row.want)):
			t.Errorf("%s %q: %v, %v; want %v", row.parameter, row.text, got, err, row.want)
		}
	}
}

func FuzzParseSpan(f *testing.F) {
	for _, text := range []string{"4KiB..1MiB", "1..10000", "..", "1TiB", "9..3"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range sweep.Parameters() {
			s, err := sweep.ParseSpan(p, text)
			if err != nil {
				continue
			}
			if len(s) == 0 || len(s) > 64 || s[0] < 1 || !slices.IsSorted(s) || len(slices.Compact(slices.Clone(s))) != len(s) {
				t.Errorf("%s %q: %v", p, text, s)
			}
		}
	})
}

// Larger chunks never make more syscalls, and what a sweep tells of a point is
// what a run of it counts.
func TestPointsAreRuns(t *testing.T) {
	l := lab.New(t.TempDir())
	s := lab.Default()
	s.Path, s.Cache = "splice", lab.Cold
	chunks, _ := sweep.ParseSpan(sweep.Chunk, "4KiB..1MiB")
	r, err := sweep.Run(t.Context(), l, sweep.Plan{Chunk: chunks, Size: sweep.Span{8 << 20}, Connections: sweep.Span{1}, Series: []lab.Scenario{s}, Rounds: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	last := 0.0
	for i, p := range r.Series[0].Points {
		if n := p.Figures[sweep.Syscalls].Value; i > 0 && n > last {
			t.Errorf("chunk %d: %v syscalls, more than with the smaller chunk", p.Chunk, n)
		} else {
			last = n
		}
		s.Chunk, s.Size = p.Chunk, p.Bytes
		run, err := l.Run(t.Context(), s, lab.Options{})
		if err != nil {
			t.Fatal(err)
		}
		cpu := run.Counter.Count(trace.CPUTime).Value
		if got := p.Figures[sweep.CPUPerGB].Value * float64(p.Bytes) / 1e9; got < cpu-1 || got > cpu+1 {
			t.Errorf("chunk %d: %v ns per GB are %v ns, the run took %v", p.Chunk, p.Figures[sweep.CPUPerGB].Value, got, cpu)
		}
		if p.Figures[sweep.Packets].Provenance != trace.Modelled {
			t.Errorf("packets are %s", p.Figures[sweep.Packets].Provenance)
		}
	}
}
