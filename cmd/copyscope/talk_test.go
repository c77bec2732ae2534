package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// holdOpen is a folder in which somebody else has put links in the places of files
// that a server may write beside its ready file.
func holdOpen(t *testing.T, ready string) (victim string) {
	t.Helper()
	victim = filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{ready + ".part", ready + ".tmp"} {
		if err := os.Symlink(victim, name); err != nil {
			t.Skipf("SKIPPED: no links here: %v", err)
		}
	}
	return victim
}

// The ready file of a talk has the speaker's link: it is its owner's alone, and
// nothing is written through what lies beside it.
func TestTheReadyFileIsItsOwners(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	file := filepath.Join(t.TempDir(), "ready.json")
	victim := holdOpen(t, file)
	ctx, stop := context.WithCancel(t.Context())
	out, code := &safeBuffer{}, make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"talk", "--http", "127.0.0.1:0", "--ready-file", file}, out, out)
	}()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if info, err := os.Stat(file); err == nil {
			if info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
				t.Errorf("others may read the speaker's link: %v", info.Mode())
			}
			break
		}
		if time.Now().After(end) {
			t.Fatalf("not serving: %s", out)
		}
	}
	stop()
	<-code
	if text, err := os.ReadFile(victim); err != nil || string(text) != "mine" {
		t.Errorf("a file behind a link was written: %.100q, %v", text, err)
	}
}

// giveTalkOnce runs copyscope talk and gives what its ready file says.
func giveTalkOnce(t *testing.T, flags ...string) map[string]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ready.json")
	ctx, stop := context.WithCancel(t.Context())
	out, code := &safeBuffer{}, make(chan int, 1)
	go func() {
		code <- run(ctx, append([]string{"talk", "--http", "127.0.0.1:0", "--ready-file", file}, flags...), out, out)
	}()
	var ready map[string]string
	for end := time.Now().Add(30 * time.Second); ready == nil; time.Sleep(10 * time.Millisecond) {
		if text, err := os.ReadFile(file); err == nil {
			if err := json.Unmarshal(text, &ready); err != nil {
				t.Fatal(err)
			}
		}
		if time.Now().After(end) {
			t.Fatalf("not serving: %s", out)
		}
	}
	if answer, err := http.Get(ready["audience"]); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("the audience's page: %v, %v", answer, err)
	}
	for _, name := range []string{"speaker", "audience", "clicker"} {
		if !strings.Contains(out.String(), name+" "+ready[name]) {
			t.Errorf("the %s's link is not printed: %s", name, out)
		}
	}
	stop()
	if c := <-code; c != exitDone {
		t.Errorf("ended with %d: %s", c, out)
	}
	return ready
}

// The links outlast the server, for who opened the talk alone; --new makes others.
func TestTalkKeepsItsLinks(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	path := func(link string) string { return link[strings.Index(link, "/t/"):] }
	first, second := giveTalkOnce(t), giveTalkOnce(t)
	for _, name := range []string{"speaker", "audience", "clicker"} {
		if path(first[name]) != path(second[name]) {
			t.Errorf("%s: %s, then %s", name, first[name], second[name])
		}
	}
	if third := giveTalkOnce(t, "--new"); path(third["speaker"]) == path(first["speaker"]) {
		t.Error("--new keeps the links")
	}
	kept, err := filepath.Glob(filepath.Join(cache, "copyscope", "talk-*.json"))
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	info, err := os.Stat(kept[0])
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v: %v", info.Mode(), err)
	}
}
