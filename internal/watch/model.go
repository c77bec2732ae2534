package watch

import (
	"slices"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/web"
)

// Lane gives a run's steps in a language.
type Lane func(*locale.Translator) *web.Steps

// MaxLanes is how many runs are shown beside each other, as on the page.
const MaxLanes = 4

// Options say how the screen speaks.
type Options struct {
	Lang locale.Lang
	// ASCII draws with the characters of ASCII alone, in English, for a terminal
	// whose locale is not UTF-8.
	ASCII bool
	// NoColour leaves the colours out (https://no-color.org).
	NoColour bool
}

// Model is the state of the screen: a [tea.Model]. The picture is a function of it.
type Model struct {
	lanes []Lane
	look  look
	t     *locale.Translator
	runs  []*web.Steps

	align  string
	lines  alignment
	parted int // the step at which a lane first does not do what the first one does
	step   int
	speed  int // index of speeds
	only   int // the lane that is shown alone; -1: all that fit
	first  int // of all lanes, the one that is shown where one fits
	help   bool
	number string // of the step to go to, while it is typed
	asks   bool

	playing bool
	beat    int // tells a tick of an earlier play

	width, height int
}

// New shows lanes, from one to [MaxLanes], before their first step.
func New(lanes []Lane, o Options) *Model {
	m := &Model{lanes: lanes, look: look{ascii: o.ASCII}, align: byStep, speed: ordinary, only: -1, width: 80, height: 24}
	if o.ASCII {
		o.Lang = locale.English
	}
	m.speak(o.Lang)
	return m
}

// speak tells the runs in a language.
func (m *Model) speak(lang locale.Lang) {
	m.t, m.runs = locale.New(lang), nil
	for _, of := range m.lanes {
		m.runs = append(m.runs, of(m.t))
	}
	m.lines = alignmentOf(m.align, m.runs)
	m.parted = m.parting()
}

// tick is the time for the next step of a play.
type tick struct{ beat int }

// Init implements [tea.Model].
func (m *Model) Init() tea.Cmd { return nil }

// Update implements [tea.Model].
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tick:
		if m.playing && msg.beat == m.beat {
			return m, m.next()
		}
	case tea.KeyPressMsg:
		return m, m.press(msg.String())
	}
	return m, nil
}

// next takes a step of a play.
func (m *Model) next() tea.Cmd {
	if m.step >= m.lines.last {
		m.playing = false
		return nil
	}
	m.step++
	beat := m.beat
	return tea.Tick(pause(m.lines, m.runs, m.step, speeds[m.speed]), func(time.Time) tea.Msg { return tick{beat} })
}

// press does what a key does.
func (m *Model) press(key string) tea.Cmd {
	action := actionOf(key)
	switch {
	case key == "ctrl+c":
		return tea.Quit
	case key == "ctrl+z":
		m.playing = false
		return tea.Suspend
	case m.asks:
		m.typed(key)
		return nil
	case m.help:
		m.help = action != "help" && action != "watch-quit"
		return nil
	}
	switch action {
	case "watch-quit":
		return tea.Quit
	case "step-forward":
		m.seek(m.step + 1)
	case "step-back":
		m.seek(m.step - 1)
	case "first":
		m.seek(0)
	case "last":
		m.seek(m.lines.last)
	case "call-forward":
		m.seek(m.boundary(1))
	case "call-back":
		m.seek(m.boundary(-1))
	case "watch-parting":
		if m.parted > 0 {
			m.seek(m.parted)
		}
	case "goto":
		m.playing, m.asks, m.number = false, true, ""
	case "play":
		return m.toggle()
	case "faster":
		m.speed = min(m.speed+1, len(speeds)-1)
	case "slower":
		m.speed = max(m.speed-1, 0)
	case "lane":
		m.focus(key)
	case "watch-lane":
		m.turn()
	case "align":
		m.realign()
	case "language":
		m.translate()
	case "help":
		m.help = true
	}
	return nil
}

