//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/internal/kafkajars"
	"copyscope/internal/process"
)

// server is a broker that can be stopped and started again on its directory.
type server struct {
	addr, data string
	begin      func(context.Context) (*process.Process, error)
	running    *process.Process
}

// start starts it and waits until it serves.
func (s *server) start(ctx context.Context) (err error) {
	if s.running, err = s.begin(ctx); err != nil {
		return err
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(s.addr), kgo.RetryTimeout(time.Second))
	if err != nil {
		return err
	}
	defer client.Close()
	return s.running.Until(ctx, "answered", func() bool {
		// Before Kafka is in its own cluster, it names no broker.
		brokers, err := kadm.NewClient(client).ListBrokers(ctx)
		return err == nil && len(brokers) == 1
	})
}

// stop ends it as an operator does.
func (s *server) stop() error {
	if s.running == nil {
		return nil
	}
	p := s.running
	s.running = nil
	return p.Stop(syscall.SIGTERM)
}

// kafka is a new Apache Kafka in a directory of its own.
func kafka(dir string) (*server, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	addr, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	controller, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	b := kafkajars.Broker{Dir: dir, Controller: controller, Flags: append([]string{"-Dlog4j2.disable.jmx=true"}, kafkajars.ToolFlags...),
		Lines: fmt.Sprintf("listeners=PLAINTEXT://%[1]s,CONTROLLER://%[2]s\nadvertised.listeners=PLAINTEXT://%[1]s\n", addr, controller)}
	s := &server{addr: addr, data: b.Logs()}
	s.begin = func(ctx context.Context) (*process.Process, error) {
		if _, err := os.Stat(b.Logs()); err == nil {
			return b.Again()
		}
		return b.Start(ctx)
	}
	return s, nil
}

// copyscope is ours, on a new directory.
func copyscope(binary, dir string) (*server, error) {
	addr, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	s := &server{addr: addr, data: filepath.Join(dir, "data")}
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "server.properties")
	if err := os.WriteFile(config, []byte("log.retention.ms=-1\n"), 0o644); err != nil {
		return nil, err
	}
	s.begin = func(context.Context) (*process.Process, error) {
		return process.Launch(filepath.Join(dir, "log"), binary, "serve", "--http", "127.0.0.1:0", "--kafka-listen", addr, "--data", s.data, "--config", config)
	}
	return s, nil
}
