package host_test

import (
	"context"
	"testing"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

func TestAliasShowsWhoCopiesAndWhoLends(t *testing.T) {
	want := map[string]string{
		"read-write": host.AliasCopy, "mmap-write": host.AliasCopy,
		"sendfile": host.AliasLend, "splice": host.AliasLend, "tee": host.AliasLend,
		// The user buffer is lent, not the file's page; and loopback copies it.
		"msg-zerocopy": host.AliasCopy, "io-uring": host.AliasCopy, "direct": host.AliasCopy,
	}
	for _, p := range transfer.Programs() {
		t.Run(p.Path, func(t *testing.T) {
			if ok, why := host.Available(p.Path); !ok {
				t.Skip(why)
			}
			if !host.Aliased(p) {
				if _, err := host.Alias(context.Background(), p, host.AliasOptions{}); err == nil || want[p.Path] != "" {
					t.Errorf("a probe of what it cannot ask: %v, want %q", err, want[p.Path])
				}
				return
			}
			r, err := host.Alias(context.Background(), p, host.AliasOptions{Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			says, ok := want[p.Path]
			if !ok {
				says = ruled(t, p)
			}
			if r.Verdict != says {
				t.Errorf("%+v, want %s", r, says)
			}
			if r.Provenance != trace.Measured || r.OldBytes+r.NewBytes != int64(p.Sinks*r.Pieces*r.PieceBytes) {
				t.Errorf("%+v: not every byte is accounted for", r)
			}
		})
	}
}

// ruled is what the probe must find of a path that the table has not: a copy where
// the rules that derive copies from calls say that the CPU made one.
func ruled(t *testing.T, p transfer.Program) string {
	t.Helper()
	_, run := measure(t, host.Options{Program: p, Size: 64 << 10, Chunk: 16 << 10, Dir: t.TempDir()})
	if run.CountsAt(len(run.Events)).Count(trace.CPUCopiedBytes).Value > 0 {
		return host.AliasCopy
	}
	return host.AliasLend
}
