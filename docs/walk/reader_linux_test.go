package walk

import (
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"copyscope/internal/codeblocks"
)

// newHome makes what readers have: a home of their own, the command in PATH, and
// sudo, which root need not have, in front of it. It gives their environment.
func newHome(t *testing.T) []string {
	t.Helper()
	home, bin := t.TempDir(), t.TempDir()
	env := append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME=", "XDG_CONFIG_HOME=", "PWD=", "LC_ALL=C.UTF-8",
		// So that the command is built once, here or by whatever makes a release.
		"CGO_ENABLED=0", "GOFLAGS=-trimpath", "GOPATH="+filepath.Join(home, "go"))
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		env = append(env, name+"="+strings.TrimSpace(string(value)))
	}
	build := exec.Command("go", "build", "-o", filepath.Join(bin, "copyscope"), "./cmd/copyscope")
	build.Dir, build.Env = root, env
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(bin, "sudo"), []byte("#!/bin/sh\nexec \"$@\"\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	kafkaTools(t, bin)
	return append(env, "PATH="+strings.Join([]string{bin, os.Getenv("PATH"), "/usr/sbin"}, string(os.PathListSeparator)))
}

// reader is somebody who goes through a page.
type reader struct {
	t         *testing.T
	folder    string
	env       []string
	main      *terminal
	others    map[string]*terminal
	unshown   string    // what the last block in the main terminal printed
	waiting   *terminal // of the last block, if that went into another
	addresses []address
}

// address is one that a page tells its reader to open.
type address struct {
	line int
	url  string
}

// local are addresses of servers that the page has its reader start.
var local = regexp.MustCompile("http://127\\.0\\.0\\.1:[0-9]+/?[^\\s`)>\"*，。；：、）]*")

// walk goes through the page from its first line to its last.
func (p page) walk(t *testing.T, env []string) {
	source, err := os.ReadFile(filepath.Join(root, "docs", p.name+".md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := codeblocks.Read(source)
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, folder: emptyFolder(t), env: env, others: map[string]*terminal{}}
	if p.clone {
		if r.folder, err = filepath.Abs(root); err != nil {
			t.Fatal(err)
		}
	}
	r.main = open(t, r.folder, env, true)
	inside := map[int]bool{}
	for _, b := range blocks {
		for i := range strings.Count(b.Text, "\n") {
			inside[b.Line+i] = true
		}
	}
	for i, line := range strings.Split(string(source), "\n") {
		for _, url := range local.FindAllString(line, -1) {
			if !inside[i+1] {
				r.addresses = append(r.addresses, address{i + 1, url})
			}
		}
	}
	for _, b := range blocks {
		r.visit(b.Line)
		if err := r.do(b); err != nil {
			t.Fatalf("docs/%s.md:%d: %v", p.name, b.Line, err)
		}
	}
	r.visit(math.MaxInt)
}

// emptyFolder makes a folder that servers may read which give up root.
func emptyFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "copyscope-walk-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

// visit opens the addresses above a line.
func (r *reader) visit(line int) {
	for len(r.addresses) > 0 && r.addresses[0].line < line {
		at := r.addresses[0]
		r.addresses = r.addresses[1:]
		answer, err := http.Get(at.url)
		if err != nil {
			r.t.Errorf("line %d: %v", at.line, err)
			continue
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			r.t.Errorf("line %d: %s is answered with %s", at.line, at.url, answer.Status)
		}
	}
}

// do does what a block says.
func (r *reader) do(b codeblocks.Block) error {
	name, other := b.Comment("terminal")
	ended, interrupted := b.Comment("Ctrl-C")
	switch {
	case b.File() != "":
		return r.write(b.File(), b.Text)
	case interrupted:
		return r.interrupt(ended, b)
	case b.Language == "sh" && other:
		if r.others[name] == nil {
			r.others[name] = open(r.t, r.folder, r.env, false)
		}
		return r.start(r.others[name], b.Text)
	case b.Language == "sh":
		if err := r.main.enter(b.Text); err != nil {
			return err
		}
		out, err := r.main.finish(commandLimit)
		if err != nil {
			return fmt.Errorf("%w:\n%s\nprinted:\n%s", err, b.Text, out)
		}
		r.unshown, r.waiting = out, nil
		return nil
	case b.Language == "text":
		return r.compare(b)
	}
	return fmt.Errorf("a block of %q is neither sh nor text, and no file: nothing would hold it", b.Language)
}

// start types commands into another terminal, where they go on.
func (r *reader) start(x *terminal, commands string) error {
	r.waiting = x
	return x.enter(commands)
}

// interrupt ends what runs in another terminal, and compares what came of it, or
// types in what is next.
func (r *reader) interrupt(name string, b codeblocks.Block) error {
	x := r.others[name]
	if x == nil {
		return fmt.Errorf("there is no terminal %q", name)
	}
	out, err := x.interrupt()
	if err == nil && b.Language == "sh" {
		return r.start(x, b.Text)
	}
	return differs(b.Text, out, err)
}

// compare holds what a page shows to what came.
func (r *reader) compare(b codeblocks.Block) error {
	if r.waiting != nil {
		out, err := r.waiting.await(b.Text)
		if err != nil {
			return fmt.Errorf("%w:\n%s\ncame:\n%s", err, b.Text, out)
		}
		return nil
	}
	return differs(b.Text, r.unshown, nil)
}

// differs says what came in place of what is shown.
func differs(text, out string, err error) error {
	if err == nil && !whole(text, out) {
		err = fmt.Errorf("other words came")
	}
	if err != nil {
		return fmt.Errorf("%w; the page shows:\n%s\ncame:\n%s", err, text, out)
	}
	return nil
}

// write makes a file that the page has the text of.
func (r *reader) write(name, text string) error {
	file := filepath.Join(r.folder, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o666)
}
