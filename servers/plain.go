//go:build linux

package main

import (
	"context"
	"net"
	"path/filepath"
	"strings"

	"copyscope/internal/process"
)

const (
	goServer     = "Go net/http"
	pythonServer = "Python http.server"
)

// startGo starts servers/fileserver, which was built.
func startGo(ctx context.Context, e *env, bytes int64, way string) (*server, error) {
	root, err := e.content(bytes)
	if err != nil {
		return nil, err
	}
	dir, err := e.fresh("go")
	if err != nil {
		return nil, err
	}
	p, err := process.Launch(filepath.Join(dir, "log"), filepath.Join(e.dir, "fileserver"), "-dir", root, "-way", way)
	if err != nil {
		return nil, err
	}
	s := &server{Process: p, pid: p.PID()}
	return s, p.Until(ctx, "said where it serves", func() bool {
		said, ok := strings.CutPrefix(p.Said(), "serving ")
		s.addr = strings.TrimSpace(said)
		return ok && strings.HasSuffix(said, "\n")
	})
}

func goRows() []row {
	start := func(way string) func(context.Context, *env) (*server, error) {
		return func(ctx context.Context, e *env) (*server, error) { return startGo(ctx, e, middle, way) }
	}
	return []row{
		{
			server: goServer, setup: "io.Copy", quick: true, start: start("copy"), load: whole(middle),
			want: want{
				technique: "^sendfile$", copies: 0, says: []string{"sendfile"},
				// net/http reads the first 512 bytes to tell the content's type.
				legs: []leg{{call: "sendfile", from: contentFile, to: socket, least: 16 << 10, most: callLimit, piece: callLimit, less: 512}},
			},
		},
		{
			server: goServer, setup: "io.CopyBuffer, ReadFrom hidden", quick: true, start: start("buffer"), load: whole(middle),
			want: want{
				technique: "^read-write$", copies: 2, says: []string{"2 CPU copies"},
				legs: []leg{
					{call: "read", from: contentFile, to: memory, agree: equalOnPath, piece: 64 << 10}, // the runtime reads an eventfd, too
					{call: "write", from: memory, to: socket, agree: equal, piece: 64 << 10},
				},
			},
		},
	}
}

// startPython starts the module of Python's own library.
func startPython(ctx context.Context, e *env) (*server, error) {
	root, err := e.content(middle)
	if err != nil {
		return nil, err
	}
	dir, err := e.fresh("python")
	if err != nil {
		return nil, err
	}
	addr, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	p, err := process.Launch(filepath.Join(dir, "log"), "python3", "-m", "http.server", "--bind", host, "--directory", root, port)
	if err != nil {
		return nil, err
	}
	return &server{Process: p, pid: p.PID(), addr: addr}, p.Accepts(ctx, addr)
}

func pythonRows() []row {
	return []row{{
		server: pythonServer, setup: "http.server", needs: []tool{python}, quick: true, start: startPython, load: whole(middle),
		want: want{
			technique: "^read-write$", copies: 2, says: []string{"2 CPU copies"},
			legs: []leg{
				{call: "read", from: contentFile, to: memory, agree: equal, piece: 64 << 10},
				{call: "sendto", from: memory, to: socket, agree: equal, piece: 64 << 10},
			},
		},
	}}
}
