//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/term"
)

// watched is a run --watch on a terminal: a pseudo-terminal, and what a terminal
// makes of what is written to it.
type watched struct {
	t      *testing.T
	ours   *os.File
	theirs *os.File
	screen *vt.SafeEmulator
	cmd    *exec.Cmd
	before term.State
}

func watchOnTerminal(t *testing.T, env []string, args ...string) *watched {
	t.Helper()
	ours, theirs, err := pty.Open()
	if err != nil {
		t.Skipf("this host gives no pseudo-terminal: %v", err)
	}
	w := &watched{t: t, ours: ours, theirs: theirs, screen: vt.NewSafeEmulator(80, 24)}
	w.resize(80, 24)
	w.before = w.state()
	w.cmd = exec.Command(os.Args[0], append([]string{"run", "--watch", "--size", "16KiB", "--chunk", "8KiB"}, args...)...)
	w.cmd.Stdin, w.cmd.Stdout, w.cmd.Stderr = theirs, theirs, theirs
	w.cmd.Env = append(os.Environ(), append([]string{"COPYSCOPE_TEST_MAIN=1", "TERM=xterm-256color", "LC_ALL=C.UTF-8", "NO_COLOR="}, env...)...)
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true} // who changes the size of a terminal tells its session
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.cmd.Process.Kill() // if it has not ended
		ours.Close()
		theirs.Close()
		w.screen.Close()
	})
	go io.Copy(w.screen, ours)
	go io.Copy(ours, w.screen) // what a terminal answers when it is asked
	return w
}

func (w *watched) resize(width, height int) {
	w.t.Helper()
	w.screen.Resize(width, height)
	if err := pty.Setsize(w.ours, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *watched) state() term.State {
	w.t.Helper()
	s, err := term.GetState(int(w.theirs.Fd()))
	if err != nil {
		w.t.Fatal(err)
	}
	return *s
}

func (w *watched) text() string { return ansi.Strip(w.screen.Render()) }

// until waits until the screen is so.
func (w *watched) until(why string, is func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("%s: the screen is\n%s", why, w.text())
		}
	}
}

func (w *watched) shows(what string) {
	w.t.Helper()
	w.until("no "+what, func() bool { return strings.Contains(w.text(), what) })
}

func (w *watched) press(keys string) {
	w.t.Helper()
	if _, err := w.ours.WriteString(keys); err != nil {
		w.t.Fatal(err)
	}
}

// restored: the terminal is as it was before.
func (w *watched) restored() {
	w.t.Helper()
	if after := w.state(); after != w.before {
		w.t.Errorf("the terminal's settings are %+v, they were %+v", after, w.before)
	}
	w.until("the screen or the cursor was not given back", func() bool { return !w.screen.IsAltScreen() && !w.screen.CursorHidden() })
}

// --watch on a terminal: it steps, takes another size, ends by each of the keys that
// end it, and leaves the terminal as it was.
func TestWatchOnATerminal(t *testing.T) {
	for name, end := range map[string]string{"q": "q", "Ctrl-C": "\x03", "Esc": "\x1b"} {
		t.Run(name, func(t *testing.T) {
			w := watchOnTerminal(t, nil, "read-write", "sendfile", "--side", "sim")
			w.shows("step 0 / ")
			w.shows("B sendfile")
			w.press("\x1b[C\x1b[C")
			w.shows("step 2 / ")
			w.press("\x1b[D")
			w.shows("step 1 / ")
			if strings.Contains(w.text(), "wall time") {
				t.Fatalf("24 rows have room for the wall time, so that 40 cannot be told from them:\n%s", w.text())
			}
			w.resize(130, 40)
			w.shows("wall time")
			w.shows("step 1 / ")
			w.press("\x1b[F")
			w.until("not at the end", func() bool {
				head, _, _ := strings.Cut(w.text(), "\n")
				var at, last string
				if parts := strings.Fields(head); len(parts) > 5 {
					at, last = parts[3], parts[5]
				}
				return at != "" && at == last
			})
			w.press(end)
			if err := w.cmd.Wait(); err != nil {
				t.Errorf("it ended with %v", err)
			}
			w.restored()
		})
	}
}

// A signal ends it as well, as every command.
func TestASignalEndsTheWatch(t *testing.T) {
	w := watchOnTerminal(t, nil, "sendfile", "--side", "sim")
	w.shows("A sendfile")
	if err := w.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Wait(); err == nil {
		t.Error("a run that was interrupted is not done")
	}
	w.restored()
	w.shows("copyscope: interrupted")
}

// More runs than fit are refused before any is run.
func TestWatchRefusesMoreRunsThanFit(t *testing.T) {
	w := watchOnTerminal(t, nil, "read-write", "sendfile", "splice", "--side", "sim", "--sg", "on,off", "--net", "nic")
	w.shows("copyscope: --watch: these are 6 runs, and 4 fit on the screen; name fewer paths")
	if err := w.cmd.Wait(); err == nil || w.cmd.ProcessState.ExitCode() != exitUsage {
		t.Errorf("it ended with %v, want %d", err, exitUsage)
	}
}

// With NO_COLOR, whatever its value, nothing has a colour; without it something has.
func TestWatchWithoutColours(t *testing.T) {
	for env, want := range map[string]bool{"NO_COLOR=": true, "NO_COLOR=yes": false} {
		w := watchOnTerminal(t, []string{env}, "sendfile", "--side", "sim")
		w.shows("step 0 / ")
		w.press("\x1b[B") // to the first call's border
		w.shows("mode switch")
		w.until("not drawn", func() bool { return !strings.Contains(w.text(), "step 0 / ") })
		got := false
		for y := range 24 {
			for x := range 80 {
				if cell := w.screen.CellAt(x, y); cell != nil && (cell.Style.Fg != nil || cell.Style.Bg != nil) {
					got = true
				}
			}
		}
		if got != want {
			t.Errorf("%s: are there colours? %v\n%q", env, got, w.screen.Render())
		}
	}
}

// Where the locale is not UTF-8 all is ASCII.
func TestWatchInASCII(t *testing.T) {
	w := watchOnTerminal(t, []string{"LC_ALL=C", "LANG=zh_CN.UTF-8"}, "read-write", "--side", "sim")
	w.shows("A read-write")
	w.press("\x1b[B")
	w.shows("--|-- mode switch")
	if i := strings.IndexFunc(w.text(), func(r rune) bool { return r > '~' }); i >= 0 {
		t.Errorf("there is more than ASCII:\n%s", w.text())
	}
}

// A real run is stepped beside its model, each with how it is known.
func TestWatchARealRun(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("real runs are Linux's")
	}
	w := watchOnTerminal(t, nil, "sendfile", "--side", "sim,real", "--no-tracepoints")
	w.shows("modelled  step 0 / ")
	w.shows("measured  step 0 / ")
	w.press("\x1b[F")
	w.until("not at the end", func() bool { return !strings.Contains(w.text(), "step 0 / ") })
	var calls []string
	for row := range strings.Lines(w.text()) {
		if strings.HasPrefix(row, "system calls") {
			calls = strings.Fields(row)
		}
	}
	// system calls 2 ◌ modelled│system calls 2 ● measured
	if len(calls) < 9 || calls[2] != "2" || !slices.Contains(calls, "measured") {
		t.Errorf("two calls of 8 KiB each: %q", calls)
	}
}
