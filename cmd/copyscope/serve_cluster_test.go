package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"copyscope/internal/kafkalogin"
)

// Flags that contradict one another, or make no sense, are one error that names them.
func TestClusterFlagsAreChecked(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(kafkalogin.PasswordVariable, "")
	for name, c := range map[string]struct {
		flags []string
		code  int
		says  []string
	}{
		"a broker of one's own":   {[]string{"--kafka", "127.0.0.1:1", "--kafka-listen", "127.0.0.1:0", "--data", "x"}, exitUsage, []string{"--kafka", "--kafka-listen", "--data"}},
		"a configuration":         {[]string{"--config", "x", "--kafka", "127.0.0.1:1"}, exitUsage, []string{"--kafka", "--config"}},
		"no broker":               {[]string{"--kafka", "127.0.0.1:1", "--no-broker"}, exitUsage, []string{"--no-broker"}},
		"a user without cluster":  {[]string{"--kafka-user", "alice", "--kafka-tls"}, exitUsage, []string{"--kafka-user", "--kafka-tls", "--kafka HOST:PORT"}},
		"no port":                 {[]string{"--kafka", "kafka1"}, exitUsage, []string{`"kafka1"`, "host:port"}},
		"nothing":                 {[]string{"--kafka", ""}, exitUsage, []string{"--kafka", "host:port"}},
		"a bad one of two":        {[]string{"--kafka", "127.0.0.1:1,[::1]:70000"}, exitUsage, []string{"[::1]:70000"}},
		"a mechanism":             {[]string{"--kafka", "127.0.0.1:1", "--kafka-mechanism", "GSSAPI"}, exitUsage, []string{"GSSAPI", "SCRAM-SHA-512"}},
		"a password of nobody":    {[]string{"--kafka", "127.0.0.1:1", "--kafka-password-file", empty}, exitUsage, []string{"--kafka-user"}},
		"a user without password": {[]string{"--kafka", "127.0.0.1:1", "--kafka-user", "alice"}, exitUsage, []string{"--kafka-password-file", kafkalogin.PasswordVariable}},
		"an empty password":       {[]string{"--kafka", "127.0.0.1:1", "--kafka-user", "alice", "--kafka-password-file", empty}, exitUsage, []string{empty, "empty"}},
		"an authority that lacks": {[]string{"--kafka", "127.0.0.1:1", "--kafka-ca", empty + "x"}, exitUsage, []string{"--kafka-ca", empty + "x"}},
		"no certificate in it":    {[]string{"--kafka", "127.0.0.1:1", "--kafka-ca", empty}, exitUsage, []string{empty, "PEM"}},
		"nobody there":            {[]string{"--kafka", "127.0.0.1:1,[::1]:1"}, exitFailed, []string{"127.0.0.1:1", "[::1]:1", "is the broker running"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out, complaint bytes.Buffer
			code := run(t.Context(), append([]string{"serve", "--http", "127.0.0.1:0"}, c.flags...), &out, &complaint)
			if code != c.code {
				t.Errorf("it ends with %d, want %d", code, c.code)
			}
			for _, want := range c.says {
				if !strings.Contains(complaint.String(), want) {
					t.Errorf("it says %q, want %q in it", &complaint, want)
				}
			}
		})
	}
}

// The password of a cluster is in no page, no log and no message, and a wrong one is not
// quoted.
func TestThePasswordOfAClusterIsNowhere(t *testing.T) {
	const secret = "correct-horse-battery"
	dir := t.TempDir()
	file, wrong := filepath.Join(dir, "alice.txt"), filepath.Join(dir, "wrong.txt")
	for name, text := range map[string]string{file: secret, wrong: secret + "-not"} {
		if err := os.WriteFile(name, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(dir, "records")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	var out, complaint bytes.Buffer
	if code := run(t.Context(), []string{"users", "add", "alice", "--data", data, "--password-file", file}, &out, &complaint); code != 0 {
		t.Fatal(complaint.String())
	}
	own := start(t, "--data", data, "--kafka-sasl", "SCRAM-SHA-512,PLAIN")
	defer own.end(t)
	out.Reset()
	complaint.Reset()
	if code := run(t.Context(), []string{"serve", "--http", "127.0.0.1:0", "--kafka", own.ready["kafka"], "--kafka-user", "alice", "--kafka-password-file", wrong}, &out, &complaint); code != exitFailed {
		t.Errorf("with a wrong password it ends with %d", code)
	}
	said := complaint.String()
	if !strings.Contains(said, "refused; check --kafka-user") {
		t.Errorf("of a wrong password it says %q", said)
	}
	t.Setenv(kafkalogin.PasswordVariable, secret)
	for _, flags := range [][]string{{"--kafka-password-file", file}, {"--kafka-mechanism", "PLAIN"}} {
		s := startServe(t, append([]string{"--kafka", own.ready["kafka"], "--kafka-user", "alice", "--log-level", "debug"}, flags...)...)
		for _, path := range []string{"/broker", "/broker/connections", "/live", "/doctor", "/metrics"} {
			resp, err := http.Get(s.ready["web"] + path)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Errorf("%s is answered with %s", path, resp.Status)
			}
			said += string(text)
		}
		if code := s.end(t); code != 0 {
			t.Errorf("it ends with %d", code)
		}
		said += s.stdout.String() + s.stderr.String()
		if plain := slices.Contains(flags, "PLAIN"); plain != strings.Contains(s.stderr.String(), "as it is") {
			t.Errorf("with %v it says %q", flags, s.stderr)
		}
	}
	if strings.Contains(said, secret) {
		t.Error("the password is told")
	}
}

// Ctrl-C ends it while the cluster is still asked for the first time.
func TestServeEndsBeforeTheClusterAnswers(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	asked := make(chan struct{})
	go func() {
		if conn, err := silent.Accept(); err == nil {
			defer conn.Close()
		}
		interrupt()
		close(asked)
	}()
	var out, complaint bytes.Buffer
	began := time.Now()
	if code := run(ctx, []string{"serve", "--http", "127.0.0.1:0", "--kafka", silent.Addr().String()}, &out, &complaint); code != 0 || complaint.Len() > 0 {
		t.Errorf("it ends with %d and says %q", code, &complaint)
	}
	<-asked
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v to end", took)
	}
}
