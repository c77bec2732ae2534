package web_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A topic that the disk has no room for is not made, the form says why, and what is
// there goes on.
func TestCreateOnAFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("a small disk cannot be mounted: %v; run the test as root", err)
	}
	t.Cleanup(func() { unix.Unmount(disk, unix.MNT_DETACH) })
	t.Setenv("TMPDIR", disk)
	t.Run("full", func(t *testing.T) { createOnFullDisk(t, disk) }) // a test of its own has its files there
}

func createOnFullDisk(t *testing.T, disk string) {
	s := serveBroker(t, "")
	s.create("before", 1, nil)
	filler := filepath.Join(disk, "filler")
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil { // until the last byte
		_, err = f.Write(make([]byte, 4096))
	}
	f.Close()
	for _, lang := range []string{"en", "zh"} {
		r, text := s.post("/broker/topics?lang="+lang, url.Values{"name": {"after"}, "partitions": {"3"}}, nil)
		if r.StatusCode != 422 || !strings.Contains(text, "no space left") && !strings.Contains(text, "空间") {
			t.Errorf("%s: %s", lang, r.Status)
		}
	}
	if _, status := s.get("/broker/topics/after"); status != 404 {
		t.Errorf("the topic is there by half: %d", status)
	}
	s.page("/broker/topics/before")
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if r, text := s.post("/broker/topics", url.Values{"name": {"after"}, "partitions": {"3"}}, nil); r.StatusCode != 303 {
		t.Errorf("with room again: %s %.300s", r.Status, text)
	}
}
