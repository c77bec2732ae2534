package clusterview

import (
	"os"
	"path/filepath"
	"testing"
)

// A directory is taken for a broker's only while the process has a segment in it open,
// and only if that is the file of that name.
func TestADirectoryMustBeTheProcesses(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "00000000000000000000.log")
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := opened(os.Getpid(), dir); err == nil {
		t.Error("it is taken without an open file")
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := opened(os.Getpid(), dir); err != nil {
		t.Error(err)
	}
	if err := opened(os.Getpid(), filepath.Dir(dir)); err == nil {
		t.Error("the directory above it is taken")
	}
	if err := os.Rename(name, name+".old"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	// The open file is called otherwise now, and the one of the name is not open.
	if err := opened(os.Getpid(), dir); err == nil {
		t.Error("it is taken for another file of the same name")
	}
}
