package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"copyscope/internal/talk"
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
	_, _, end := startTalk(t, file)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		t.Errorf("others may read the speaker's link: %v, %v", info, err)
	}
	end()
	if text, err := os.ReadFile(victim); err != nil || string(text) != "mine" {
		t.Errorf("a file behind a link was written: %.100q, %v", text, err)
	}
}

// startTalk runs copyscope talk with a ready file, and gives what that says, what the
// command prints and logs, and what ends it.
func startTalk(t *testing.T, file string, flags ...string) (ready map[string]string, out *safeBuffer, end func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out = &safeBuffer{}
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, append([]string{"talk", "--http", "127.0.0.1:0", "--ready-file", file}, flags...), out, out)
	}()
	for late := time.Now().Add(30 * time.Second); ready == nil; time.Sleep(10 * time.Millisecond) {
		if text, err := os.ReadFile(file); err == nil {
			if err := json.Unmarshal(text, &ready); err != nil {
				t.Fatal(err)
			}
		}
		if time.Now().After(late) {
			t.Fatalf("not serving: %s", out)
		}
	}
	return ready, out, func() {
		t.Helper()
		stop()
		if c := <-code; c != exitDone {
			t.Errorf("ended with %d: %s", c, out)
		}
	}
}

// giveTalkOnce runs copyscope talk and gives what its ready file says.
func giveTalkOnce(t *testing.T, flags ...string) map[string]string {
	t.Helper()
	ready, out, end := startTalk(t, filepath.Join(t.TempDir(), "ready.json"), flags...)
	if answer, err := http.Get(ready["audience"]); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("the audience's page: %v, %v", answer, err)
	}
	for _, name := range []string{"speaker", "audience", "clicker"} {
		if !strings.Contains(out.String(), name+" "+ready[name]) {
			t.Errorf("the %s's link is not printed: %s", name, out)
		}
	}
	end()
	return ready
}

// The links outlast the server, for who opened the talk alone; --new makes others.
func TestTalkKeepsItsLinks(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	path := func(link string) string { return link[strings.Index(link, "/t/"):] }
	first := giveTalkOnce(t)
	t.Chdir(t.TempDir()) // the deck is a shipped one, which is nowhere
	second := giveTalkOnce(t)
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

// The tokens of a talk are in the links that are printed and kept for the owner: not
// in what is logged, counted or shown to the audience, even after wrong ones.
func TestTheTokenIsNowhere(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	ready, out, end := startTalk(t, filepath.Join(t.TempDir(), "ready.json"), "--log-level", "debug")
	_, present, _ := strings.Cut(ready["speaker"], "#")
	_, click, _ := strings.Cut(ready["clicker"], "#")
	audience := ready["audience"]
	told := ""
	ask := func(address, token string) {
		t.Helper()
		r, err := http.NewRequest("GET", address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		if token == "" {
			told += string(text)
		}
	}
	for _, address := range []string{audience, audience + "/present", audience + "/clicker", audience + "/here", audience + "/qr.svg", audience + "/talk.html", audience + "/notes",
		ready["web"] + "/metrics", ready["web"] + "/talk", ready["web"] + "/live", ready["web"] + "/doctor"} {
		ask(address, "")
	}
	wrong := present[:len(present)-1] + "x"
	ask(audience+"/notes", present)
	ask(audience+"/notes", wrong)
	ask(audience+"/nowhere", wrong)
	end()
	log := ""
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "speaker http") && !strings.HasPrefix(line, "clicker http") { // the links, for who opened the talk
			log += line
		}
	}
	if len(present) < 20 || len(click) < 20 || len(told) < 10_000 || !strings.Contains(log, "a wrong token") {
		t.Fatalf("tokens of %d and %d characters, %d bytes of pages, the log %q", len(present), len(click), len(told), log)
	}
	for name, secret := range map[string]string{"the speaker's": present, "the clicker's": click, "a wrong": wrong} {
		if strings.Contains(told, secret) {
			t.Errorf("%s token is on a page", name)
		}
		if strings.Contains(log, secret) {
			t.Errorf("%s token is in the log", name)
		}
	}
}

// A talk that is started anew goes on where it was, for some hours, and --new begins it
// at its first slide.
func TestTalkKeepsItsPlace(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	giveTalkOnce(t)
	files, err := filepath.Glob(filepath.Join(cache, "copyscope", "talk-*.json"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	was := func(ago time.Duration) {
		t.Helper()
		text, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		var links roomLinks
		if err := json.Unmarshal(text, &links); err != nil {
			t.Fatal(err)
		}
		links.Place = &talkPlace{talk.Saved{Slide: 3, Stop: 1}, time.Now().Add(-ago).UnixMilli()}
		if err := linksFile(files[0]).write(links); err != nil {
			t.Fatal(err)
		}
	}
	const goesOn = "slide=4 stop=2"
	for _, c := range []struct {
		name  string
		ago   time.Duration
		flags []string
		goes  bool
	}{
		{"a moment ago", time.Second, nil, true},
		{"yesterday", 24 * time.Hour, nil, false},
		{"anew", time.Second, []string{"--new"}, false},
	} {
		was(c.ago)
		_, out, end := startTalk(t, filepath.Join(t.TempDir(), "ready.json"), c.flags...)
		end()
		if said := out.String(); strings.Contains(said, goesOn) != c.goes {
			t.Errorf("%s: it says %s", c.name, said)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(cache, "copyscope", ".talk-*")); len(left) > 0 {
		t.Errorf("%v stays", left)
	}
}

// Places are written one after the other, and the last one always.
func TestPlacesAreWritten(t *testing.T) {
	file := linksFile(filepath.Join(t.TempDir(), "copyscope", "talk.json"))
	k := keepPlaces(file, roomLinks{Code: talk.NewCode(), Token: talk.NewToken()}, slog.New(slog.DiscardHandler))
	for i := range 1000 {
		k.keep(talk.Saved{Slide: i})
	}
	k.close()
	if got := file.read().Place.fresh(time.Now()); got == nil || got.Slide != 999 {
		t.Errorf("kept is %+v", got)
	}
}

// A deck that cannot be shown is a mistake in the call, unless the call is to check it.
func TestTalkExitCodes(t *testing.T) {
	deck := filepath.Join(t.TempDir(), "deck.yaml")
	if err := os.WriteFile(deck, []byte("schema: 1\nname: deck\ntitle: {en: A}\nslides:\n  - {title: {en: B}, scope: {a: sendfly}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]int{
		"talk " + deck: exitUsage, "talk nothing": exitUsage, "talk nothing --check": exitUsage, "talk ./nothing.yaml --check": exitUsage,
		"talk " + deck + " --check": exitFailed,
	} {
		var stdout, stderr strings.Builder
		if code := run(t.Context(), strings.Fields(args), &stdout, &stderr); code != want {
			t.Errorf("%s: exit code %d, want %d: %s", args, code, want, stderr.String())
		}
	}
}
