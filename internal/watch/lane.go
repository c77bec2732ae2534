package watch

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"copyscope/internal/trace"
	"copyscope/templates"
	"copyscope/web"
)

// letters name the lanes, as on the page.
const letters = "ABCD"

// The rows that a lane shares out: first what is always there, then the program, the
// counts, and the tracks where there is room.
const (
	fewCounts = 4
	fewLines  = 2
)

// lane draws a lane: what it is, what happens, its program, its places, its counts.
func (m *Model) lane(i, width, height int) []string {
	run, step := m.runs[i], m.lines.own(i, m.step)
	d := drawn{look: m.look, m: m, run: run, step: step, width: width}
	d.event, d.any = run.Event(step)
	say := 3
	if width >= 64 {
		say = 2
	}
	rows := append(d.title(i), d.say(say)...)
	rows = append(rows, d.motion(), d.cpu())
	places := d.places()
	rest := height - len(rows) - len(places)
	longest := 0 // of all lanes, so that a place is at the same height in each
	for _, other := range m.runs {
		longest = max(longest, len(other.Listing()))
	}
	rows = append(rows, d.listing(min(longest, max(fewLines, rest-fewCounts)))...)
	rows = append(rows, places...)
	counts := min(len(order()), height-len(rows))
	if tracks := len(m.tracks()) + 2; height-len(rows) >= fewCounts*2+tracks {
		counts = min(counts, height-len(rows)-tracks)
		rows = append(rows, d.tracks()...)
	}
	rows = append(rows, d.counts(max(0, counts))...)
	for len(rows) < height {
		rows = append(rows, "")
	}
	return rows[:height]
}

// drawn is a lane at a step, and how wide it is drawn.
type drawn struct {
	look
	m     *Model
	run   *web.Steps
	step  int
	event trace.Event
	any   bool
	width int
}

// title is which run this is, and how it is known.
func (d drawn) title(i int) []string {
	p := d.run.Provenance()
	name := letters[i:i+1] + " " + d.plain(d.run.Title())
	known := d.pick(provenances[p]) + " " + d.plain(d.m.t.Term("provenance", string(p)))
	at := d.plain(d.m.t.T("scope.control.where", "Step", d.step, "Last", d.run.Len()))
	room := d.width - ansi.StringWidth(known) - ansi.StringWidth(at) - 4
	title := bold(d.fit(name, max(room, 4))) + "  " + known + "  " + at
	about := strings.Join(d.run.Chips(), " · ")
	if loud := d.run.Loud(); loud != "" {
		about = loud
	}
	return []string{title, faint(d.fit(d.plain(about), d.width))}
}

func (d drawn) say(rows int) []string { return d.wrapped(d.plain(d.run.Say(d.step)), d.width, rows) }

// motion is the event in the shape of its kind.
func (d drawn) motion() string {
	if !d.any {
		return ""
	}
	e := d.event
	shape, ok := motions[e.Kind]
	if !ok {
		shape = [2]string{"·····", "....."}
	}
	text := d.m.t.Term("kind", string(e.Kind))
	if e.Bytes > 0 {
		text += " " + templates.Size(e.Bytes)
	}
	row := coloured(e.Kind, d.pick(shape)) + " " + d.plain(text)
	if e.From == "" || e.To == "" || e.Kind == trace.ModeSwitch {
		return row
	}
	between := d.plain(d.about("", d.run.PlaceName(e.From)+" → "+d.run.PlaceName(e.To)))
	if ansi.StringWidth(row+between) > d.width { // the places' own rows say it too
		return row
	}
	return row + between
}

// about is a word and, after the language's own colon, what there is to say of it.
func (d drawn) about(what, more string) string {
	return d.m.t.T("watch.about", "What", what, "More", more)
}

// cpu is what the sender's CPU does meanwhile.
func (d drawn) cpu() string {
	state, with := d.run.CPU(d.step)
	if with != "" {
		state = d.about(state, with)
	}
	return d.plain(state)
}

