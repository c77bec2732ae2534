package vfstest

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"copyscope/broker/vfs"
)

// Injected is a file system whose calls meet scripted faults.
type Injected struct {
	vfs.FS

	mu     sync.Mutex
	faults []*fault
	made   map[string]int // calls so far: "write", "write .log", …
}

type fault struct {
	text  string
	call  string // with the name's ending, if the script has one
	nth   int    // 0: every one
	errno syscall.Errno
	short int // bytes that a write writes before it fails
	met   bool
}

// calls are the names that a script may use.
var calls = []string{"open", "lstat", "readdir", "mkdir", "rename", "remove", "truncate", "syncdir", "read", "write", "allocate", "sync", "map"}

var errnos = map[string]syscall.Errno{"ENOSPC": syscall.ENOSPC, "EIO": syscall.EIO, "EINTR": syscall.EINTR, "EMFILE": syscall.EMFILE, "EDQUOT": syscall.EDQUOT}

// Inject puts the faults of a script before a file system, and fails the test
// at its end if one of them was never met. A script has one fault a line:
//
//	write .log#2: ENOSPC           the second write to a file named so
//	write .log#2: short 100 EIO    writes 100 bytes before it fails
//	sync#*: EIO                    every fsync of a file
//	syncdir#1: EIO                 the first one of a directory
func Inject(t testing.TB, below vfs.FS, script string) *Injected {
	t.Helper()
	in := &Injected{FS: below, made: map[string]int{}}
	for _, line := range strings.Split(script, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		f, err := parseFault(line)
		if err != nil {
			t.Fatalf("fault script: %v", err)
		}
		in.faults = append(in.faults, f)
	}
	t.Cleanup(func() {
		for _, f := range in.faults {
			if !f.met {
				t.Errorf("fault %q was never met; calls made: %v", f.text, in.Made())
			}
		}
	})
	return in
}

func parseFault(line string) (*fault, error) {
	f := &fault{text: line}
	head, what, ok := strings.Cut(line, ":")
	call, nth, ok2 := strings.Cut(head, "#")
	if !ok || !ok2 {
		return nil, fmt.Errorf("%q: write CALL [ENDING]#N: FAULT, for example write .log#2: ENOSPC", line)
	}
	f.call = strings.TrimSpace(call)
	if name, _, _ := strings.Cut(f.call, " "); !slices.Contains(calls, name) {
		return nil, fmt.Errorf("%q: no call %q; calls are %s", line, name, strings.Join(calls, ", "))
	}
	if nth != "*" {
		n, err := strconv.Atoi(nth)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q: the call's number is %q; write 1 or more, or * for every call", line, nth)
		}
		f.nth = n
	}
	words := strings.Fields(what)
	if len(words) == 3 && words[0] == "short" && strings.HasPrefix(f.call, "write") {
		n, err := strconv.Atoi(words[1])
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%q: short %q; write 0 or more bytes", line, words[1])
		}
		f.short, words = n, words[2:]
	}
	if len(words) != 1 || errnos[words[0]] == 0 {
		return nil, fmt.Errorf("%q: no fault %q; write an errno such as ENOSPC, for writes also short N ENOSPC", line, what)
	}
	f.errno = errnos[words[0]]
	return f, nil
}

// Made is how often each call was made, alone and with the name's ending.
func (in *Injected) Made() map[string]int {
	in.mu.Lock()
	defer in.mu.Unlock()
	made := make(map[string]int, len(in.made))
	for k, v := range in.made {
		made[k] = v
	}
	return made
}

// Heal lets no more faults happen.
func (in *Injected) Heal() {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, f := range in.faults {
		if f.nth == 0 {
			f.call = ""
		}
	}
}

// meet numbers a call and gives its fault, or nil.
func (in *Injected) meet(call, name string) *fault {
	in.mu.Lock()
	defer in.mu.Unlock()
	named := call + " " + filepath.Ext(name)
	if filepath.Ext(name) == "" {
		named = call + " " + filepath.Base(name)
	}
	in.made[call]++
	in.made[named]++
	for _, f := range in.faults {
		if (f.call == call || f.call == named) && (f.nth == 0 || f.nth == in.made[f.call]) {
			f.met = true
			return f
		}
	}
	return nil
}

func (in *Injected) fails(call, name string) error {
	if f := in.meet(call, name); f != nil {
		return &fs.PathError{Op: call, Path: name, Err: f.errno}
	}
	return nil
}

func (in *Injected) Open(name string, flag int) (vfs.File, error) {
	if err := in.fails("open", name); err != nil {
		return nil, err
	}
	f, err := in.FS.Open(name, flag)
	if err != nil {
		return nil, err
	}
	return injectedFile{f, in}, nil
}

func (in *Injected) Lstat(name string) (fs.FileInfo, error) {
	if err := in.fails("lstat", name); err != nil {
		return nil, err
	}
	return in.FS.Lstat(name)
}

func (in *Injected) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := in.fails("readdir", name); err != nil {
		return nil, err
	}
	return in.FS.ReadDir(name)
}

func (in *Injected) MkdirAll(name string) error {
	if err := in.fails("mkdir", name); err != nil {
		return err
	}
	return in.FS.MkdirAll(name)
}

func (in *Injected) Rename(from, to string) error {
	if err := in.fails("rename", to); err != nil {
		return err
	}
	return in.FS.Rename(from, to)
}

func (in *Injected) Remove(name string) error {
	if err := in.fails("remove", name); err != nil {
		return err
	}
	return in.FS.Remove(name)
}

func (in *Injected) Truncate(name string, size int64) error {
	if err := in.fails("truncate", name); err != nil {
		return err
	}
	return in.FS.Truncate(name, size)
}

func (in *Injected) SyncDir(name string) error {
	if err := in.fails("syncdir", name); err != nil {
		return err
	}
	return in.FS.SyncDir(name)
}

type injectedFile struct {
	vfs.File
	in *Injected
}

func (f injectedFile) ReadAt(b []byte, at int64) (int, error) {
	if err := f.in.fails("read", f.Name()); err != nil {
		return 0, err
	}
	return f.File.ReadAt(b, at)
}

func (f injectedFile) WriteAt(b []byte, at int64) (int, error) {
	met := f.in.meet("write", f.Name())
	if met == nil {
		return f.File.WriteAt(b, at)
	}
	n := 0
	if met.short > 0 {
		n, _ = f.File.WriteAt(b[:min(len(b), met.short)], at)
	}
	return n, &fs.PathError{Op: "write", Path: f.Name(), Err: met.errno}
}

func (f injectedFile) Truncate(size int64) error {
	if err := f.in.fails("truncate", f.Name()); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f injectedFile) Allocate(size int64) error {
	if err := f.in.fails("allocate", f.Name()); err != nil {
		return err
	}
	return f.File.Allocate(size)
}

func (f injectedFile) Sync() error {
	if err := f.in.fails("sync", f.Name()); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f injectedFile) Map(position, size int64) ([]byte, error) {
	if err := f.in.fails("map", f.Name()); err != nil {
		return nil, err
	}
	return f.File.Map(position, size)
}

var (
	_ vfs.FS   = (*Injected)(nil)
	_ vfs.File = injectedFile{}
)
