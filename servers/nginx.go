//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"github.com/prometheus/procfs"

	"copyscope/internal/process"
)

const nginxServer = "nginx"

// nginxConfig is a master and one worker; all that nginx writes stays in its
// directory. What is not set has nginx's own default: pieces of 32 KiB if it
// copies (output_buffers), of 2 MiB if it does not (sendfile_max_chunk).
const nginxConfig = `daemon off;
%[1]s
worker_processes 1;
pid %[2]s/pid;
error_log stderr;
events { worker_connections 64; }
http {
  access_log off;
  default_type application/octet-stream;
  client_body_temp_path %[2]s/body;
  proxy_temp_path %[2]s/proxy;
  fastcgi_temp_path %[2]s/fastcgi;
  uwsgi_temp_path %[2]s/uwsgi;
  scgi_temp_path %[2]s/scgi;
  server {
    listen %[3]s%[4]s;
    root %[5]s;
    %[6]s
  }
}
`

// startNginx starts nginx with lines of a server's configuration; listen is
// what follows the address.
func startNginx(ctx context.Context, e *env, bytes int64, listen, lines string) (*server, error) {
	root, err := e.content(bytes)
	if err != nil {
		return nil, err
	}
	dir, err := e.fresh("nginx")
	if err != nil {
		return nil, err
	}
	addr, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;" // the keys are root's
	}
	config := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, nginxConfig, user, dir, addr, listen, root, lines), 0o644); err != nil {
		return nil, err
	}
	p, err := process.Launch(filepath.Join(dir, "log"), "nginx", "-p", dir, "-c", config, "-e", "stderr")
	if err != nil {
		return nil, err
	}
	s := &server{Process: p, addr: addr}
	if err := p.Accepts(ctx, addr); err != nil {
		return nil, err
	}
	// The master listens before the worker is there.
	return s, p.Until(ctx, "started its worker", func() bool {
		s.pid, err = onlyChild(p.PID())
		return err == nil
	})
}

// onlyChild is the one process that another started.
func onlyChild(parent int) (int, error) {
	all, err := procfs.AllProcs()
	if err != nil {
		return 0, err
	}
	var children []int
	for _, p := range all {
		if stat, err := p.Stat(); err == nil && stat.PPID == parent {
			children = append(children, p.PID)
		}
	}
	if len(children) != 1 {
		return 0, fmt.Errorf("process %d has the children %v, there must be one", parent, children)
	}
	return children[0], nil
}

// Legs that nginx has in several settings. Each of its pieces is read and
// written whole, as nothing makes a send end short here.
var (
	nginxReads  = leg{call: "pread64", from: contentFile, to: memory, agree: equal, piece: 32 << 10}
	nginxWrites = leg{call: "writev", from: memory, to: socket, agree: equal, piece: 32 << 10}
)

func nginxRows() []row {
	serve := func(bytes int64, listen, lines string) func(context.Context, *env) (*server, error) {
		return func(ctx context.Context, e *env) (*server, error) { return startNginx(ctx, e, bytes, listen, lines) }
	}
	off := want{
		technique: "^read-write$", copies: 2, legs: []leg{nginxReads, nginxWrites},
		says: []string{"nginx", "sendfile (is )?off", "sendfile on", "2 CPU copies"},
	}
	on := want{
		technique: "^sendfile$", copies: 0, says: []string{"nginx", "sendfile"}, never: []string{"sendfile (is )?off"},
		legs: []leg{{call: "sendfile", from: contentFile, to: socket, least: 16 << 10, most: 2 << 20, piece: 2 << 20}},
	}
	const certified = "ssl_certificate %s; ssl_certificate_key %s; %s"
	tls := func(lines string) func(context.Context, *env) (*server, error) {
		return func(ctx context.Context, e *env) (*server, error) {
			return startNginx(ctx, e, small, " ssl", fmt.Sprintf(certified, e.trust.Certificate, e.trust.Key, lines))
		}
	}
	return []row{
		{server: nginxServer, setup: "sendfile off", needs: []tool{nginx}, quick: true, start: serve(middle, "", "sendfile off;"), load: whole(middle), want: off},
		{server: nginxServer, setup: "sendfile on", needs: []tool{nginx}, quick: true, start: serve(middle, "", "sendfile on;"), load: whole(middle), want: on},
		{server: nginxServer, setup: "sendfile on, named by its port", needs: []tool{nginx}, quick: true, start: serve(small, "", "sendfile on;"), load: whole(small), who: byPort, want: on},
		{
			server: nginxServer, setup: "sendfile on, gzip on", needs: []tool{nginx}, quick: true,
			start: serve(small, "", "sendfile on; gzip on; gzip_types *;"), load: zipped(small),
			want: want{
				technique: "^compress$", copies: uncounted, says: []string{"(?i)gzip|compress"}, never: []string{"sendfile (is )?off"},
				legs: []leg{nginxReads, {call: "writev", from: memory, to: socket, least: 1 << 10, most: 128 << 10, over: 0.01}},
			},
		},
		{
			server: nginxServer, setup: "sendfile on, TLS", needs: []tool{nginx}, quick: true,
			start: tls("sendfile on;"), load: wholeTLS(small),
			want: want{
				technique: "^tls$", copies: 2, says: []string{"TLS"}, never: []string{"sendfile (is )?off"},
				legs: []leg{nginxReads, {call: "write", from: memory, to: socket, least: 1 << 10, most: 17 << 10, over: 0.02}},
			},
		},
		{
			server: nginxServer, setup: "as a proxy", needs: []tool{nginx}, quick: true,
			start: startProxy, load: whole(small),
			want: want{
				technique: "^relay-copy$", copies: 2, says: []string{"(?i)prox|relay"},
				legs: []leg{
					{call: "recvfrom|readv", from: socket, to: memory, least: 256, most: 1 << 20},
					{call: "writev", from: memory, to: socket, least: 256, most: 1 << 20},
				},
			},
		},
	}
}

// zipped is the load of a file that is compressed on the way.
func zipped(bytes int64) func(context.Context, *env, *server) (amount, error) {
	return func(ctx context.Context, e *env, s *server) (amount, error) {
		n, err := get(ctx, s.addr, "/"+contentFile, true)
		if err == nil && n >= bytes {
			err = fmt.Errorf("%d bytes came of a file of %d: nothing was compressed", n, bytes)
		}
		return amount{file: bytes, wire: n}, err
	}
}

// startProxy starts an nginx that fetches from another one.
func startProxy(ctx context.Context, e *env) (*server, error) {
	origin, err := startNginx(ctx, e, small, "", "sendfile on;")
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(origin.addr)
	if err != nil {
		return nil, errors.Join(err, origin.close())
	}
	// Without the temporary file: with it, what the client is late for is
	// written to the disk and read again.
	s, err := startNginx(ctx, e, small, "", fmt.Sprintf("location / { proxy_pass http://%s:%s; proxy_max_temp_file_size 0; }", host, port))
	if err != nil {
		return nil, errors.Join(err, origin.Stop(syscall.SIGTERM))
	}
	s.also = append(s.also, origin.Process)
	return s, nil
}