// listing is the program, with the line marked whose call is open; of a long one the
// rows around that.
func (d drawn) listing(rows int) []string {
	lines, at, current := d.run.Listing(), 0, d.run.Line(d.step)
	for i, l := range lines {
		if string(l.Label) == current {
			at = i
		}
	}
	first := max(0, min(at-1, len(lines)-rows))
	var out []string
	for _, l := range lines[first:min(len(lines), first+rows)] {
		text := d.plain(l.Text)
		if current != "" && string(l.Label) == current {
			out = append(out, bold(d.glyph("▶ ", "> "))+reverse(d.fit(text, min(d.width-2, ansi.StringWidth(text)))))
			continue
		}
		out = append(out, "  "+text)
	}
	for len(out) < rows {
		out = append(out, "")
	}
	return out
}

// bands are the places as the page has them, in three bands that never move.
var bands = [][]trace.Place{
	{trace.UserBuffer, trace.UserMapping},
	{trace.PageCache, trace.Pipe, trace.SocketBuffer},
	{trace.DiskPlace, trace.NICRing},
}

// places are what is where: a row for each place, and between the bands a border. That
// between user and kernel has the count of what crosses it.
func (d drawn) places() []string {
	switches := d.run.Count(trace.ModeSwitches, d.step)
	crossed := d.plain(d.m.t.T("watch.border.user")) + " " + d.glyph("↕", "|") + " " + templates.Quantity(switches.Value, trace.Times)
	if !switches.Known() {
		crossed = d.plain(d.m.t.T("watch.border.user"))
	}
	borders := []string{"", crossed, d.plain(d.m.t.T("watch.border.hardware"))}
	var rows []string
	for i, band := range bands {
		if i > 0 {
			border := d.glyph("── ", "-- ") + borders[i] + " "
			border += strings.Repeat(d.glyph("─", "-"), max(0, d.width-ansi.StringWidth(border)))
			if i == 1 && d.any && d.event.Kind == trace.ModeSwitch {
				border = coloured(trace.ModeSwitch, bold(border))
			}
			rows = append(rows, border)
		}
		for _, p := range band {
			if d.m.draws(p) {
				rows = append(rows, d.place(p))
			}
		}
	}
	if d.m.receives() {
		rows = append(rows, d.receiver())
	}
	return rows
}

// draws says whether a place has a row: in every lane if one has it, so that a place
// is at the same height in each. That the user buffer is not used is worth a row.
func (m *Model) draws(p trace.Place) bool {
	return p == trace.UserBuffer || slices.ContainsFunc(m.runs, func(run *web.Steps) bool { return run.Uses(p) || run.Dark(p) != "" })
}

// receives says whether some lane has a receiver, and so all have a row for it.
func (m *Model) receives() bool {
	return slices.ContainsFunc(m.runs, func(run *web.Steps) bool { _, is := run.Received(0); return is })
}

// place is a row: whether the step takes from it or brings to it, its name, how full
// it is, and with what.
func (d drawn) place(p trace.Place) string {
	role, e := "", d.event
	switch {
	case !d.any || e.Kind == trace.ModeSwitch:
	case p == e.From:
		role = d.m.t.T("watch.from")
	case p == e.To && e.Endpoint != trace.Receiver: // that has memory of its own
		role = d.m.t.T("watch.to")
	}
	c := d.run.Content(p, d.step)
	text := templates.Size(c.Own)
	if c.Lent > 0 {
		text = d.m.t.T("scope.place.lent", "Bytes", templates.Size(c.Lent))
		if c.Own > 0 {
			text = templates.Size(c.Own) + " + " + text
		}
	}
	if dark := d.run.Dark(p); dark != "" {
		text = dark
	} else if !d.run.Uses(p) {
		text = d.m.t.T("scope.place.unused")
	}
	return d.box(role, d.run.PlaceName(p), c, text)
}

// receiver is the row of who receives.
func (d drawn) receiver() string {
	role := ""
	if d.any && d.event.Endpoint == trace.Receiver && d.event.Kind == trace.CPUCopy {
		role = d.m.t.T("watch.to")
	}
	c, is := d.run.Received(d.step)
	text := templates.Size(c.Own)
	if !is {
		text = d.m.t.T("scope.place.unused")
	}
	return d.box(role, d.m.t.T("scope.place.receiver"), c, text)
}

// box is the row of a place.
func (d drawn) box(role, name string, c web.Content, text string) string {
	const before, gauge = 5, 7
	name = d.fit(d.plain(name), max(10, min(18, d.width-before-gauge-14)))
	row := d.fit(d.plain(role), before) + name + " " + d.gauge(c, gauge) + " " + d.plain(text)
	if role != "" {
		return bold(coloured(d.event.Kind, d.fit(row, d.width)))
	}
	return row
}

