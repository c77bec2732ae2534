package attach_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"copyscope/internal/attach"
)

// An nginx with two ports: what goes by the one says nothing of the other, and the
// workers of a new configuration are watched like the old ones.
func TestOnePortOfNginx(t *testing.T) {
	const bytes = 8 << 20
	file := makeFile(t, bytes)
	other := freeAddress(t)
	s := startNginx(t, filepath.Dir(file), fmt.Sprintf("sendfile off;\n}\nserver {\nlisten %s;\nroot %s;\nsendfile on;", other, filepath.Dir(file)))
	url := func(address string) string { return "http://" + address + "/" + filepath.Base(file) }
	asked := port(t, s.address)
	pids, err := attach.OfPort(asked)
	if err != nil {
		t.Fatal(err)
	}
	r := watch(t, attach.Options{Processes: pids, Port: asked}, func() { get(t, url(other), bytes, bytes) })
	if err := r.Expect(attach.Sendfile); err == nil || r.Verdict.Bytes != 0 || !strings.Contains(r.Sentence, fmt.Sprintf("moved at port %d", asked)) {
		t.Errorf("with traffic at %s only: %v, %q", other, err, r.Sentence)
	}
	r = watch(t, attach.Options{Processes: pids, Port: asked}, func() {
		get(t, url(other), bytes, bytes)
		get(t, url(s.address), bytes, bytes)
	})
	if err := r.Expect(attach.ReadWrite); err != nil || r.Verdict.Bytes != bytes {
		t.Errorf("%v, %d bytes, want %d: %q", err, r.Verdict.Bytes, bytes, r.Sentence)
	}

	old := len(pids)
	r = watch(t, attach.Options{Processes: pids, Port: asked}, func() {
		if text, err := exec.Command("kill", "-HUP", fmt.Sprint(s.pid)).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, text)
		}
		for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(20 * time.Millisecond) {
			now, err := attach.OfPort(asked)
			if err == nil && len(now) == old && now[old-1] != pids[old-1] { // the old worker has left
				break
			}
		}
		get(t, url(s.address), bytes, bytes)
	})
	if r.Verdict.Bytes != bytes || len(r.Processes) <= old {
		t.Errorf("after a reload: %d bytes of %d by %+v: %q", r.Verdict.Bytes, bytes, r.Processes, r.Sentence)
	}
}

// An nginx that gets answers faster than its client takes them buffers them in files of
// its own: it is a proxy, and no server of files.
func TestAProxyThatBuffersOnDisk(t *testing.T) {
	const bytes = 48 << 20
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	backend := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		piece := make([]byte, 1<<20)
		for range bytes / len(piece) {
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
	})}
	go backend.Serve(l)
	defer backend.Close()
	s := startNginx(t, t.TempDir(), fmt.Sprintf("sendfile on; location / { proxy_pass http://%s; }", l.Addr()))
	asked := port(t, s.address)
	pids, err := attach.OfPort(asked)
	if err != nil {
		t.Fatal(err)
	}
	r := watch(t, attach.Options{Processes: pids, Port: asked}, func() {
		conn, err := net.Dial("tcp", s.address)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		slow := bufio.NewReaderSize(conn, 1<<16)
		for n := 0; n < 16 && err == nil; n++ { // the client takes its time
			time.Sleep(30 * time.Millisecond)
			_, err = io.CopyN(io.Discard, slow, 1<<16)
		}
		if n, err := io.Copy(io.Discard, slow); err != nil || n < bytes-16<<16 {
			t.Errorf("%d bytes, %v", n, err)
		}
	})
	if !strings.Contains(r.Sentence, "a proxy that buffers on disk") || !strings.Contains(r.Advice, "proxy_max_temp_file_size") || r.Verdict.Kind != "socket-to-socket" || r.Verdict.Bytes < bytes*95/100 {
		t.Errorf("%q, %q, %+v", r.Sentence, r.Advice, r.Verdict)
		for _, p := range r.Paths {
			t.Log(p.At, p.Sentence, p.Bytes.Value)
		}
	}
	if err := r.Expect(attach.Sendfile); err == nil {
		t.Errorf("expecting sendfile held for %q", r.Sentence)
	}
}
