package web

import (
	"cmp"
	"maps"
	"slices"

	"copyscope/templates"
)

// Bounds of a flame graph on a page. What is left out is said; the profile has all.
const (
	flameFrames = 1500
	flameLevels = 64
	// flameNarrow is the width, in per cent of the whole, below which a frame is not
	// drawn: less than a pixel on a wide screen.
	flameNarrow = 0.05
	flameRows   = 30
)

// flameView lays the stacks out as a flame graph with its root at the top, wider
// frames first, and sums them up by function for the table; nil if there is nothing.
// The root is named for whom it is of.
func flameView(root *CopyStack, lent int64, name string) *templates.FlameView {
	if root == nil || root.Bytes <= 0 {
		return nil
	}
	v := &templates.FlameView{Total: templates.Size(root.Bytes)}
	if lent > 0 {
		v.Lent = templates.Size(lent)
	}
	whole := float64(root.Bytes)
	type place struct {
		stack  *CopyStack
		x      float64
		level  int
		parent int
	}
	// Level by level, so that a bound cuts the deepest.
	for row := []place{{stack: root, parent: -1}}; len(row) > 0; {
		var next []place
		for _, p := range row {
			width := 100 * float64(p.stack.Bytes) / whole
			if width < flameNarrow || p.level >= flameLevels || len(v.Frames) >= flameFrames {
				v.Left += countFrames(p.stack)
				continue
			}
			me := len(v.Frames)
			v.Levels = max(v.Levels, p.level+1)
			frame := p.stack.Name
			if p.parent < 0 {
				frame = name
			}
			v.Frames = append(v.Frames, templates.FlameFrame{
				Name: frame, X: p.x, Width: width, Level: p.level, Parent: p.parent,
				Bytes: templates.Size(p.stack.Bytes), Share: shareText(float64(p.stack.Bytes) / whole),
			})
			x := p.x
			for _, child := range widestFirst(p.stack.Children) {
				next = append(next, place{child, x, p.level + 1, me})
				x += 100 * float64(child.Bytes) / whole
			}
		}
		row = next
	}
	v.Rows, v.RowsLeft = flameTable(root)
	return v
}

func widestFirst(stacks []*CopyStack) []*CopyStack {
	return slices.SortedFunc(slices.Values(stacks), func(a, b *CopyStack) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Name, b.Name))
	})
}

func countFrames(s *CopyStack) int {
	n := 1
	for _, c := range s.Children {
		n += countFrames(c)
	}
	return n
}

// flameTable sums the bytes up by function: in it and in what it called, each stack
// once though the function may be on it several times, and in it alone.
func flameTable(root *CopyStack) (rows []templates.FlameRow, left int) {
	type sum struct{ bytes, own int64 }
	sums := map[string]*sum{}
	on := map[string]int{}
	var walk func(s *CopyStack)
	walk = func(s *CopyStack) {
		if sums[s.Name] == nil {
			sums[s.Name] = &sum{}
		}
		if on[s.Name] == 0 {
			sums[s.Name].bytes += s.Bytes
		}
		own := s.Bytes
		on[s.Name]++
		for _, c := range s.Children {
			own -= c.Bytes
			walk(c)
		}
		on[s.Name]--
		sums[s.Name].own += own
	}
	for _, c := range root.Children {
		walk(c)
	}
	names := slices.SortedFunc(maps.Keys(sums), func(a, b string) int {
		return cmp.Or(cmp.Compare(sums[b].bytes, sums[a].bytes), cmp.Compare(sums[b].own, sums[a].own), cmp.Compare(a, b))
	})
	for i, name := range names {
		if i == flameRows {
			return rows, len(names) - flameRows
		}
		s := sums[name]
		rows = append(rows, templates.FlameRow{
			Name: name, Bytes: templates.Size(s.bytes), Share: shareText(float64(s.bytes) / float64(root.Bytes)), Own: templates.Size(s.own),
		})
	}
	return rows, 0
}
