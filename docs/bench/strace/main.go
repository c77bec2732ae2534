//go:build linux

// Command strace holds what strace(1) sees of fetches against what the broker
// tells of the same ones in /metrics, which adds up its events. A topic of BYTES
// (default 64 MiB) is fetched on each path, which is altered while the broker
// runs, and over TLS, each time on one connection and with the same requests:
//
//	call                  compared: calls and bytes
//	the path's own        those on the connection's socket and on the segment (or
//	                      the pipe between them) with the broker's
//	                      copyscope_fetch_syscalls_total and
//	                      copyscope_fetch_socket_bytes_total
//	sendmsg, on the       with the heads of the answers, as the client counted
//	socket                them: all of an answer that is not records
//	pread64, on the       on sendfile these find where an answer's batches begin;
//	segment               the other paths make the same, and read-write and TLS
//	                      their own beside them
//
// Over TLS a head is sealed and goes by write(2), as a record of TLS 1.3: 22
// bytes more. A call that found the socket full (EAGAIN) is a call of 0 bytes.
// All must be equal, the bytes of records that the client got too; and what any
// other read, write or send of the process moves must be below 2 % of them.
//
// It needs strace and the right to trace (root, or kernel.yama.ptrace_scope 0).
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"copyscope/internal/selfsigned"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "strace:", err)
		stop()
		os.Exit(1)
	}
}

const topic = "strace"

func run(ctx context.Context, args []string) error {
	bytes := int64(64 << 20)
	if len(args) > 0 {
		var err error
		if bytes, err = strconv.ParseInt(args[0], 10, 64); err != nil || bytes < 1<<20 || len(args) > 1 {
			return fmt.Errorf("the arguments %q are not one number of bytes, at least 1048576", args)
		}
	}
	if _, err := exec.LookPath("strace"); err != nil {
		return fmt.Errorf("strace is missing, so nothing was proved; install the package strace: %w", err)
	}
	dir, err := os.MkdirTemp("", "copyscope-strace-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	trust, err := selfsigned.Make(dir)
	if err != nil {
		return err
	}
	b, err := serve(ctx, dir, trust)
	if err != nil {
		return err
	}
	defer b.stop()
	if err := fill(ctx, b.Kafka, bytes); err != nil {
		return fmt.Errorf("fill the topic: %w", err)
	}
	client := trust.Client()
	client.MinVersion = tls.VersionTLS13 // whose records the sums know
	proof := proof{broker: b, dir: dir, trust: client, bytes: bytes}
	for _, s := range scenes {
		if err := proof.play(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	if proof.wrong > 0 {
		return fmt.Errorf("%d comparisons failed", proof.wrong)
	}
	return nil
}

// server is the broker that is watched, and its addresses.
type server struct {
	process   *exec.Cmd
	Web       string `json:"web"`
	Kafka     string `json:"kafka"`
	KafkaTLS  string `json:"kafka_tls"`
	dir, said string
}

func serve(ctx context.Context, dir string, trust selfsigned.Trust) (*server, error) {
	binary, ready := filepath.Join(dir, "copyscope"), filepath.Join(dir, "ready")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/copyscope").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	b := &server{dir: filepath.Join(dir, "data"), said: filepath.Join(dir, "serve.log")}
	log, err := os.Create(b.said)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	b.process = exec.Command(binary, "serve", "--http", "127.0.0.1:0", "--kafka-listen", "127.0.0.1:0", "--kafka-tls-listen", "127.0.0.1:0",
		"--kafka-tls-cert", trust.Certificate, "--kafka-tls-key", trust.Key, "--data", b.dir, "--ready-file", ready)
	b.process.Stdout, b.process.Stderr = log, log
	b.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := b.process.Start(); err != nil {
		return nil, err
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
		if text, err := os.ReadFile(ready); err == nil {
			return b, json.Unmarshal(text, b)
		}
	}
	b.stop()
	text, _ := os.ReadFile(b.said)
	return nil, fmt.Errorf("copyscope serve did not become ready:\n%s", text)
}

func (b *server) stop() {
	b.process.Process.Kill()
	b.process.Wait()
}
