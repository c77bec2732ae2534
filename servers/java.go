//go:build linux

package main

import (
	"context"
	"net"
	"path/filepath"
	"strconv"

	"copyscope/internal/process"
)

const (
	jdkServer    = "JDK"
	tomcatServer = "Apache Tomcat"
)

// jvmFlags keep frame pointers, by which call stacks are read from outside.
var jvmFlags = []string{"-Xmx256m", "-XX:+UseSerialGC", "-XX:+PreserveFramePointer", "-Xshare:auto"}

// startJava starts a Java program that serves at the port it is told.
func startJava(ctx context.Context, e *env, name string, args func(port, dir string) []string) (*server, error) {
	dir, err := e.fresh(name)
	if err != nil {
		return nil, err
	}
	addr, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	p, err := process.Launch(filepath.Join(dir, "log"), "java", append(jvmFlags, args(port, dir)...)...)
	if err != nil {
		return nil, err
	}
	return &server{Process: p, pid: p.PID(), addr: addr}, p.Accepts(ctx, addr)
}

func startJdk(ctx context.Context, e *env, bytes int64, certified bool) (*server, error) {
	root, err := e.content(bytes)
	if err != nil {
		return nil, err
	}
	return startJava(ctx, e, "jdk", func(port, _ string) []string {
		args := []string{"servers/java/JdkServer.java", port, filepath.Join(root, contentFile)}
		if certified {
			args = append(args, e.trust.Certificate, e.trust.Key)
		}
		return args
	})
}

func jdkRows() []row {
	start := func(bytes int64, certified bool) func(context.Context, *env) (*server, error) {
		return func(ctx context.Context, e *env) (*server, error) { return startJdk(ctx, e, bytes, certified) }
	}
	sendfile := want{
		technique: "^sendfile$", copies: 0, says: []string{"sendfile"},
		legs: []leg{{call: "sendfile", from: contentFile, to: socket, least: 64 << 10, most: callLimit, piece: callLimit}},
	}
	return []row{
		{server: jdkServer, setup: "FileChannel.transferTo, 256 MiB", needs: []tool{jdk}, quick: true, start: start(middle, false), load: whole(middle), want: sendfile},
		{server: jdkServer, setup: "FileChannel.transferTo, over 2 GiB", needs: []tool{jdk}, start: start(large, false), load: whole(large), want: sendfile},
		{
			server: jdkServer, setup: "FileChannel.transferTo, TLS by HttpsServer", needs: []tool{jdk}, quick: true,
			start: start(small, true), load: wholeTLS(small),
			want: want{
				technique: "^tls$", copies: 2, says: []string{"TLS"},
				legs: []leg{
					{call: "pread64", from: contentFile, to: memory, agree: equalOnPath, piece: 8 << 10},
					{call: "write", from: memory, to: socket, least: 1 << 10, most: 17 << 10, over: 0.02},
				},
			},
		},
	}
}

func tomcatRows() (rows []row) {
	start := func(useSendfile bool) func(context.Context, *env) (*server, error) {
		return func(ctx context.Context, e *env) (*server, error) {
			root, err := e.content(small)
			if err != nil {
				return nil, err
			}
			return startJava(ctx, e, "tomcat", func(port, dir string) []string {
				return []string{"-cp", filepath.Join(tomcatJars, "*"), "servers/java/TomcatServer.java", port, root, dir, strconv.FormatBool(useSendfile)}
			})
		}
	}
	return []row{
		{
			server: tomcatServer, setup: "default servlet, useSendfile on", needs: []tool{maven}, quick: true, start: start(true), load: whole(small),
			want: want{
				technique: "^sendfile$", copies: 0, says: []string{"sendfile"},
				legs: []leg{{call: "sendfile", from: contentFile, to: socket, least: 16 << 10, most: callLimit, piece: callLimit}},
			},
		},
		{
			server: tomcatServer, setup: "default servlet, useSendfile off", needs: []tool{maven}, quick: true, start: start(false), load: whole(small),
			want: want{
				technique: "^read-write$", copies: 2, says: []string{"useSendfile"},
				legs: []leg{
					{call: "read", from: contentFile, to: memory, agree: equalOnPath, piece: 2 << 10},
					{call: "write", from: memory, to: socket, least: 512, most: 64 << 10, piece: 8 << 10, over: 0.02, strays: 0.001},
				},
			},
		},
	}
}
