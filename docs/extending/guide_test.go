// Package extending holds docs/extending.md to what it says: its files are taken
// from it, its edits made, its commands run.
package extending

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"copyscope/internal/codeblocks"
)

// root is the project's, from here.
const root = "../.."

// guide is the blocks of docs/extending.md, in their order.
func guide(t *testing.T) []codeblocks.Block {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "extending.md"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := codeblocks.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// reader is somebody who does what the guide says: in a tree of the project that
// has its files and edits, and in a folder with the files that need the command
// alone.
type reader struct {
	t      *testing.T
	folder string
	env    []string
}

// newReader makes the edits, and builds the command. The tree itself is left as it
// is: the go command reads the edited files in its place.
func newReader(t *testing.T) *reader {
	t.Helper()
	r := &reader{t, t.TempDir(), nil}
	bin := t.TempDir()
	replaced := map[string]string{}
	for _, b := range guide(t) {
		if b.File() == "" {
			continue
		}
		file, text := filepath.Join(r.folder, b.File()), b.Text
		if strings.HasPrefix(b.File(), "internal/") {
			at, err := filepath.Abs(filepath.Join(root, b.File()))
			if err != nil {
				t.Fatal(err)
			}
			file = filepath.Join(bin, strings.ReplaceAll(b.File(), "/", "_"))
			replaced[at] = file
			if b.Language == "diff" {
				text = edited(t, at, text)
			}
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "overlay.json"), overlay, 0o666); err != nil {
		t.Fatal(err)
	}
	r.env = append(os.Environ(), "GOFLAGS=-overlay="+filepath.Join(bin, "overlay.json"),
		"PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	if out, err := r.run(root, "go build -o "+filepath.Join(bin, "copyscope")+" ./cmd/copyscope"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return r
}

// edited is a file's text with the edit of a block: its lines with a blank or a
// minus stand in the file once, and become those with a blank or a plus.
func edited(t *testing.T, file, edit string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var old, made strings.Builder
	for line := range strings.Lines(edit) {
		if line[0] != '+' {
			old.WriteString(line[1:])
		}
		if line[0] != '-' {
			made.WriteString(line[1:])
		}
	}
	if n := strings.Count(string(text), old.String()); n != 1 {
		t.Fatalf("docs/extending.md changes lines that are %d times in %s:\n%s", n, file, &old)
	}
	return strings.Replace(string(text), old.String(), made.String(), 1)
}

// run runs a command line in a folder, and gives what it printed.
func (r *reader) run(folder, line string) (string, error) {
	c := exec.Command("sh", "-c", line)
	c.Dir, c.Env = folder, r.env
	out, err := c.CombinedOutput()
	return string(out), err
}

// commands are the guide's commands, of go or of copyscope, but for the build, which
// newReader does, and those that serve until they are stopped.
func commands(t *testing.T, of string) (all []string) {
	t.Helper()
	for _, b := range guide(t) {
		if b.Language != "sh" {
			continue
		}
		for line := range strings.Lines(b.Text) {
			line, _, _ = strings.Cut(strings.TrimSpace(line), "   #")
			serves := strings.HasPrefix(line, "copyscope serve") || strings.HasPrefix(line, "copyscope talk") && !strings.Contains(line, "--check")
			if strings.HasPrefix(line, of+" ") && !serves && !strings.HasPrefix(line, "go build") {
				all = append(all, line)
			}
		}
	}
	if len(all) == 0 {
		t.Fatalf("the guide has no commands of %s", of)
	}
	return all
}
