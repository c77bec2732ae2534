package walk

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Times within which a reader's commands are done, what a server says has come, and
// a program has ended after Ctrl-C.
const (
	commandLimit = 4 * time.Minute
	serverLimit  = 2 * time.Minute
	endLimit     = 30 * time.Second
)

// terminal is a shell that a reader types into. It and all that it started are one
// process group, as in a terminal's foreground, and end with the test.
type terminal struct {
	dir   string // for the blocks that it reads, and for what was printed
	shell *exec.Cmd
	in    io.WriteCloser
	done  chan bool // a block has been done
	ended chan bool // the shell has ended
	typed int       // blocks so far
	seen  int       // bytes of the output that have been compared
}

// open opens a terminal in a folder. A careful one ends at the first command that
// fails, as a reader does.
func open(t *testing.T, folder string, env []string, careful bool) *terminal {
	t.Helper()
	x := &terminal{dir: t.TempDir(), done: make(chan bool, 99), ended: make(chan bool)}
	output, err := os.Create(x.output())
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	told, tell, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer tell.Close()
	x.shell = exec.Command("bash", "--noprofile", "--norc")
	if careful {
		x.shell.Args = append(x.shell.Args, "-e")
	}
	x.shell.Dir, x.shell.Env = folder, env
	x.shell.Stdout, x.shell.Stderr, x.shell.ExtraFiles = output, output, []*os.File{tell}
	x.shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if x.in, err = x.shell.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := x.shell.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for lines := bufio.NewScanner(told); lines.Scan(); {
			x.done <- true
		}
		told.Close()
	}()
	go func() {
		_ = x.shell.Wait() // how it ended is told by what it did not do
		close(x.ended)
	}()
	t.Cleanup(x.close)
	return x
}

func (x *terminal) output() string { return filepath.Join(x.dir, "output") }

// close ends all that runs in the terminal: by Ctrl-C, and what does not heed it.
func (x *terminal) close() {
	x.in.Close()
	x.signal(syscall.SIGINT)
	select {
	case <-x.done:
	case <-x.ended:
	case <-time.After(endLimit):
	}
	x.signal(syscall.SIGTERM) // to what is in the background, which knows no Ctrl-C
	select {
	case <-x.ended:
	case <-time.After(endLimit):
	}
	x.signal(syscall.SIGKILL)
}

// signal sends a signal to all that runs in the terminal. There may be nobody left.
func (x *terminal) signal(s syscall.Signal) { _ = syscall.Kill(-x.shell.Process.Pid, s) }

// enter types a block of commands in.
func (x *terminal) enter(block string) error {
	x.typed++
	file := filepath.Join(x.dir, fmt.Sprint(x.typed, ".sh"))
	if err := os.WriteFile(file, []byte(block), 0o666); err != nil {
		return err
	}
	_, err := fmt.Fprintf(x.in, ". %s </dev/null\necho >&3\n", file)
	return err
}

// finish waits until what was typed in is done, and gives what it printed.
func (x *terminal) finish(limit time.Duration) (string, error) {
	select {
	case <-x.done:
		return x.rest()
	case <-x.ended:
		out, err := x.rest()
		if err == nil {
			err = fmt.Errorf("a command failed")
		}
		return out, err
	case <-time.After(limit):
		out, err := x.rest()
		if err == nil {
			err = fmt.Errorf("not done within %v", limit)
		}
		return out, err
	}
}

// rest is what has been printed and not compared.
func (x *terminal) rest() (string, error) {
	text, err := os.ReadFile(x.output())
	if err != nil {
		return "", err
	}
	out := string(text[x.seen:])
	x.seen = len(text)
	return out, nil
}

// await waits until what runs has printed what a page shows.
func (x *terminal) await(text string) (came string, err error) {
	want, deadline := shown(text), time.Now().Add(serverLimit)
	for {
		all, err := os.ReadFile(x.output())
		if err != nil {
			return "", err
		}
		came := string(all[x.seen:])
		lines := came[:1+strings.LastIndexByte(came, '\n')]
		if want.MatchString(lines) {
			// Lines are as long as what is compared of them, but for spaces.
			x.seen += consumed(lines, strings.Count(want.FindString(printed(lines)), "\n"))
			return came, nil
		}
		select {
		case <-x.ended:
			return came, fmt.Errorf("it ended")
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return came, fmt.Errorf("it has not come within %v", serverLimit)
		}
	}
}

// consumed is how many bytes the first lines of a text take.
func consumed(text string, lines int) (n int) {
	for line := range strings.Lines(text) {
		if lines == 0 {
			break
		}
		n, lines = n+len(line), lines-1
	}
	return n
}

// interrupt is Ctrl-C: it ends what runs, and gives what came of it.
func (x *terminal) interrupt() (string, error) {
	x.signal(syscall.SIGINT)
	return x.finish(endLimit)
}
