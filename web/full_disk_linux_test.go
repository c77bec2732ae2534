package web_test

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
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
	cl := s.client(kgo.RecordRetries(1), kgo.RecordDeliveryTimeout(3*time.Second))
	s.produce(cl, "before", &kgo.Record{Value: []byte("kept")})
	told := func(when string, is bool) {
		t.Helper()
		for path, says := range map[string]string{"/broker/topics/before": "The disk is full", "/broker/topics/before?lang=zh": "磁盘已满", "/broker": "disk full: writes are refused", "/broker?lang=zh": "磁盘已满：写入被拒绝"} {
			page := s.page(path)
			if strings.Contains(page, says) != is || is && !strings.Contains(page, s.data) {
				t.Errorf("%s: %s tells of the full disk and of %s: %t, want %t", when, path, s.data, !is, is)
			}
		}
	}
	told("with room", false)
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
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := cl.ProduceSync(ctx, &kgo.Record{Topic: "before", Value: make([]byte, 100_000)}).FirstErr(); err == nil {
		t.Error("the full disk took a record")
	}
	told("on the full disk", true)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if r, text := s.post("/broker/topics", url.Values{"name": {"after"}, "partitions": {"3"}}, nil); r.StatusCode != 303 {
		t.Errorf("with room again: %s %.300s", r.Status, text)
	}
	s.produce(cl, "before", &kgo.Record{Value: []byte("more")})
	told("after a write that worked", false)
}
