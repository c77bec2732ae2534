package watch_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/internal/watch"
	"copyscope/templates"
	"copyscope/web"
)

var update = flag.Bool("update", false, "write the golden files anew")

// runs are simulated results of scenarios that differ from one.
func runs(t testing.TB, texts ...string) []*lab.Result {
	t.Helper()
	base, err := lab.ParseScenario("read-write,side=sim,model=linux,net=nic,cache=cold,dma=on,sg=on,size=16KiB,chunk=8KiB", lab.Scenario{})
	if err != nil {
		t.Fatal(err)
	}
	var out []*lab.Result
	for _, text := range texts {
		s, err := lab.ParseScenario(text, base)
		if err != nil {
			t.Fatal(err)
		}
		r, err := lab.New(t.TempDir()).Run(t.Context(), s, lab.Options{MaxEvents: 100_000})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func lanes(results []*lab.Result) (out []watch.Lane) {
	for _, r := range results {
		out = append(out, func(t *locale.Translator) *web.Steps { return web.StepsOf(t, r) })
	}
	return out
}

// key is a key as the terminal library tells it.
func key(name string) tea.KeyPressMsg {
	special := map[string]rune{"right": tea.KeyRight, "left": tea.KeyLeft, "up": tea.KeyUp, "down": tea.KeyDown, "home": tea.KeyHome, "end": tea.KeyEnd,
		"pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "tab": tea.KeyTab, "esc": tea.KeyEscape, "enter": tea.KeyEnter, "space": tea.KeySpace, "f1": tea.KeyF1, "backspace": tea.KeyBackspace}
	k := tea.Key{}
	if rest, ok := strings.CutPrefix(name, "alt+"); ok {
		k.Mod, name = tea.ModAlt, rest
	}
	if rest, ok := strings.CutPrefix(name, "ctrl+"); ok {
		k.Mod, name = tea.ModCtrl, rest
	}
	if code, ok := special[name]; ok {
		k.Code = code
	} else {
		k.Code = []rune(name)[0]
		if k.Mod == 0 {
			k.Text = name
		}
	}
	return tea.KeyPressMsg(k)
}

func press(m *watch.Model, names ...string) (last tea.Cmd) {
	for _, name := range names {
		_, last = m.Update(key(name))
	}
	return last
}

func size(m *watch.Model, width, height int) *watch.Model {
	m.Update(tea.WindowSizeMsg{Width: width, Height: height})
	return m
}

func text(m *watch.Model) string { return ansi.Strip(m.View().Content) }

func TestTheScreen(t *testing.T) {
	two := runs(t, "read-write", "sendfile")
	for _, c := range []struct {
		name          string
		results       []*lab.Result
		o             watch.Options
		width, height int
		keys          []string
	}{
		{"begin-80x24", two, watch.Options{}, 80, 24, nil},
		{"copy-80x24", two, watch.Options{}, 80, 24, []string{"down", "down", "left"}},
		{"copy-120x40", two, watch.Options{}, 120, 40, []string{"down", "down", "left"}},
		{"end-80x24", two[:1], watch.Options{}, 80, 24, []string{"end"}},
		{"chinese-80x24", two, watch.Options{Lang: locale.Chinese}, 80, 24, []string{"down", "down", "left"}},
		{"receiver-120x40", runs(t, "read-write,net=loopback,cache=warm", "sendfile,net=loopback,cache=warm"), watch.Options{}, 120, 40, []string{"end", "left"}},
		{"chinese-120x40", two, watch.Options{Lang: locale.Chinese}, 120, 40, []string{"down", "down", "right"}},
		{"ascii-80x24", two, watch.Options{Lang: locale.Chinese, ASCII: true}, 80, 24, []string{"down", "down", "left"}},
		{"help-80x24", two, watch.Options{}, 80, 24, []string{"?"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := size(watch.New(lanes(c.results), c.o), c.width, c.height)
			press(m, c.keys...)
			got := text(m)
			check(t, m, c.width, c.height)
			if c.o.ASCII {
				if i := strings.IndexFunc(got, func(r rune) bool { return r > '~' }); i >= 0 {
					t.Errorf("not ASCII: %q", got[i:min(len(got), i+20)])
				}
			}
			var rows []string
			for row := range strings.Lines(got) {
				rows = append(rows, strings.TrimRight(row, " \n"))
			}
			golden(t, c.name+".txt", strings.Join(rows, "\n")+"\n")
		})
	}
}

// The screen that docs/watch.md explains is this one.
func TestTheDocumentShowsTheScreen(t *testing.T) {
	doc, err := os.ReadFile("../../docs/watch.md")
	if err != nil {
		t.Fatal(err)
	}
	screen, err := os.ReadFile("testdata/copy-80x24.txt")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(doc), "```\n"+string(screen)+"```\n") {
		t.Error("docs/watch.md has another screen than testdata/copy-80x24.txt")
	}
}

// A name from a file that somebody else wrote commands no terminal.
func TestTextsCommandNoTerminal(t *testing.T) {
	r := runs(t, "sendfile")[0]
	hostile := "\x1b]0;owned\a\x1b[2Jsendfile\u009b31m"
	for i := range r.Listing {
		r.Listing[i].Text = hostile
	}
	for _, ascii := range []bool{false, true} {
		m := size(watch.New(lanes([]*lab.Result{r}), watch.Options{ASCII: ascii}), 80, 24)
		got := m.View().Content
		if !strings.Contains(got, "sendfile?") || strings.Contains(got, "\x1b]") || strings.Contains(got, "\x1b[2J") || strings.ContainsAny(got, "\a\u009b") {
			t.Errorf("the screen is %q", got)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: the screen is\n%s\nwant\n%s\n(go test ./internal/watch -update writes it anew)", name, got, want)
	}
}

// check: as many rows as the screen has, each as wide.
func check(t interface{ Errorf(string, ...any) }, m *watch.Model, width, height int) {
	rows := strings.Split(m.View().Content, "\n")
	if len(rows) != height {
		t.Errorf("%d×%d: %d rows", width, height, len(rows))
	}
	for i, row := range rows {
		if w := ansi.StringWidth(row); w != width {
			t.Errorf("%d×%d: row %d is %d wide: %q", width, height, i, w, ansi.Strip(row))
		}
	}
}

// Whatever was pressed before, n steps forward and n back show the same again.
func TestStepsBackUndoStepsForward(t *testing.T) {
	of := lanes(runs(t, "read-write", "sendfile", "mmap-write,cache=warm"))
	rapid.Check(t, func(t *rapid.T) {
		width, height := rapid.IntRange(30, 200).Draw(t, "width"), rapid.IntRange(8, 70).Draw(t, "height")
		m := size(watch.New(of, watch.Options{}), width, height)
		press(m, rapid.SliceOfN(rapid.SampledFrom([]string{"right", "down", "a", "tab", "1", "2", "n", "up", "end", "home"}), 0, 8).Draw(t, "keys")...)
		press(m, "home")
		press(m, rapid.SliceOfN(rapid.SampledFrom([]string{"right", "pgdown", "down"}), 0, 12).Draw(t, "to")...)
		at, last := where(size(m, 120, 40))
		before := size(m, width, height).View().Content
		n := rapid.IntRange(0, last-at).Draw(t, "n")
		for range n {
			press(m, "right")
		}
		for range n {
			press(m, "left")
		}
		if after := m.View().Content; after != before {
			t.Fatalf("after %d steps forward and back the screen is\n%s\nit was\n%s", n, ansi.Strip(after), ansi.Strip(before))
		}
		check(t, m, width, height)
	})
}

// What the last step shows is what `run --json` prints.
func TestTheEndShowsTheCountsOfTheRun(t *testing.T) {
	for _, r := range runs(t, "read-write", "mmap-write", "sendfile", "splice", "compress") {
		m := size(watch.New(lanes([]*lab.Result{r}), watch.Options{}), 100, 90)
		press(m, "end")
		screen := text(m)
		words := locale.New(locale.English)
		for _, name := range trace.CountNames() {
			c := r.Counter.Count(name)
			value := "–"
			if c.Known() {
				value = templates.Quantity(c.Value, trace.UnitOf(name))
			}
			label := words.Term("count", string(name))
			row := ""
			for line := range strings.Lines(screen) {
				if strings.HasPrefix(line, label+"  ") {
					row = line
				}
			}
			if !c.Known() && !strings.Contains(row, c.Reason[:min(20, len(c.Reason))]) {
				t.Errorf("%s, %s: the screen says %q and not why: %s", r.Scenario.Path, name, strings.TrimSpace(row), c.Reason)
			}
			if !strings.Contains(row, " "+value+" ") || !strings.Contains(row, words.Term("provenance", string(c.Provenance))) {
				t.Errorf("%s, %s: the screen says %q, the run %s %s", r.Scenario.Path, name, strings.TrimSpace(row), value, c.Provenance)
			}
		}
	}
}

// where is the step that the head of the screen tells.
func where(m *watch.Model) (step, last int) {
	head, _, _ := strings.Cut(text(m), "\n")
	fmt.Sscanf(strings.ReplaceAll(head, ",", ""), " copyscope · step %d / %d", &step, &last)
	return step, last
}

func TestKeys(t *testing.T) {
	results := runs(t, "read-write", "sendfile")
	of := lanes(results)
	at := func(t *testing.T, m *watch.Model, want int, why string) {
		t.Helper()
		if got, _ := where(m); got != want {
			t.Errorf("%s: at step %d, want %d", why, got, want)
		}
	}
	last := max(len(results[0].Run.Events), len(results[1].Run.Events))
	m := size(watch.New(of, watch.Options{}), 120, 40)
	at(t, m, 0, "at the begin")
	press(m, "left")
	at(t, m, 0, "there is nothing before the begin")
	press(m, "right", "pgdown", "right", "pgup")
	at(t, m, 2, "by event")
	press(m, "end", "right")
	at(t, m, last, "end")
	press(m, "home")
	at(t, m, 0, "home")

	// By call: each stop is the step of a mode switch in one of the lanes, or an end.
	var stops []int
	for {
		before, _ := where(m)
		press(m, "alt+right")
		now, _ := where(m)
		if now == before {
			break
		}
		stops = append(stops, now)
	}
	for _, stop := range stops[:len(stops)-1] {
		crosses := slices.ContainsFunc(results, func(r *lab.Result) bool {
			return stop <= len(r.Run.Events) && r.Run.Events[stop-1].Kind == trace.ModeSwitch
		})
		if !crosses {
			t.Errorf("step %d is no call's border", stop)
		}
	}
	back := []int{}
	for range stops {
		press(m, "up")
		now, _ := where(m)
		back = append(back, now)
	}
	slices.Reverse(back)
	if !slices.Equal(back[1:], stops[:len(stops)-1]) || back[0] != 0 {
		t.Errorf("forward by call: %v, back: %v", stops, back)
	}

	// Go to a step by its number; a key that is no digit is none.
	press(m, "g", "1", "x", "2", "enter")
	at(t, m, 12, "g 12")
	press(m, "g", "3", "esc")
	at(t, m, 12, "Esc takes g back")
	press(m, "g", "9", "9", "9", "9", "9", "9", "enter")
	at(t, m, last, "a number beyond the end")

	// The first difference: what one lane does there the other does not.
	press(m, "n")
	step, _ := where(m)
	one, other := results[0].Run.Events[step-1], results[1].Run.Events[step-1]
	if one.Kind == other.Kind && one.Syscall == other.Syscall && one.From == other.From && one.To == other.To {
		t.Errorf("at step %d both lanes do %+v", step, one)
	}
	for i := range step - 1 {
		if a, b := results[0].Run.Events[i], results[1].Run.Events[i]; a.Kind != b.Kind || a.Syscall != b.Syscall {
			t.Errorf("they differ at step %d already", i+1)
		}
	}

	// One lane alone, and both again.
	press(m, "2")
	if s := text(m); strings.Contains(s, "A read-write") || !strings.Contains(s, "B sendfile") {
		t.Errorf("2 shows lane B alone:\n%s", s)
	}
	press(m, "2")
	if s := text(m); !strings.Contains(s, "A read-write") || !strings.Contains(s, "B sendfile") {
		t.Errorf("2 once more shows both:\n%s", s)
	}

	// Aligned by time: what had begun at the same time.
	press(m, "a", "a")
	if s := text(m); !strings.Contains(s, "aligned by time") {
		t.Errorf("a a aligns by time:\n%s", s)
	}
	press(m, "a", "l")
	if s := text(m); !strings.Contains(s, "模式切换") {
		t.Errorf("l changes the language:\n%s", s)
	}
	press(m, "l", "?")
	if s := text(m); !strings.Contains(s, "one event forward") || !strings.Contains(s, "PgDn") {
		t.Errorf("? shows the keys:\n%s", s)
	}
	if press(m, "esc") != nil || strings.Contains(text(m), "one event forward") {
		t.Error("Esc closes the help and does not end")
	}
	for _, k := range []string{"q", "esc", "ctrl+c"} {
		if cmd := press(m, k); cmd == nil {
			t.Errorf("%s does not end", k)
		} else if _, ends := cmd().(tea.QuitMsg); !ends {
			t.Errorf("%s does not end", k)
		}
	}
}

// Playing goes step by step to the end and stops there; space stops it before.
func TestPlay(t *testing.T) {
	m := size(watch.New(lanes(runs(t, "sendfile")), watch.Options{}), 80, 24)
	press(m, "+", "+", "+", "+")
	cmd := press(m, "space")
	if at, _ := where(m); at != 1 || cmd == nil || !strings.Contains(text(m), "playing") {
		t.Fatalf("space plays from step 1: at %d", at)
	}
	stale := cmd
	press(m, "space")
	m.Update(stale())
	if at, _ := where(m); at != 1 {
		t.Errorf("paused, it went on to %d", at)
	}
	_, last := where(m)
	press(m, "g")
	for _, digit := range fmt.Sprint(last - 1) {
		press(m, string(digit))
	}
	press(m, "enter")
	for cmd = press(m, "space"); cmd != nil; {
		_, cmd = m.Update(cmd())
	}
	if at, _ := where(m); at != last || !strings.Contains(text(m), "paused") {
		t.Errorf("it stopped at %d of %d", at, last)
	}
}

// Where not all lanes fit, Tab shows the next.
func TestTabShowsTheLanesThatDoNotFit(t *testing.T) {
	m := size(watch.New(lanes(runs(t, "read-write", "sendfile", "splice")), watch.Options{}), 60, 24)
	var seen []string
	for range 3 {
		for _, name := range []string{"A read-write", "B sendfile", "C splice"} {
			if strings.Contains(text(m), name) {
				seen = append(seen, name)
			}
		}
		press(m, "tab")
	}
	if !slices.Equal(seen, []string{"A read-write", "B sendfile", "C splice"}) {
		t.Errorf("one after the other it showed %v", seen)
	}
	size(m, 150, 50)
	for _, name := range []string{"A read-write", "B sendfile", "C splice"} {
		if !strings.Contains(text(m), name) {
			t.Errorf("a larger screen lacks %s:\n%s", name, text(m))
		}
	}
}

func TestOptionsOfTheEnvironment(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want watch.Options
	}{
		{map[string]string{"LANG": "en_GB.UTF-8"}, watch.Options{Lang: locale.English}},
		{map[string]string{"LANG": "zh_CN.utf8"}, watch.Options{Lang: locale.Chinese}},
		{map[string]string{"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, watch.Options{Lang: locale.English}},
		{map[string]string{"LANG": "en_US.UTF-8", "LC_ALL": "C"}, watch.Options{Lang: locale.English, ASCII: true}},
		{map[string]string{"LANG": "en_US.UTF-8", "LC_CTYPE": "POSIX", "NO_COLOR": "yes"}, watch.Options{Lang: locale.English, ASCII: true, NoColour: true}},
		{nil, watch.Options{Lang: locale.English, ASCII: true}},
	} {
		if got := watch.OptionsOf(func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%v: %+v, want %+v", c.env, got, c.want)
		}
	}
}