// typed takes a key of the number of a step.
func (m *Model) typed(key string) {
	switch {
	case key == "enter":
		if n, err := strconv.Atoi(m.number); err == nil {
			m.seek(n)
		}
		m.asks = false
	case key == "esc":
		m.asks = false
	case key == "backspace" && m.number != "":
		m.number = m.number[:len(m.number)-1]
	case len(key) == 1 && key >= "0" && key <= "9" && len(m.number) < 9:
		m.number += key
	}
}

func (m *Model) seek(step int) {
	m.playing = false
	m.step = max(0, min(m.lines.last, step))
}

func (m *Model) toggle() tea.Cmd {
	m.playing = !m.playing
	m.beat++
	if !m.playing || m.lines.last == 0 {
		m.playing = false
		return nil
	}
	if m.step >= m.lines.last {
		m.step = 0
	}
	return m.next()
}

// boundary is the next step, forward (1) or back (-1), at which a lane crosses a
// syscall's entry or return, or that is an end of the run.
func (m *Model) boundary(direction int) int {
	best := m.lines.last
	if direction < 0 {
		best = 0
	}
	for i, run := range m.runs {
		at := run.Boundaries()
		k, found := slices.BinarySearch(at, m.lines.own(i, m.step))
		if direction < 0 && !found {
			k--
		}
		for ; k >= 0 && k < len(at); k += direction {
			step := m.lines.find(i, at[k])
			if direction > 0 && step > m.step {
				best = min(best, step)
				break
			}
			if direction < 0 && step < m.step {
				best = max(best, step)
				break
			}
		}
	}
	return best
}

// parting is the first step at which a lane does not do what the first one does; 0
// if all do the same.
func (m *Model) parting() int {
	own := 0
	for _, run := range m.runs[1:] {
		if at := run.PartsFrom(m.runs[0]); at > 0 && (own == 0 || at < own) {
			own = at
		}
	}
	if own == 0 {
		return 0
	}
	step := 0
	for i, run := range m.runs {
		step = max(step, m.lines.find(i, min(own, run.Len())))
	}
	return step
}

// focus shows one lane alone, by its number, or all again.
func (m *Model) focus(key string) {
	n, err := strconv.Atoi(key)
	switch {
	case err != nil || n < 1 || n > len(m.lanes):
	case m.only == n-1:
		m.only = -1
	default:
		m.only = n - 1
	}
}

// turn shows the next lane where not all fit, or one is shown alone.
func (m *Model) turn() {
	if m.only >= 0 {
		m.only = (m.only + 1) % len(m.lanes)
		return
	}
	m.first = (m.first + 1) % len(m.lanes)
}

// realign aligns the lanes otherwise; the first one's step stays in place.
func (m *Model) realign() {
	own := m.lines.own(0, m.step)
	m.align = alignments[(slices.Index(alignments, m.align)+1)%len(alignments)]
	m.lines = alignmentOf(m.align, m.runs)
	m.parted = m.parting()
	m.seek(m.lines.find(0, own))
}

// translate changes to the next language, if the terminal can show it.
func (m *Model) translate() {
	if m.look.ascii {
		return
	}
	all := locale.Languages()
	m.speak(all[(slices.Index(all, m.t.Lang())+1)%len(all)])
}

// order is the counts as the screen has them: those of the comparison first, since
// not all fit.
func order() []trace.CountName {
	first := []trace.CountName{trace.Syscalls, trace.ModeSwitches, trace.CPUCopies, trace.DMATransfers, trace.CPUCopiedBytes, trace.DMABytes,
		trace.Descriptors, trace.PageFaults, trace.Interrupts, trace.BytesSent, trace.WallTime}
	for _, name := range trace.CountNames() {
		if !slices.Contains(first, name) {
			first = append(first, name)
		}
	}
	return first
}
