package lab_test

import (
	"context"
	"errors"
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// However many connections share a file out, all of it is sent once, and by the
// same calls if each has whole chunks.
func TestConnectionsShareTheBytes(t *testing.T) {
	l := lab.New(t.TempDir())
	for _, path := range transfer.Paths() {
		for _, n := range []int{1, 2, 7, 64} {
			s := lab.Default()
			s.Path, s.Size, s.Chunk, s.Cache = path, 4<<20, 4<<10, lab.Cold
			one, err := l.Run(t.Context(), s, lab.Options{})
			if err != nil {
				t.Fatal(err)
			}
			many, err := l.Run(t.Context(), s, lab.Options{Connections: n})
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []trace.CountName{trace.BytesSent, trace.CPUCopiedBytes, trace.DiskReadBytes} {
				if got, want := many.Counter.Count(name).Value, one.Counter.Count(name).Value; got != want {
					t.Errorf("%s by %d connections: %s is %v, want %v as by one", path, n, name, got, want)
				}
			}
		}
	}
}

func TestConnectionsThatCannotBe(t *testing.T) {
	l := lab.New(t.TempDir())
	for field, change := range map[string]func(s *lab.Scenario, o *lab.Options){
		"connections": func(s *lab.Scenario, o *lab.Options) { o.Connections = lab.MaxConnections + 1 },
		"size":        func(s *lab.Scenario, o *lab.Options) { s.Size, o.Connections = 8192, 3 },
	} {
		s, o := lab.Default(), lab.Options{}
		change(&s, &o)
		_, err := l.Run(t.Context(), s, o)
		var f *lab.FieldError
		if !errors.As(err, &f) || f.Field != field || f.Remedy == "" {
			t.Errorf("%v, want an error that names %s and a remedy", err, field)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := lab.Default()
	s.Size = 1 << 40
	progress := func(int64, int64) { cancel() }
	if _, err := l.Run(ctx, s, lab.Options{Connections: 100, Progress: progress}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled run: %v", err)
	}
}
