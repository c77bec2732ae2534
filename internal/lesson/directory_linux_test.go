package lesson_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"copyscope/internal/lesson"
)

// A directory of lessons that somebody else made reads no file outside of it: its
// errors, which pages show, would quote it. Nor does it wait for a named pipe.
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
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	told := ""
	for _, err := range lesson.Shipped().WithDirectory(dir).Errors {
		told += err.Error() + "\n"
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
