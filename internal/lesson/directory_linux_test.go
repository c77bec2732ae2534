package lesson_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"copyscope/internal/lesson"
)

// A directory of lessons that somebody else made reads no file outside of it: its
// errors, which pages show, would quote it. Nor does it open a named pipe, which would
// have it wait until somebody writes.
func TestADirectoryReadsNothingOutside(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret.yaml")
	if err := os.WriteFile(secret, []byte("passphrase: hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	up, err := filepath.Rel(dir, secret)
	if err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"absolute.yaml": secret, "above.yaml": up, "claims.yaml": secret, "glossary.yaml": up, "inside.yaml": "broken.txt"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "broken.txt"), []byte("tilte: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	pipe := filepath.Join(dir, "pipe.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	read, watched := make(chan struct{}), make(chan bool)
	go func() { watched <- hasReader(pipe, read) }()
	told := ""
	for _, err := range lesson.Shipped().WithDirectory(dir).Errors {
		told += err.Error() + "\n"
	}
	close(read)
	if <-watched {
		t.Error("the named pipe was opened")
	}
	if strings.Contains(told, "hunter2") || strings.Contains(told, "passphrase") {
		t.Errorf("a file outside is quoted:\n%s", told)
	}
	for _, name := range []string{"absolute.yaml", "above.yaml", "claims.yaml", "glossary.yaml", "pipe.yaml"} {
		if !strings.Contains(told, name) {
			t.Errorf("%s is not told of:\n%s", name, told)
		}
	}
	if !strings.Contains(told, "tilte") {
		t.Errorf("a link that stays inside is not read:\n%s", told)
	}
}

// hasReader says whether somebody opens a named pipe to read from it until the end,
// and lets him go.
func hasReader(pipe string, end <-chan struct{}) bool {
	for {
		// Without a reader there is nobody to write to (fifo(7): ENXIO).
		if fd, err := syscall.Open(pipe, syscall.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
			syscall.Close(fd)
			return true
		}
		select {
		case <-end:
			return false
		case <-time.After(time.Millisecond):
		}
	}
}
