package chart

// Measures of a legend, in pixels.
const (
	legendRow = 20
	legendPad = 12
	sample    = 40 // a piece of line, and the gap before its name
	letter    = 6.6
	gap       = 28
)

// legend is a box over the whole width, above the panels that it is of.
type legend struct {
	heading       string
	x, y          float64
	width, height float64
	labels        []label
	keys          []key
}

// label is a group's name before its variants.
type label struct{ x, y, text string }

// key is a line's entry; name is what stands beside it, whole its full name.
type key struct {
	class, dash, marker, name, whole string
	x, y                             string
}

// layOutLegend lists a row's lines: a line of text for each group with its
// variants, or all of them one after the other if no group has more than one.
// Coordinates of its contents count from the box's corner.
func layOutLegend(heading string, lines []Line, all []look, x, y, width float64) legend {
	out := legend{heading: heading, x: x, y: y, width: width}
	names, grouped := keyNames(lines)
	first := float64(legendPad)
	if grouped {
		first += widest(groupNames(lines)) + gap
	}
	cell := sample + widest(names) + gap
	atX, atY := first, float64(legendPad+legendRow+4)
	for i, l := range lines {
		begins := grouped && (i == 0 || lines[i-1].Group != l.Group)
		if i > 0 && (begins || atX+cell > width) {
			atX, atY = first, atY+legendRow
		}
		if begins {
			out.labels = append(out.labels, label{num(legendPad), num(atY + 4), l.Group})
		}
		out.keys = append(out.keys, key{class: all[i].class(), dash: all[i].dash, marker: marker(all[i].hue, 16, 0), name: names[i], whole: l.Name(), x: num(atX), y: num(atY)})
		atX += cell
	}
	out.height = atY + legendPad
	return out
}

// keyNames are what stands beside the samples: the variants, if groups have
// several.
func keyNames(lines []Line) (names []string, grouped bool) {
	for i, l := range lines {
		grouped = grouped || i > 0 && lines[i-1].Group == l.Group
		names = append(names, l.Name())
	}
	for i, l := range lines {
		if grouped && l.Variant != "" {
			names[i] = l.Variant
		}
	}
	return names, grouped
}

func groupNames(lines []Line) (out []string) {
	for _, l := range lines {
		out = append(out, l.Group)
	}
	return out
}

// widest is about how wide the longest name is.
func widest(names []string) float64 {
	n := 0
	for _, name := range names {
		n = max(n, len([]rune(name)))
	}
	return float64(n) * letter
}
