package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// server is a `copyscope serve` that runs in this process.
type server struct {
	ready  map[string]string
	stop   context.CancelFunc
	code   chan int
	stdout *safeBuffer
	stderr *safeBuffer
}

// start runs serve with a broker of its own and the flags.
func start(t *testing.T, flags ...string) *server {
	t.Helper()
	return startServe(t, append([]string{"--kafka-listen", "127.0.0.1:0"}, flags...)...)
}

// startServe runs serve with the flags.
func startServe(t *testing.T, flags ...string) *server {
	t.Helper()
	return startCommand(t, append([]string{"serve", "--http", "127.0.0.1:0"}, flags...)...)
}

// startCommand runs a command that serves pages, and waits until it serves.
func startCommand(t *testing.T, args ...string) *server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ready.json")
	if i := slices.Index(args, "--ready-file"); i >= 0 {
		file = args[i+1]
	} else {
		args = append(args, "--ready-file", file)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := &server{stop: cancel, code: make(chan int, 1), stdout: &safeBuffer{}, stderr: &safeBuffer{}}
	go func() { s.code <- run(ctx, args, s.stdout, s.stderr) }()
	t.Cleanup(cancel)
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if text, err := os.ReadFile(file); err == nil && s.stdout.String() != "" {
			if err := json.Unmarshal(text, &s.ready); err != nil {
				t.Fatalf("ready file %q: %v", text, err)
			}
			return s
		}
		if time.Since(began) > 10*time.Second {
			t.Fatalf("not serving after 10 s; it said %s", s.stderr)
		}
	}
}

// end is what Ctrl-C does; it returns the exit code.
func (s *server) end(t *testing.T) int {
	t.Helper()
	began := time.Now()
	s.stop()
	select {
	case code := <-s.code:
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("took %v to end, want at most 5 s", took)
		}
		return code
	case <-time.After(10 * time.Second):
		t.Fatal("still serving 10 s after the end was asked for")
		return -1
	}
}

func TestServeSaysWhereAndEndsCleanly(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	s := start(t)
	for _, path := range []string{"/healthz", "/scope", "/live", "/doctor", "/models"} {
		resp, err := http.Get(s.ready["web"] + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s answers %s", path, resp.Status)
		}
	}
	conn, err := net.Dial("tcp", s.ready["kafka"])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() // still open when the end is asked for
	if code := s.end(t); code != exitDone {
		t.Errorf("exit code %d, want %d; it said %s", code, exitDone, s.stderr)
	}
	want := "web " + s.ready["web"] + "\nkafka " + s.ready["kafka"] + "\n"
	if got := s.stdout.String(); got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("left %v in the temporary directory (%v)", left, err)
	}
}

func TestServeWithoutBroker(t *testing.T) {
	s := start(t, "--no-broker")
	if addr, ok := s.ready["kafka"]; ok {
		t.Errorf("a broker at %s", addr)
	}
	if code := s.end(t); code != exitDone {
		t.Errorf("exit code %d", code)
	}
}

func TestServeKeepsRecordsWhereTold(t *testing.T) {
	data := filepath.Join(t.TempDir(), "records")
	s := start(t, "--data", data)
	s.end(t)
	if _, err := os.Stat(data); err != nil {
		t.Errorf("the data directory is gone: %v", err)
	}
}

func TestServeRefusesWhatCannotBe(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		flags []string
		code  int
		says  []string
	}{
		{"web port in use", []string{"--http", taken.Addr().String()}, exitFailed, []string{taken.Addr().String(), "in use"}},
		{"kafka port in use", []string{"--http", "127.0.0.1:0", "--kafka-listen", taken.Addr().String()}, exitFailed, []string{taken.Addr().String(), "in use", "--kafka-listen", "--no-broker"}},
		{"no address", []string{"--http", "nowhere"}, exitFailed, []string{"nowhere", "host:port"}},
		{"data is a file", []string{"--http", "127.0.0.1:0", "--kafka-listen", "127.0.0.1:0", "--data", filepath.Join(file, "dir")}, exitFailed, []string{file}},
		{"log level", []string{"--log-level", "loud"}, exitUsage, []string{`"loud"`, "debug, info, warn or error"}},
		{"argument", []string{"now"}, exitUsage, []string{`"now"`}},
		{"ready file is a directory", []string{"--ready-file", filepath.Dir(file)}, exitFailed, []string{"--ready-file", filepath.Dir(file)}},
		{"ready file", []string{"--http", "127.0.0.1:0", "--kafka-listen", "127.0.0.1:0", "--ready-file", filepath.Join(file, "ready")}, exitFailed, []string{"--ready-file"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			temp := t.TempDir()
			t.Setenv("TMPDIR", temp)
			var stdout, stderr bytes.Buffer
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if code := run(ctx, append([]string{"serve"}, c.flags...), &stdout, &stderr); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, part := range c.says {
				if !strings.Contains(stderr.String(), part) {
					t.Errorf("said %q, want it to name %q", stderr.String(), part)
				}
			}
			if left, _ := os.ReadDir(temp); len(left) > 0 {
				t.Errorf("left %v in the temporary directory", left)
			}
		})
	}
}

// A stale ready file of a server that was killed is gone before the new one
// serves, and the new one is gone after it.
func TestServeKeepsTheReadyFileTrue(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "ready.json")
	if err := os.WriteFile(file, []byte(`{"web":"http://127.0.0.1:1"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	s := start(t, "--ready-file", file)
	s.end(t)
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

// The terminal that serve was started from is closed, and so is its output.
func TestServeCleansUpAfterAHangUp(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SIGHUP needs Unix")
	}
	for _, signal := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT} {
		temp := t.TempDir()
		file := filepath.Join(t.TempDir(), "ready")
		binary, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		command := exec.Command(binary, "serve", "--http", "127.0.0.1:0", "--kafka-listen", "127.0.0.1:0", "--ready-file", file)
		// The test binary is copyscope when it is told so (see TestMain).
		command.Env = append(os.Environ(), "TMPDIR="+temp, "COPYSCOPE_TEST_MAIN=1")
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		command.Stdout, command.Stderr = w, w
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		r.Close() // nobody reads what it says
		w.Close()
		for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
			if _, err := os.Stat(file); err == nil {
				break
			}
			if time.Since(began) > 10*time.Second {
				t.Fatal("not serving after 10 s")
			}
		}
		command.Process.Signal(signal)
		if err := command.Wait(); err != nil {
			t.Errorf("%v: %v", signal, err)
		}
		if left, _ := os.ReadDir(temp); len(left) > 0 {
			t.Errorf("%v: left %v in the temporary directory", signal, left)
		}
		if _, err := os.Stat(file); err == nil {
			t.Errorf("%v: the ready file is still there", signal)
		}
	}
}

// A page that never reads and keeps writing does not keep the server.
func TestServeEndsBesideAPageThatKeepsTalking(t *testing.T) {
	s := start(t, "--no-broker")
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.ready["web"], "http")+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	defer func() {
		conn.Close()
		<-over
	}()
	go func() {
		defer close(over)
		for conn.WriteMessage(websocket.TextMessage, []byte("nonsense")) == nil {
			time.Sleep(50 * time.Millisecond)
		}
	}()
	time.Sleep(200 * time.Millisecond)
	if code := s.end(t); code != exitDone {
		t.Errorf("exit code %d, want %d; it said %s", code, exitDone, s.stderr)
	}
}

// safeBuffer collects what a running server prints.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
