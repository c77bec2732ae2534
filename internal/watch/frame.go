package watch

import (
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/dustin/go-humanize"

	"copyscope/internal/trace"
)

// The least that a lane needs, and that a screen needs to show anything of one.
const (
	laneWidth   = 38
	laneHeight  = 20
	leastWidth  = 30
	leastHeight = 8
	// around are the rows of the screen that are no lane's: what is shown, the
	// timeline, the keys.
	around = 3
)

// View implements [tea.Model].
func (m *Model) View() tea.View {
	v := tea.NewView(m.frame())
	v.AltScreen = true
	v.WindowTitle = "copyscope run --watch"
	return v
}

// frame is the picture: as many rows as the screen has, each as wide.
func (m *Model) frame() string {
	if m.width < leastWidth || m.height < leastHeight {
		return m.look.fit(m.look.plain(m.t.T("watch.small", "Width", m.width, "Height", m.height)), m.width)
	}
	rows := []string{m.head()}
	if m.help {
		rows = append(rows, m.helpRows(m.height-2)...)
	} else {
		rows = append(rows, m.laneRows(m.height-around)...)
		rows = append(rows, m.timeline())
	}
	rows = append(rows, m.foot())
	for i, row := range rows {
		rows[i] = m.look.fit(row, m.width)
	}
	return strings.Join(rows, "\n")
}

// head says where the screen is in the run.
func (m *Model) head() string {
	playing := "watch.paused"
	if m.playing {
		playing = "watch.playing"
	}
	parts := []string{m.t.T("scope.control.where", "Step", m.step, "Last", m.lines.last)}
	if len(m.runs) > 1 {
		parts = append(parts, m.t.T("watch.align", "By", m.t.T("scope.align."+m.align)))
	}
	parts = append(parts, m.t.T("watch.speed", "Speed", strconv.FormatFloat(speeds[m.speed], 'g', -1, 64)), m.t.T(playing))
	return reverse(m.look.fit(m.look.plain(" copyscope · "+strings.Join(parts, " · ")), m.width))
}

// foot is the keys that matter most, or the number that is asked for.
func (m *Model) foot() string {
	if m.asks {
		return m.look.plain(m.t.T("watch.goto", "Last", m.lines.last)) + " " + m.number + "_"
	}
	key := "watch.keys"
	if len(m.runs) > 1 {
		key = "watch.keys.lanes"
	}
	if m.help {
		key = "watch.keys.help"
	}
	return faint(m.look.plain(m.t.T(key)))
}

// shown are the lanes that are drawn, and in how many columns. Beside each other if
// that is wide enough, else below each other if that is high enough, else one.
func (m *Model) shown(height int) (lanes []int, columns int) {
	if m.only >= 0 {
		return []int{m.only}, 1
	}
	n := len(m.runs)
	columns = max(1, min(n, (m.width+1)/(laneWidth+1)))
	lines := (n + columns - 1) / columns
	if lines > max(1, height/laneHeight) {
		columns = max(1, min(columns, n))
		lanes = append(lanes, m.first)
		for len(lanes) < columns*max(1, height/laneHeight) && len(lanes) < n {
			lanes = append(lanes, (m.first+len(lanes))%n)
		}
		return lanes, columns
	}
	for i := range n {
		lanes = append(lanes, i)
	}
	return lanes, columns
}

// laneRows draws the lanes.
func (m *Model) laneRows(height int) []string {
	lanes, columns := m.shown(height)
	lines := (len(lanes) + columns - 1) / columns
	rows := make([]string, 0, height)
	for line := range lines {
		h := height / lines
		if line == lines-1 {
			h = height - h*(lines-1)
		}
		var cells [][]string
		width := (m.width - (columns - 1)) / columns
		for _, lane := range lanes[line*columns : min(len(lanes), (line+1)*columns)] {
			cells = append(cells, m.lane(lane, width, h))
		}
		for r := range h {
			var row []string
			for _, cell := range cells {
				row = append(row, m.look.fit(cell[r], width))
			}
			rows = append(rows, strings.Join(row, faint(m.look.glyph("│", "|"))))
		}
	}
	return rows
}

// timeline is the whole of the run in one row: ticks where a lane crosses a syscall's
// border, where the lanes part, and the cursor.
func (m *Model) timeline() string {
	from, to := "0 ", " "+humanize.Comma(int64(m.lines.last))
	cells := m.width - len(from) - len(to)
	cell := func(step int) int {
		if m.lines.last == 0 {
			return 0
		}
		return step * (cells - 1) / m.lines.last
	}
	row := make([]string, cells)
	for i := range row {
		row[i] = m.look.glyph("─", "-")
		if i < cell(m.step) {
			row[i] = m.look.glyph("━", "=")
		}
	}
	for i, run := range m.runs {
		if len(run.Boundaries()) > cells { // they would be everywhere
			continue
		}
		for _, own := range run.Boundaries() {
			row[cell(m.lines.find(i, own))] = m.look.glyph("┼", "+")
		}
	}
	if m.parted > 0 {
		row[cell(m.parted)] = bold(m.look.glyph("≠", "!"))
	}
	row[cell(m.step)] = reverse(m.look.glyph("●", "@"))
	return from + strings.Join(row, "") + to
}

// helpRows are the keys with what they do.
func (m *Model) helpRows(height int) []string {
	rows := []string{bold(m.look.plain(m.t.T("keys.group.watch"))), ""}
	for _, b := range bindings() {
		var names []string
		for _, k := range b.Keys {
			names = append(names, m.look.plain(keyNames.Replace(k)))
		}
		rows = append(rows, fmt.Sprintf("  %s %s", m.look.fit(strings.Join(names, " "), 20), m.look.plain(m.t.T("keys."+b.Action))))
	}
	rows = append(rows, "")
	rows = append(rows, m.look.wrapped(m.legend(), m.width-2, 2)...)
	for len(rows) < height {
		rows = append(rows, "")
	}
	return rows[:height]
}

// legend is what the marks mean.
func (m *Model) legend() string {
	var parts []string
	for _, k := range trace.Kinds() {
		if mark, ok := marks[k]; ok {
			parts = append(parts, m.look.pick(mark)+" "+m.look.plain(m.t.Term("kind", string(k))))
		}
	}
	return strings.Join(append(parts, m.look.glyph("█", "#")+" "+m.look.plain(m.t.T("watch.legend.own")),
		m.look.glyph("▒", ":")+" "+m.look.plain(m.t.T("watch.legend.lent"))), "  ")
}

// keyNames writes keys as a reader knows them.
var keyNames = strings.NewReplacer("ArrowRight", "→", "ArrowLeft", "←", "ArrowUp", "↑", "ArrowDown", "↓", "PageDown", "PgDn", "PageUp", "PgUp", "Escape", "Esc", "Ctrl+c", "Ctrl-C")
