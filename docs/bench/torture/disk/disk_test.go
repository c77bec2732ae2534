//go:build linux

package disk_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"copyscope/broker/vfs"
	"copyscope/docs/bench/torture/disk"
)

// seeds is how often each cut is made: so often that each outcome comes.
const seeds = 150

// place makes two directories, and the data directory's layer.
func place(t *testing.T) (data, safe string, l *disk.Layer) {
	t.Helper()
	dir := t.TempDir()
	data, safe = filepath.Join(dir, "data"), filepath.Join(dir, "disk")
	l, err := disk.New(data, safe)
	if err != nil {
		t.Fatal(err)
	}
	return data, safe, l
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, l vfs.FS, name, text string, at int64, sync bool) {
	t.Helper()
	f, err := l.Open(name, os.O_RDWR|os.O_CREATE)
	must(t, err)
	_, err = f.WriteAt([]byte(text), at)
	must(t, err)
	if sync {
		must(t, f.Sync())
	}
	must(t, f.Close())
}

// outcomes cuts the power after prepare, with many seeds, and counts what is left.
func outcomes(t *testing.T, prepare func(data string, l *disk.Layer), look func(data string) string) map[string]int {
	t.Helper()
	seen := map[string]int{}
	for seed := range uint64(seeds) {
		data, safe, l := place(t)
		prepare(data, l)
		must(t, disk.Cut(data, safe, seed))
		left := look(data)
		seen[left]++
		// What is left is on the disk: another cut takes nothing.
		must(t, disk.Cut(data, safe, seed+1))
		if again := look(data); again != left {
			t.Fatalf("seed %d: a second cut made %q of %q", seed, again, left)
		}
	}
	return seen
}

func content(name string) string {
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "missing"
	}
	return string(b)
}

// What was synced stays, what was not may stay or go, page by page.
func TestCutOfContent(t *testing.T) {
	first, second := strings.Repeat("1", 4096), strings.Repeat("2", 8192)
	seen := outcomes(t, func(data string, l *disk.Layer) {
		write(t, l, filepath.Join(data, "a"), first, 0, true)
		must(t, l.SyncDir(data))
		write(t, l, filepath.Join(data, "a"), second, 4096, false)
	}, func(data string) string { return content(filepath.Join(data, "a")) })
	for left := range seen {
		if !strings.HasPrefix(left, first) {
			t.Fatalf("a cut took what was synced: %d bytes are left", len(left))
		}
	}
	torn := 0
	for left := range seen {
		if left != first && left != first+second {
			torn++
		}
	}
	if seen[first] == 0 || seen[first+second] == 0 || torn == 0 {
		t.Errorf("of %d cuts %d took all that was not synced, %d nothing, and %d outcomes lie between", seeds, seen[first], seen[first+second], torn)
	}
}

// A name lasts once its directory was synced; a renaming is done or not.
func TestCutOfNames(t *testing.T) {
	for _, synced := range []bool{false, true} {
		seen := outcomes(t, func(data string, l *disk.Layer) {
			write(t, l, filepath.Join(data, "a"), "old", 0, true)
			must(t, l.SyncDir(data))
			write(t, l, filepath.Join(data, "a.tmp"), "new", 0, true)
			must(t, l.Rename(filepath.Join(data, "a.tmp"), filepath.Join(data, "a")))
			if synced {
				must(t, l.SyncDir(data))
			}
		}, func(data string) string { return content(filepath.Join(data, "a")) })
		if synced && seen["new"] != seeds || !synced && (seen["new"] == 0 || seen["old"] == 0 || seen["new"]+seen["old"] != seeds) {
			t.Errorf("directory synced: %t; the cuts left %v", synced, seen)
		}
	}
}

// A process that dies leaves everything to the next, whose cut may take what the
// first did not sync, and takes nothing that it did.
func TestCutOfTwoProcesses(t *testing.T) {
	file := func(data string) string { return filepath.Join(data, "t-0", "a") }
	seen := map[string]int{}
	for seed := range uint64(seeds) {
		data, safe, first := place(t)
		must(t, first.MkdirAll(filepath.Join(data, "t-0")))
		write(t, first, file(data), "one", 0, false)
		second, err := disk.New(data, safe)
		must(t, err)
		write(t, second, file(data), "two", 3, seed%2 == 0) // all of the file is synced with it
		must(t, errors.Join(second.SyncDir(filepath.Join(data, "t-0")), second.SyncDir(data)))
		must(t, disk.Cut(data, safe, seed))
		left := content(file(data))
		if seed%2 == 0 && left != "onetwo" {
			t.Fatalf("seed %d: a cut left %q", seed, left)
		}
		seen[left]++
	}
	if seen["onetwo"] == seeds {
		t.Error("no cut took what was never synced")
	}
}

// Changes through a mapping are the file's.
func TestCutOfMapping(t *testing.T) {
	for _, synced := range []bool{false, true} {
		seen := outcomes(t, func(data string, l *disk.Layer) {
			f, err := l.Open(filepath.Join(data, "a"), os.O_RDWR|os.O_CREATE)
			must(t, err)
			must(t, f.Allocate(4096))
			must(t, f.Sync())
			must(t, l.SyncDir(data))
			m, err := f.Map(0, 4096)
			must(t, err)
			copy(m, "mapped")
			if synced {
				must(t, f.Sync())
			}
			must(t, errors.Join(f.Unmap(m), f.Close()))
		}, func(data string) string { return strings.TrimRight(content(filepath.Join(data, "a")), "\x00") })
		if synced && seen["mapped"] != seeds || !synced && (seen["mapped"] == 0 || seen[""] == 0) {
			t.Errorf("synced: %t; the cuts left %v", synced, seen)
		}
	}
}

// A rule spares so many calls, then that many meet it; other files' calls are none of
// them.
func TestRules(t *testing.T) {
	data, _, l := place(t)
	f := &disk.Faulty{FS: l}
	f.Set([]disk.Rule{{Call: "write", Ending: ".log", Errno: "ENOSPC", Skip: 1, Times: 1, Short: 2}})
	file, err := f.Open(filepath.Join(data, "a.log"), os.O_RDWR|os.O_CREATE)
	must(t, err)
	defer file.Close()
	other, err := f.Open(filepath.Join(data, "a.index"), os.O_RDWR|os.O_CREATE)
	must(t, err)
	defer other.Close()
	for i, want := range []int{4, 2, 4} {
		if n, err := other.WriteAt([]byte("text"), 0); n != 4 || err != nil {
			t.Errorf("write %d of another file: %d bytes, %v", i+1, n, err)
		}
		n, err := file.WriteAt([]byte("text"), 0)
		if n != want || errors.Is(err, syscall.ENOSPC) != (i == 1) {
			t.Errorf("write %d: %d bytes, %v", i+1, n, err)
		}
	}
}
