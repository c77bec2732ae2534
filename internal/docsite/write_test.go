package docsite_test

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// content is every file below a directory.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		out[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Written again, the site is the same to the byte; pages that are no more are gone,
// and what somebody else put there stays.
func TestWriteAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "site")
	first, err := site(t, tree()).Write(t.Context(), dir, "1")
	if err != nil {
		t.Fatal(err)
	}
	before := content(t, dir)
	if first != len(before)-1 || before["zh/howto/one.html"] == "" || before["static/theme.js"] == "" || before["bench/curve.svg"] == "" {
		t.Errorf("%d files were written: %v", first, maps.Keys(before))
	}
	if _, err := site(t, tree()).Write(t.Context(), dir, "1"); err != nil {
		t.Fatal(err)
	}
	if after := content(t, dir); !maps.Equal(after, before) {
		t.Error("the second time it is another site")
	}
	less := tree()
	delete(less, "odd.md")
	if err := os.WriteFile(filepath.Join(dir, "CNAME"), []byte("docs.example\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := site(t, less).Write(t.Context(), dir, "1"); err != nil {
		t.Fatal(err)
	}
	after := content(t, dir)
	if after["odd.html"] != "" || after["zh/odd.html"] != "" || after["CNAME"] == "" {
		t.Error("a page that is no more is still there, or a stranger's file is gone")
	}
	again := filepath.Join(t.TempDir(), "again")
	if _, err := site(t, less).Write(t.Context(), again, "1"); err != nil {
		t.Fatal(err)
	}
	delete(after, "CNAME")
	if !maps.Equal(after, content(t, again)) {
		t.Error("what was written over differs from what is written anew")
	}
}

func TestWriteRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(dir string) error
		want    string
	}{
		"others' files": {func(dir string) error { return os.WriteFile(filepath.Join(dir, "thesis.tex"), nil, 0o666) }, "thesis.tex; name a new or an empty directory"},
		"a manifest that is none": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, ".copyscope-docs"), []byte("index.html\n"), 0o666)
		}, "is not as copyscope docs writes it"},
		"a manifest that leads out": {func(dir string) error {
			site := filepath.Join(dir, ".copyscope-docs")
			return os.WriteFile(site, []byte("# Files that copyscope docs --write wrote, and takes away when they are no more.\n../keep\n"), 0o666)
		}, "is not as copyscope docs writes it"},
		"a link out of it": {func(dir string) error {
			if err := os.WriteFile(filepath.Join(dir, ".copyscope-docs"), []byte("# Files that copyscope docs --write wrote, and takes away when they are no more.\n"), 0o666); err != nil {
				return err
			}
			return os.Symlink("../keep", filepath.Join(dir, "index.html"))
		}, "index.html"},
	} {
		t.Run(name, func(t *testing.T) {
			above := t.TempDir()
			dir, keep := filepath.Join(above, "site"), filepath.Join(above, "keep")
			if err := os.WriteFile(keep, []byte("mine"), 0o666); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			if err := c.prepare(dir); err != nil {
				t.Skip(err) // links want a privilege on some systems
			}
			if _, err := site(t, tree()).Write(t.Context(), dir, "1"); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if text, err := os.ReadFile(keep); err != nil || string(text) != "mine" {
				t.Errorf("the file beside it is %q, %v", text, err)
			}
		})
	}
}

// A run that was cut short leaves a directory that the next one knows.
func TestWriteCutShort(t *testing.T) {
	dir := t.TempDir()
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := site(t, tree()).Write(ended, dir, "1"); err == nil {
		t.Fatal("a run that was ended says nothing")
	}
	if _, err := site(t, tree()).Write(t.Context(), dir, "1"); err != nil {
		t.Errorf("the next run: %v", err)
	}
}
