package web

import (
	"fmt"
	"math"
	"testing"

	"copyscope/templates"
)

// Frames lie inside their callers, beside each other, and are as wide as their bytes.
func TestFlameFramesLieInsideTheirCallers(t *testing.T) {
	root := &CopyStack{Name: "copied_bytes", Bytes: 1000, Children: []*CopyStack{
		{Name: "small", Bytes: 200},
		{Name: "large", Bytes: 700, Children: []*CopyStack{{Name: "a", Bytes: 300}, {Name: "b", Bytes: 400, Children: []*CopyStack{{Name: "large", Bytes: 100}}}}},
	}}
	v := flameView(root, 2048, "nginx")
	var names []string
	for i, f := range v.Frames {
		names = append(names, f.Name)
		if f.Parent >= i {
			t.Errorf("%s comes before its caller", f.Name)
		}
		if f.Parent < 0 {
			continue
		}
		p := v.Frames[f.Parent]
		if f.Level != p.Level+1 || f.X < p.X-1e-9 || f.X+f.Width > p.X+p.Width+1e-9 {
			t.Errorf("%+v is not inside %+v", f, p)
		}
		for _, other := range v.Frames[:i] {
			if other.Level == f.Level && f.X < other.X+other.Width-1e-9 && other.X < f.X+f.Width-1e-9 {
				t.Errorf("%+v covers %+v", f, other)
			}
		}
	}
	if want := "[nginx large small b a large]"; fmt.Sprint(names) != want || v.Levels != 4 || v.Left != 0 || v.Total != "1000 B" && v.Total != "1,000 B" {
		t.Errorf("frames %v of %d levels, %d left out, %s in all; want %s", names, v.Levels, v.Left, v.Total, want)
	}
	if v.Lent != "2 KiB" {
		t.Errorf("lent %q", v.Lent)
	}
	if f := v.Frames[1]; math.Abs(f.Width-70) > 1e-9 || f.Bytes != "700 B" || f.Share != "70 %" {
		t.Errorf("large is %+v", f)
	}
	// A function that is on a stack twice has its bytes once.
	if want := (templates.FlameRow{Name: "large", Bytes: "700 B", Share: "70 %", Own: "100 B"}); v.Rows[0] != want {
		t.Errorf("the first row is %+v, want %+v", v.Rows[0], want)
	}
	for _, r := range v.Rows {
		if r.Name == "b" && (r.Bytes != "400 B" || r.Own != "300 B") {
			t.Errorf("b alone: %+v", r)
		}
	}
}

// A page shows so much of a large profile, and says what it left out.
func TestFlameIsBounded(t *testing.T) {
	wide := &CopyStack{Bytes: 1 << 20}
	for i := range 5000 {
		wide.Children = append(wide.Children, &CopyStack{Name: fmt.Sprintf("f%d", i), Bytes: 200})
	}
	deep := &CopyStack{Bytes: 10}
	for s, i := deep, 0; i < 200; i++ {
		s.Children = []*CopyStack{{Name: fmt.Sprintf("d%d", i), Bytes: 10}}
		s = s.Children[0]
	}
	for name, c := range map[string]struct {
		root  *CopyStack
		drawn int
	}{"wide": {wide, 1}, "deep": {deep, flameLevels}} {
		v := flameView(c.root, 0, "x")
		if len(v.Frames) != c.drawn || v.Left != countFrames(c.root)-c.drawn {
			t.Errorf("%s: %d frames drawn and %d left out of %d; want %d drawn", name, len(v.Frames), v.Left, countFrames(c.root), c.drawn)
		}
		if len(v.Rows) != flameRows || v.RowsLeft != countFrames(c.root)-1-flameRows {
			t.Errorf("%s: %d rows, %d left out", name, len(v.Rows), v.RowsLeft)
		}
	}
	for _, none := range []*CopyStack{nil, {}} {
		if v := flameView(none, 5, "x"); v != nil {
			t.Errorf("of nothing: %+v", v)
		}
	}
}
