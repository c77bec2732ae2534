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
		"sendfile": host.AliasLend, "splice": host.AliasLend,
	}
	for _, p := range transfer.Programs() {
		t.Run(p.Path, func(t *testing.T) {
			r, err := host.Alias(context.Background(), p, host.AliasOptions{Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			if r.Verdict != want[p.Path] {
				t.Errorf("%+v, want %s", r, want[p.Path])
			}
			if r.Provenance != trace.Measured || r.OldBytes+r.NewBytes != int64(r.Pieces*r.PieceBytes) {
				t.Errorf("%+v: not every byte is accounted for", r)
			}
		})
	}
}
