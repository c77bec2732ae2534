package host

import "testing"

// Each piece is judged by its bytes, and the whole by its pieces: no lent byte
// hides behind copied ones, nor the other way round.
func TestAliasJudgesPieces(t *testing.T) {
	old, changed := []byte{1, 2, 3, 4}, []byte{0xfe, 0xfd, 0xfc, 0xfb}
	half := []byte{1, 2, 0xfc, 0xfb}
	for _, c := range []struct {
		pieces              [][]byte
		copied, lent, mixed int
		verdict             string
	}{
		{[][]byte{old, old, old}, 3, 0, 0, AliasCopy},
		{[][]byte{changed, changed, changed}, 0, 3, 0, AliasLend},
		{[][]byte{half, half, half}, 0, 0, 3, AliasMixed},
		{[][]byte{old, old, changed}, 2, 1, 0, AliasMixed},
		{[][]byte{old, changed, changed}, 1, 2, 0, AliasMixed},
		{[][]byte{old, old, half}, 2, 0, 1, AliasMixed},
		{[][]byte{changed, changed, half}, 0, 2, 1, AliasMixed},
	} {
		r := AliasResult{Pieces: len(c.pieces), PieceBytes: len(old)}
		for _, got := range c.pieces {
			if err := r.look(old, changed, got); err != nil {
				t.Fatal(err)
			}
		}
		r.judge(1)
		if r.Copied != c.copied || r.Lent != c.lent || r.Mixed != c.mixed || r.Verdict != c.verdict {
			t.Errorf("pieces %v are judged %+v, want %d copied, %d lent, %d mixed: %s", c.pieces, r, c.copied, c.lent, c.mixed, c.verdict)
		}
		if int(r.OldBytes) != 4*c.copied+2*c.mixed || int(r.NewBytes) != 4*c.lent+2*c.mixed {
			t.Errorf("pieces %v: %d old and %d new bytes", c.pieces, r.OldBytes, r.NewBytes)
		}
	}
	r := AliasResult{Pieces: 1, PieceBytes: 4}
	if err := r.look(old, changed, []byte{1, 2, 3, 9}); err == nil {
		t.Errorf("a byte that is neither old nor new was judged %+v", r)
	}
}
