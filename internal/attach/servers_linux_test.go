package attach_test

import (
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The servers that are watched are processes of their own: real ones, or this test
// binary, told by its environment what to be.
const serveEnv = "ATTACH_TEST_SERVE"

func TestMain(m *testing.M) {
	if how := os.Getenv(serveEnv); how != "" {
		serve(how, os.Getenv("ATTACH_TEST_FILE"))
		return
	}
	os.Exit(m.Run())
}

// serve answers every request with the file, until it is killed, at the listener that
// it inherits as descriptor 3.
func serve(how, file string) {
	l, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if how == "blocking" {
		serveBlocking(file)
		return
	}
	if how == "reverse" || how == "reverse-short" {
		proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: file})
		proxy.Transport = &http.Transport{DisableKeepAlives: how == "reverse-short"}
		fmt.Fprintln(os.Stderr, http.Serve(l, proxy))
		return
	}
	send := senders[how]
	if how == "tls" {
		send, l = senders["plain"], tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate()}})
	}
	err = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		f, err := os.Open(file)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer f.Close()
		if at, err := f.Stat(); err == nil && how != "gzip" && how != "chunked" {
			w.Header().Set("Content-Length", fmt.Sprint(at.Size()))
		}
		_, _ = send(w, f)
	}))
	fmt.Fprintln(os.Stderr, err)
}

// serveBlocking waits in accept(2), as servers do that have a thread for each
// connection, sends the file, and closes the connection at once.
func serveBlocking(file string) {
	const listener = 3
	if err := unix.SetNonblock(listener, false); err != nil {
		panic(err)
	}
	for buf := make([]byte, 1<<16); ; {
		conn, _, err := unix.Accept(listener)
		if err != nil {
			panic(err)
		}
		from, err := unix.Open(file, unix.O_RDONLY, 0)
		if err != nil {
			panic(err)
		}
		for {
			n, err := unix.Read(from, buf)
			if n <= 0 || err != nil {
				break
			}
			if _, err := unix.Write(conn, buf[:n]); err != nil {
				break
			}
		}
		_ = unix.Close(from)
		_ = unix.Close(conn)
	}
}

// certificate is one that nobody need trust.
func certificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	text, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{text}, PrivateKey: key}
}

// onlyWriter hides all that a ResponseWriter can do besides, ReadFrom for one.
type onlyWriter struct{ io.Writer }

var senders = map[string]func(io.Writer, *os.File) (int64, error){
	"plain":   func(w io.Writer, f *os.File) (int64, error) { return io.Copy(w, f) },
	"chunked": func(w io.Writer, f *os.File) (int64, error) { return io.Copy(w, f) },
	"wrapped": func(w io.Writer, f *os.File) (int64, error) { return io.Copy(onlyWriter{w}, f) },
	"gzip": func(w io.Writer, f *os.File) (int64, error) {
		z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
		if err != nil {
			return 0, err
		}
		n, err := io.Copy(z, f)
		return n, errors.Join(err, z.Close())
	},
	"mapped": func(w io.Writer, f *os.File) (int64, error) {
		at, err := f.Stat()
		if err != nil {
			return 0, err
		}
		m, err := unix.Mmap(int(f.Fd()), 0, int(at.Size()), unix.PROT_READ, unix.MAP_SHARED)
		if err != nil {
			return 0, err
		}
		defer unix.Munmap(m)
		n := 0
		for n < len(m) && err == nil {
			var k int
			k, err = w.Write(m[n:min(n+1<<20, len(m))])
			n += k
		}
		return int64(n), err
	},
}

// server is a server that runs.
type server struct {
	pid     int
	address string
}

// startGo starts this binary as a server.
func startGo(t *testing.T, how, file string) server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	inherited, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer inherited.Close()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), serveEnv+"="+how, "ATTACH_TEST_FILE="+file)
	c.ExtraFiles = []*os.File{inherited}
	return start(t, c, l.Addr().String())
}

// start starts a command, waits until it answers, and ends it with the test.
func start(t *testing.T, c *exec.Cmd, address string) server {
	t.Helper()
	log := &strings.Builder{}
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(unix.SIGTERM)
		done := time.AfterFunc(5*time.Second, func() { _ = c.Process.Kill() })
		_ = c.Wait()
		done.Stop()
	})
	for range 100 {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return server{c.Process.Pid, address}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%v does not answer at %s: %s", c.Args, address, log)
	return server{}
}

// startNginx starts nginx with a configuration of its own: one worker, one directory,
// with the lines given in its server block.
func startNginx(t *testing.T, root, lines string) server {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx"
	}
	if _, err := os.Stat(program); err != nil {
		missing(t, "nginx is not installed; apt-get install nginx-light")
	}
	dir, address := t.TempDir(), freeAddress(t)
	var temps string
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temps += fmt.Sprintf("%s_temp_path %s/%s;\n", kind, dir, kind)
	}
	text := fmt.Sprintf("daemon off; user root; worker_processes 1; pid %[1]s/pid; error_log %[1]s/log;\nevents {}\nhttp {\naccess_log off;\n%[2]s\nserver {\nlisten %[3]s sndbuf=8m;\nroot %[4]s;\n%[5]s\n}\n}\n",
		dir, temps, address, root, lines)
	at := filepath.Join(dir, "conf")
	if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return start(t, exec.Command(program, "-p", dir, "-c", at), address)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// missing skips a test that cannot run here, visibly; CI has all that it takes.
func missing(t *testing.T, why string) {
	t.Helper()
	if os.Geteuid() == 0 && os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skipf("SKIPPED: %s; run it as root", why)
}

// makeFile makes a file of so many bytes, in a folder that a server may read.
func makeFile(t *testing.T, bytes int64) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "film.bin")
	if err := os.WriteFile(name, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, bytes); err != nil {
		t.Fatal(err)
	}
	return name
}

// get fetches a document and throws it away; with a part, so many bytes at a time.
func get(t *testing.T, url string, part, total int64) {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{DisableCompression: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer c.CloseIdleConnections()
	for off := int64(0); off < total; off += part {
		q, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if part < total {
			q.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", off, min(off+part, total)-1))
		}
		a, err := c.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, a.Body)
		a.Body.Close()
		if err != nil || a.ContentLength >= 0 && n != min(part, total-off) {
			t.Fatalf("%s: %d bytes, %v", a.Status, n, err)
		}
	}
}
