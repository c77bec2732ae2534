package attach_test

import (
	"fmt"
	"math"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"copyscope/internal/attach"
)

// An answer without a Content-Length goes in chunks, by a small buffer and a large one:
// nothing is compressed there, and the advice is to say how long it is.
func TestChunksOfGo(t *testing.T) {
	file := makeFile(t, film)
	s := startGo(t, "chunked", file)
	r := watch(t, attach.Options{Processes: []int{s.pid}}, func() { get(t, "http://"+s.address, film, film) })
	p := path(t, r, file)
	if p.Technique != attach.ReadWrite || math.Abs(p.Bytes.Value-film) > film/100 || math.Abs(p.CPUCopiesPerByte.Value-2) > 0.01 {
		t.Errorf("%s, %.0f bytes, %v copies per byte: %+v", p.Technique, p.Bytes.Value, p.CPUCopiesPerByte.Value, p.Techniques)
	}
	if !strings.HasPrefix(p.Advice, "set Content-Length") {
		t.Errorf("%q", p.Advice)
	}
}

// A proxy of Go that hands on answers as they are compresses none of them.
func TestAGoProxyCompressesNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	backend := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		piece := make([]byte, 32<<10)
		for range 8 << 20 / len(piece) {
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
	})}
	go backend.Serve(l)
	defer backend.Close()
	s := startGo(t, "reverse", l.Addr().String())
	r := watch(t, attach.Options{Processes: []int{s.pid}}, func() {
		for range 4 {
			get(t, "http://"+s.address, 8<<20, 8<<20)
		}
	})
	relayed := 0.0
	for _, p := range r.Paths {
		for _, share := range p.Techniques {
			if share.Technique == attach.Compress {
				t.Errorf("%s: %d bytes are said to be compressed: %s", p.Sentence, share.Bytes, share.Evidence)
			}
		}
		if p.Kind == "socket-to-socket" {
			relayed += p.Bytes.Value
		}
	}
	if relayed < 4*8<<20*0.98 {
		t.Errorf("%.0f bytes were relayed, want 32 MiB: %s", relayed, r.Sentence)
	}
}

// nginx that reads past the page cache: one copy, and not for want of sendfile.
func TestNginxWithDirectIO(t *testing.T) {
	const bytes = 16 << 20
	file := makeFile(t, bytes)
	s := startNginx(t, filepath.Dir(file), "sendfile on; directio 1m;")
	pids, err := attach.OfPort(port(t, s.address))
	if err != nil {
		t.Fatal(err)
	}
	r := watch(t, attach.Options{Processes: pids}, func() { get(t, "http://"+s.address+"/"+filepath.Base(file), bytes, bytes) })
	p := path(t, r, file)
	if p.Technique != attach.ReadWrite || p.CPUCopiesPerByte.Value > 1.01 || p.CPUCopiesPerByte.Value < 1 || !strings.Contains(p.Blocker, "O_DIRECT") {
		t.Errorf("%s", p.Sentence)
	}
}

// nginx that has files read by a pool of threads: what these read is what is sent.
func TestNginxWithAPoolOfThreads(t *testing.T) {
	const bytes, times = 4 << 20, 4
	file := makeFile(t, bytes)
	s := startNginx(t, filepath.Dir(file), "sendfile off; aio threads;")
	pids, err := attach.OfPort(port(t, s.address))
	if err != nil {
		t.Fatal(err)
	}
	r := watch(t, attach.Options{Processes: pids}, func() {
		for range times {
			get(t, "http://"+s.address+"/"+filepath.Base(file), bytes, bytes)
		}
	})
	sent(t, r, file, attach.ReadWrite, times*bytes, 2)
}

// A program that reads a file at once and sends a part of it: where that part was filled
// is not known, and nobody says that no file was read.
func TestAPartOfWhatWasRead(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		missing(t, "python3 is not installed")
	}
	file, address := makeFile(t, 16<<20), freeAddress(t)
	_, number, _ := net.SplitHostPort(address)
	program := fmt.Sprintf(`
import http.server
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        b = open(%q, "rb").read()
        self.send_response(200)
        self.send_header("Content-Length", str(4 << 20))
        self.end_headers()
        self.wfile.write(b[:4 << 20])
http.server.ThreadingHTTPServer(("127.0.0.1", %s), H).serve_forever()`, file, number)
	s := start(t, exec.Command(python, "-c", program), address)
	r := watch(t, attach.Options{Processes: []int{s.pid}}, func() { get(t, "http://"+address, 4<<20, 4<<20) })
	if strings.Contains(r.Sentence, "no file was read") || !strings.Contains(r.Sentence, "is not known") {
		t.Errorf("%q", r.Sentence)
	}
}
