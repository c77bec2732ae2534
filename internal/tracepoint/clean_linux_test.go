package tracepoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// What a process that was killed left behind goes when the next one begins, and
// what belongs to one that lives stays.
func TestLeftoversOfTheDeadGo(t *testing.T) {
	const nobody = 1 << 22 // PID_MAX_LIMIT, include/linux/threads.h: no process has it
	dead, living := fmt.Sprintf("%s%d-1", namePrefix, nobody), fmt.Sprintf("%s%d-test", namePrefix, os.Getpid())
	instances := func(f func(dir string) error) error {
		return at(func(tracefs string) error { return f(filepath.Join(tracefs, "instances")) })
	}
	err := instances(func(dir string) error {
		return errors.Join(os.Mkdir(filepath.Join(dir, dead), 0o700), os.Mkdir(filepath.Join(dir, living), 0o700))
	})
	if err != nil {
		if os.Geteuid() == 0 && os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED: %v; run it as root", err)
	}
	t.Cleanup(func() {
		instances(func(dir string) error { return os.Remove(filepath.Join(dir, living)) })
	})
	events, err := LoadAll("raw_syscalls:sys_enter")
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(1, Wanted{Event: events["raw_syscalls:sys_enter"], Filter: "id == 1000"})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	instances(func(dir string) error {
		for name, want := range map[string]bool{dead: false, living: true, r.name: false} {
			_, err := os.Stat(filepath.Join(dir, name))
			if there := !errors.Is(err, fs.ErrNotExist); there != want {
				t.Errorf("%s is there: %v, want %v", name, there, want)
			}
		}
		return nil
	})
}
