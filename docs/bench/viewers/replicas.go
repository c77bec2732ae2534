//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"copyscope/internal/kafkajars"
	"copyscope/internal/process"
	"copyscope/internal/served"
)

// replicas is how many servers give the talk.
const replicas = 3

// stage is a cluster, the servers of a talk and the balancer before them, each a
// process.
type stage struct {
	dir     string
	binary  string
	running []*process.Process
	broker  string // HOST:PORT
	servers []talkServer
	front   string // HOST:PORT of the balancer
}

type talkServer struct {
	*process.Process
	addr  string
	ready map[string]string
}

// end ends all, the last that was started first.
func (s *stage) end() {
	for i := len(s.running) - 1; i >= 0; i-- {
		s.running[i].Stop(syscall.SIGTERM)
	}
	os.RemoveAll(s.dir)
}

func (s *stage) launch(name, program string, args ...string) (*process.Process, error) {
	p, err := process.Launch(filepath.Join(s.dir, name+".log"), program, args...)
	if err == nil {
		s.running = append(s.running, p)
	}
	return p, err
}

// brokers are the clusters that the feed may be on, by their names.
var brokers = map[string]func(context.Context, *stage) (described string, err error){"copyscope": ours, "kafka": apacheKafka}

func ours(ctx context.Context, s *stage) (string, error) {
	var err error
	if s.broker, err = process.FreeAddress(); err != nil {
		return "", err
	}
	p, err := s.launch("broker", s.binary, "serve", "--http", "127.0.0.1:0", "--kafka-listen", s.broker, "--data", filepath.Join(s.dir, "data"))
	if err != nil {
		return "", err
	}
	return "copyscope serve", p.Accepts(ctx, s.broker)
}

func apacheKafka(ctx context.Context, s *stage) (string, error) {
	if err := kafkajars.Collect(ctx); err != nil {
		return "", err
	}
	version, err := kafkajars.Version()
	if err != nil {
		return "", err
	}
	controller, err := process.FreeAddress()
	if err != nil {
		return "", err
	}
	if s.broker, err = process.FreeAddress(); err != nil {
		return "", err
	}
	dir := filepath.Join(s.dir, "kafka")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	p, err := kafkajars.Broker{Dir: dir, Controller: controller, Flags: append([]string{"-Dlog4j2.disable.jmx=true"}, kafkajars.ToolFlags...),
		Lines: fmt.Sprintf("listeners=PLAINTEXT://%[1]s,CONTROLLER://%[2]s\nadvertised.listeners=PLAINTEXT://%[1]s\n", s.broker, controller)}.Start(ctx)
	if err != nil {
		return "", err
	}
	s.running = append(s.running, p)
	return "Apache Kafka " + version, p.Accepts(ctx, s.broker)
}

// serve starts the servers of the talk, as an operator does: with the same flags.
func (s *stage) serve(ctx context.Context) error {
	token := filepath.Join(s.dir, "token")
	if err := os.WriteFile(token, []byte("benchbenchbenchbenchbench\n"), 0o600); err != nil {
		return err
	}
	for i := range replicas {
		file := filepath.Join(s.dir, fmt.Sprintf("ready-%d.json", i))
		p, err := s.launch(fmt.Sprintf("server-%d", i), s.binary, "talk", "--feed", "kafka://"+s.broker+"/bench", "--token-file", token, "--http", "127.0.0.1:0", "--ready-file", file)
		if err != nil {
			return err
		}
		t := talkServer{Process: p}
		if err := p.Until(ctx, "served", func() bool {
			text, err := os.ReadFile(file)
			return err == nil && json.Unmarshal(text, &t.ready) == nil
		}); err != nil {
			return err
		}
		t.addr = strings.TrimPrefix(t.ready["web"], "http://")
		s.servers = append(s.servers, t)
	}
	return nil
}

// haproxy is the balancer's configuration: it joins connections and knows nothing of
// what goes over them. A server that takes no connection is left out at once.
const haproxy = `global
  maxconn 8000
defaults
  mode tcp
  timeout connect 1s
  timeout client 1h
  timeout server 1h
  retries 3
  option redispatch 1
frontend talk
  bind %s
  default_backend servers
backend servers
  balance leastconn
%s`

// balance starts the balancer.
func (s *stage) balance(ctx context.Context) error {
	var err error
	if s.front, err = process.FreeAddress(); err != nil {
		return err
	}
	var servers strings.Builder
	for i, t := range s.servers {
		fmt.Fprintf(&servers, "  server s%d %s check inter 500ms fall 1\n", i, t.addr)
	}
	config := filepath.Join(s.dir, "haproxy.cfg")
	if err := os.WriteFile(config, fmt.Appendf(nil, haproxy, s.front, servers.String()), 0o644); err != nil {
		return err
	}
	p, err := s.launch("haproxy", "haproxy", "-db", "-f", config)
	if err != nil {
		return fmt.Errorf("%w: the balancer is haproxy; install it", err)
	}
	return p.Accepts(ctx, s.front)
}

// open builds all of it on one of the brokers.
func open(ctx context.Context, b *served.Binary, broker string) (s *stage, described string, err error) {
	dir, err := os.MkdirTemp("", "copyscope-viewers-")
	if err != nil {
		return nil, "", err
	}
	s = &stage{dir: dir, binary: b.Path}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	described, err = brokers[broker](ctx, s)
	for _, step := range []func(context.Context) error{s.serve, s.balance} {
		if err == nil {
			err = step(ctx)
		}
	}
	if err != nil {
		s.end()
	}
	return s, described, err
}