// gauge is how full a place is: solid its own bytes, hatched those that it refers to.
func (d drawn) gauge(c web.Content, cells int) string {
	if c.Room <= 0 {
		return strings.Repeat(d.glyph("·", "."), cells)
	}
	part := func(bytes int64) int {
		return min(cells, int((bytes*int64(cells)+c.Room-1)/c.Room))
	}
	own := part(c.Own)
	lent := min(cells-own, part(c.Lent))
	return strings.Repeat(d.glyph("█", "#"), own) + strings.Repeat(d.glyph("▒", ":"), lent) + strings.Repeat(d.glyph("·", "."), cells-own-lent)
}

// counts are the counts after the step, what the step changed, and how each is known.
func (d drawn) counts(rows int) []string {
	const value, known, wide = 9, 10, 46
	change := 0 // the column of what the step changed
	if d.width >= wide {
		change = 12
	}
	label := max(8, d.width-value-change-known-2)
	var out []string
	for _, name := range order()[:rows] {
		c := d.run.Count(name, d.step)
		word := d.pick(provenances[c.Provenance]) + " " + d.plain(d.m.t.Term("provenance", string(c.Provenance)))
		title := d.plain(d.m.t.Term("count", string(name)))
		row := d.fit(title, label) + " "
		switch {
		case !c.Known() && d.width >= wide && c.Reason != "": // why is worth more than a straight column
			out = append(out, d.fit(title+"  "+d.about(word, d.plain(c.Reason)), d.width))
			continue
		case !c.Known():
			out = append(out, row+d.right(word, value+change+1+known))
			continue
		}
		unit, by := trace.UnitOf(name), ""
		if before := d.run.Count(name, d.step-1).Value; d.step > 0 && c.Value != before {
			by = templates.Change(c.Value-before, unit)
		}
		row += d.right(d.plain(templates.Quantity(c.Value, unit)), value) + d.fit(d.right(d.plain(by), change), change) + " " + word
		if by != "" {
			row = bold(row)
		}
		out = append(out, row)
	}
	return out
}

// receiving is the track of the receiver, whose processor is not the sender's.
const receiving trace.Actor = "receiver"

// tracks are the actors of all lanes, so that a track is at the same height in each.
func (m *Model) tracks() []trace.Actor {
	all := slices.DeleteFunc(trace.Actors(), func(a trace.Actor) bool {
		return !slices.ContainsFunc(m.runs, func(run *web.Steps) bool { return slices.Contains(run.Actors(), a) })
	})
	if m.receives() {
		all = append(all, receiving)
	}
	return all
}

// tracks are the steps around this one, a row for each actor: who did what, one
// character a step. What is to come is faint.
func (d drawn) tracks() []string {
	const name = 12
	cells := d.width - name - 1
	first := max(1, min(d.step-cells/2, d.run.Len()-cells+1))
	rows := []string{d.plain(d.m.t.T("watch.tracks", "From", first, "To", min(d.run.Len(), first+cells-1)))}
	for _, actor := range d.m.tracks() {
		title := d.m.t.T("scope.place.receiver")
		if actor != receiving {
			title = d.m.t.Term("actor", string(actor))
		}
		row := d.fit(d.plain(title), name) + " "
		for step := first; step < first+cells && step <= d.run.Len(); step++ {
			row += d.mark(step, actor)
		}
		rows = append(rows, row)
	}
	cursor := ""
	if d.step >= first {
		cursor = strings.Repeat(" ", name+1+d.step-first) + d.glyph("▲", "^")
	}
	return append(rows, cursor)
}

// mark is a step on an actor's track.
func (d drawn) mark(step int, actor trace.Actor) string {
	e, _ := d.run.Event(step)
	if e.Endpoint == trace.Receiver {
		e.Actor = receiving
	}
	mark := " "
	if e.Actor == actor {
		shape, ok := marks[e.Kind]
		if !ok {
			shape = [2]string{"·", "."}
		}
		mark = d.pick(shape)
	}
	switch {
	case step == d.step:
		return reverse(mark)
	case step > d.step:
		return faint(mark)
	}
	return coloured(e.Kind, mark)
}
