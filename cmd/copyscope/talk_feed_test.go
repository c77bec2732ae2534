package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"copyscope/internal/selfsigned"
)

// Two servers give one talk through a broker that wants TLS and a password: they have
// the same links, by the token that the first one keeps; the public name is in them; a
// third with another deck is refused.
func TestTalkThroughAFeed(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir, data := t.TempDir(), t.TempDir()
	trust, err := selfsigned.Make(dir)
	if err != nil {
		t.Fatal(err)
	}
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("one two three\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := &safeBuffer{}
	if code := run(t.Context(), []string{"users", "add", "talk", "--data", data, "--password-file", password}, out, out); code != exitDone {
		t.Fatal(out)
	}
	broker := start(t, "--data", data, "--kafka-tls-listen", "127.0.0.1:0", "--kafka-tls-cert", trust.Certificate, "--kafka-tls-key", trust.Key, "--kafka-tls-sasl", "SCRAM-SHA-512")
	defer broker.end(t)
	feed := []string{"--feed", "kafka://" + broker.ready["kafka_tls"] + "/my-talk", "--kafka-ca", trust.Certificate, "--kafka-user", "talk"}
	login := append(feed, "--kafka-password-file", password)

	first, said, endFirst := startTalk(t, filepath.Join(dir, "1.json"), append(login, "--public", "https://talk.example.org")...)
	second, _, endSecond := startTalk(t, filepath.Join(dir, "2.json"), login...)
	for _, name := range []string{"speaker", "audience", "clicker"} {
		public, ok := strings.CutPrefix(first[name], "https://talk.example.org/")
		if own, isOwn := strings.CutPrefix(second[name], second["web"]+"/"); !ok || !isOwn || public != own {
			t.Errorf("%s: %s at one, %s at the other", name, first[name], second[name])
		}
	}
	if !strings.Contains(said.String(), "audience https://talk.example.org/t/") {
		t.Errorf("it prints %s", said)
	}
	answer, err := http.Get(second["audience"])
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("the audience's page: %s, %v", answer.Status, err)
	}
	if _, token, _ := strings.Cut(first["speaker"], "#"); strings.Contains(string(page), token) {
		t.Error("the token is on the audience's page")
	}
	kept, err := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "copyscope", "*"))
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	if info, err := os.Stat(kept[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the token's file: %v, %v", info.Mode(), err)
	}

	refused := func(tells []string, flags ...string) {
		t.Helper()
		out := &safeBuffer{}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		code := run(ctx, append([]string{"talk", "--http", "127.0.0.1:0"}, flags...), out, out)
		for _, part := range tells {
			if code == exitDone || !strings.Contains(out.String(), part) {
				t.Errorf("%v: exit code %d, %s does not tell %q", flags, code, out, part)
			}
		}
	}
	deck := filepath.Join(dir, "other.yaml")
	if err := os.WriteFile(deck, []byte("schema: 1\nname: other\ntitle: {en: A}\nslides:\n  - title: {en: B}\n    text: {en: C}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused([]string{"another deck: SHA-256 ", "--new"}, append([]string{deck}, login...)...)
	wrong := filepath.Join(dir, "wrong")
	if err := os.WriteFile(wrong, []byte("another\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused([]string{"feed kafka://" + broker.ready["kafka_tls"], "--kafka-user"}, append(feed, "--kafka-password-file", wrong)...)
	refused([]string{"feed kafka://", "certificate"}, "--feed", "kafka://"+broker.ready["kafka_tls"]+"/my-talk", "--kafka-tls", "--kafka-user", "talk", "--kafka-password-file", password)

	// A new room, with a new token, beside the old one, which goes on.
	third, _, endThird := startTalk(t, filepath.Join(dir, "3.json"), append(login, "--new")...)
	if third["speaker"][strings.Index(third["speaker"], "/t/"):] == second["speaker"][strings.Index(second["speaker"], "/t/"):] {
		t.Error("--new keeps the links")
	}
	endThird()
	endSecond()
	endFirst()
}
