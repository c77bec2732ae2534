//go:build linux

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// command builds the program and prepares a run of it with what a run of seconds
// takes; its temporary files go to dir.
func command(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("a network namespace needs root, and this user is not")
		}
		t.Skip("SKIPPED: a network namespace needs root; run it as root")
	}
	binary := filepath.Join(t.TempDir(), "peers")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c := exec.Command(binary, append([]string{"-only", "copyscope,bare-sendfile", "-dir", dir}, args...)...)
	c.Dir = "../../.."
	return c
}

func TestTwoServersInTurns(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	c := command(t, dir, "-workloads", "fetch-warm", "-rounds", "1", "-seconds", "0.2", "-out", out)
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	page, err := os.ReadFile(filepath.Join(out, "peers.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`(?m)^\| copyscope \| [1-9]\d* \|`, `(?m)^\| bare-sendfile \| [1-9]\d* \|.* \d\.\d\d \|$`, `(?m)^\| catch-up fetch, MB/s: copyscope / the bare sendfile loop \| \d`, `cubic on loopback`} {
		if !regexp.MustCompile(want).Match(page) {
			t.Errorf("%s is not in\n%s", want, page)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%v stays", left)
	}

	// One more run is added, but none that was measured otherwise.
	add := command(t, dir, "-workloads", "fetch-warm", "-rounds", "1", "-seconds", "0.2", "-out", out, "-add")
	if said, err := add.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if page, err = os.ReadFile(filepath.Join(out, "peers.md")); err != nil || !bytes.Contains(page, []byte("2 runs")) {
		t.Errorf("%v, and after an added run the page says\n%s", err, page)
	}
	other := command(t, dir, "-workloads", "fetch-warm", "-rounds", "2", "-seconds", "0.2", "-out", out, "-add")
	if said, err := other.CombinedOutput(); err == nil || !bytes.Contains(said, []byte("rounds: the stored runs have 1, this one has 2")) {
		t.Errorf("other rounds are added: %v\n%s", err, said)
	}
}

// watched is what a program has said so far.
type watched struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// Ctrl-C ends the servers and leaves no file of theirs.
func TestInterrupt(t *testing.T) {
	dir := t.TempDir()
	c := command(t, dir, "-workloads", "fetch-warm", "-rounds", "100", "-seconds", "1")
	said := &watched{}
	c.Stdout, c.Stderr = said, said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	for over := time.Now().Add(5 * time.Minute); !strings.Contains(said.String(), "round 1, bare-sendfile"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(over) || len(ended) > 0 {
			c.Process.Kill()
			t.Fatalf("no turn was told:\n%s", said)
		}
	}
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	var failed *exec.ExitError
	if err := <-ended; !errors.As(err, &failed) || failed.ExitCode() != 1 {
		t.Errorf("an interrupted run ended with %v\n%s", err, said)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%v stays", left)
	}
	mine, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range mine {
		if line, err := os.ReadFile(name); err == nil && bytes.Contains(line, []byte(dir)) {
			t.Errorf("%s still runs: %q", name, line)
		}
	}
}

func TestWhatIsNotThereIsNamed(t *testing.T) {
	for _, c := range []struct {
		o    options
		says string
	}{
		{options{only: "kafkaa"}, `-only "kafkaa"`},
		{options{workloads: "fetch"}, `-workloads "fetch"`},
		{options{rounds: 0, runs: 1, seconds: 1}, "-rounds 0"},
		{options{rounds: 1, runs: 0, seconds: 1}, "-runs 0"},
		{options{rounds: 1, runs: 1, seconds: 0}, "-seconds 0"},
		{options{rounds: 1, runs: 1, seconds: 1, only: "kafka", add: true}, "-out"},
		{options{rounds: 1, runs: 1, seconds: 1, out: "nowhere", add: true}, "no runs to add to"},
	} {
		if err := c.o.check(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, want %s", c.o, err, c.says)
		}
	}
}
