package watch

import (
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"copyscope/internal/trace"
)

// look is how the terminal is drawn on. Each glyph has a form in ASCII.
type look struct{ ascii bool }

// colours are roles, in the terminal's own sixteen.
var colours = map[trace.Kind]ansi.BasicColor{
	trace.CPUCopy: ansi.Yellow, trace.PIO: ansi.Yellow, trace.DMA: ansi.Blue, trace.Descriptor: ansi.Green,
	trace.Interrupt: ansi.Magenta, trace.ModeSwitch: ansi.Cyan,
}

// motions are the kinds that the page draws as motion, each with a line of its own:
// solid and filled is a CPU copy, dashes are DMA, dots and tags references, a zigzag
// an interrupt, single hollow squares PIO.
var motions = map[trace.Kind][2]string{
	trace.CPUCopy: {"■■■■▶", "####>"}, trace.DMA: {"━ ━ ▶", "= = >"}, trace.Descriptor: {"◇··◇▶", "o..o>"},
	trace.Interrupt: {"╱╲╱╲▶", "/\\/\\>"}, trace.PIO: {"□ □ ▶", "[][]>"}, trace.ModeSwitch: {"──↕──", "--|--"},
}

// marks are one character for each kind, on the tracks of the timeline.
var marks = map[trace.Kind][2]string{
	trace.CPUCopy: {"■", "#"}, trace.DMA: {"═", "="}, trace.Descriptor: {"◇", "o"}, trace.Interrupt: {"╱", "/"},
	trace.PIO: {"□", "%"}, trace.ModeSwitch: {"↕", "|"}, trace.Syscall: {"(", "("}, trace.Wait: {"…", "."},
}

// provenances are the marks of the comparison table, which a word follows.
var provenances = map[trace.Provenance][2]string{
	trace.Measured: {"●", "*"}, trace.Derived: {"○", "o"}, trace.Modelled: {"◌", "~"}, trace.Recorded: {"◆", "+"}, trace.Unavailable: {"–", "-"},
}

// pick is one of two forms.
func (l look) pick(forms [2]string) string {
	if l.ascii {
		return forms[1]
	}
	return forms[0]
}

func (l look) glyph(fancy, plain string) string { return l.pick([2]string{fancy, plain}) }

func bold(s string) string    { return ansi.Style{}.Bold().Styled(s) }
func faint(s string) string   { return ansi.Style{}.Faint().Styled(s) }
func reverse(s string) string { return ansi.Style{}.Reverse(true).Styled(s) }

// coloured is in the colour of a kind, if that has one.
func coloured(k trace.Kind, s string) string {
	if c, ok := colours[k]; ok {
		return ansi.Style{}.ForegroundColor(c).Styled(s)
	}
	return s
}

// typeable writes what texts have beyond ASCII by its nearest characters.
var typeable = strings.NewReplacer("→", "->", "←", "<-", "↑", "^", "↓", "v", "↕", "|", "·", "-", "–", "-", "—", "-", "−", "-", "…", "...",
	"×", "x", "µ", "u", "÷", "/", "≠", "!=", "’", "'", "‘", "'", "“", "\"", "”", "\"", "≤", "<=", "≥", ">=", "\u00a0", " ")

// plain is a text as the terminal can show it. What would command the terminal is
// not shown as it is: names come from files that others may have written.
func (l look) plain(s string) string {
	if l.ascii {
		s = typeable.Replace(s)
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || l.ascii && r > '~' {
			return '?'
		}
		return r
	}, s)
}

// fit cuts a text to some cells, or fills it with spaces up to them.
func (l look) fit(s string, width int) string {
	if width <= 0 {
		return ""
	}
	s = ansi.Truncate(s, width, l.glyph("…", "~"))
	return s + strings.Repeat(" ", max(0, width-ansi.StringWidth(s)))
}

// right is a text at the right of some cells.
func (l look) right(s string, width int) string {
	return strings.Repeat(" ", max(0, width-ansi.StringWidth(s))) + s
}

// wrapped are as many rows of a text as there may be; the last one is cut.
func (l look) wrapped(s string, width, rows int) []string {
	out := make([]string, 0, rows)
	lines := wrap(s, max(2, width))
	for i := range rows {
		switch {
		case i >= len(lines):
			out = append(out, "")
		case i == rows-1 && len(lines) > rows:
			out = append(out, l.fit(strings.TrimRight(lines[i], " ")+" "+strings.Join(lines[i+1:], " "), width))
		default:
			out = append(out, strings.TrimRight(lines[i], " "))
		}
	}
	return out
}

// closing are characters that begin no row.
const closing = "，。：；、！？）》”’,.:;!?)"

// wrap breaks a text into rows: at spaces, and beside each Chinese character, which
// has none around it.
func wrap(s string, width int) (rows []string) {
	row, used, last := "", 0, -1 // last is how much of row may stay on it
	runes := []rune(s)
	for i, r := range runes {
		wide := ansi.StringWidth(string(r))
		if used+wide > width {
			switch {
			case r == ' ':
				rows, row, used, last = append(rows, row), "", 0, -1
				continue
			case last > 0:
				rest := row[last:]
				rows = append(rows, strings.TrimRight(row[:last], " "))
				row, used, last = rest, ansi.StringWidth(rest), -1
			default:
				rows, row, used, last = append(rows, row), "", 0, -1
			}
		}
		row, used = row+string(r), used+wide
		next := ' '
		if i+1 < len(runes) {
			next = runes[i+1]
		}
		if r == ' ' || (wide == 2 || ansi.StringWidth(string(next)) == 2) && next != ' ' && !strings.ContainsRune(closing, next) {
			last = len(row)
		}
	}
	return append(rows, row)
}
