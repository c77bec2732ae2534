package clusterview

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
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

// A broker of another mount namespace names a directory that is another one here: what
// stands under the name here is not shown for it. A mount over the directory does the same.
func TestADirectoryOfAnotherNamespaceIsNotTaken(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting takes root")
	}
	dir := t.TempDir()
	name := filepath.Join(dir, "00000000000000000000.log")
	if err := os.WriteFile(name, []byte("the broker's"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(dir, 0)
	if err := os.WriteFile(name, []byte("this host's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := opened(os.Getpid(), dir); err == nil {
		t.Error("another file of the name is taken for the broker's")
	}
}
