package attach_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"copyscope/internal/attach"
)

// A proxy that opens a connection to its backend for each request, and closes it with
// the answer: much sooner than anybody reads the tables of sockets.
func TestAProxyWithShortConnectionsToItsBackend(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(address, func(t *testing.T) {
			const requests, bytes = 100, 64 << 10
			l, err := net.Listen("tcp", address)
			if err != nil {
				t.Skipf("SKIPPED: %v", err)
			}
			body := make([]byte, bytes)
			backend := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })}
			go backend.Serve(l)
			defer backend.Close()
			s := startGo(t, "reverse-short", l.Addr().String())
			asked := port(t, s.address)
			r := watch(t, attach.Options{Processes: []int{s.pid}, Port: asked}, func() {
				client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
				for range requests {
					a, err := client.Get("http://" + s.address)
					if err != nil {
						t.Error(err)
						return
					}
					if n, err := io.Copy(io.Discard, a.Body); err != nil || n != bytes {
						t.Errorf("%d bytes, %v", n, err)
					}
					a.Body.Close()
				}
			})
			to := "tcp to " + l.Addr().String()
			relayed, asks := 0.0, 0.0
			for _, p := range r.Paths {
				t.Log(p.At, p.From.Name, "→", p.To.Name, p.Bytes.Value)
				switch {
				case p.From.Name == to && p.At == attach.AtPort:
					relayed += p.Bytes.Value
				case p.To.Name == to:
					asks += p.Bytes.Value
					if p.At != attach.Elsewhere {
						t.Errorf("what is sent to the backend is counted as %q", p.At)
					}
				}
				if strings.Contains(p.From.Name+p.To.Name, "closed before") {
					t.Errorf("%.0f bytes from %s to %s", p.Bytes.Value, p.From.Name, p.To.Name)
				}
			}
			if relayed < requests*bytes*9/10 || asks == 0 {
				t.Errorf("%.0f bytes came from %s of %d, and %.0f went there", relayed, to, requests*bytes, asks)
			}
			if got := strings.Join(r.Notes, "\n"); strings.Contains(got, "nobody could look at in time") {
				t.Errorf("notes %q", got)
			}
		})
	}
}
