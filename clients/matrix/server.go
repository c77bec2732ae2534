package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// env is what rows work with.
type env struct {
	kit      *kit
	dir      string // for files of this run, removed at its end
	server   string // copyscope or kafka
	binary   string // copyscope, built
	brokers  string // address of the server under test
	external bool   // it runs already, and elsewhere

	securing sync.Mutex
	secured  *secured // nil until a row needs it
}

// server is a running broker that can be stopped and started again.
type server struct {
	addr   string
	data   string // its data directory
	cmd    *exec.Cmd
	exited chan error
	log    string // file of what it wrote
}

// prepareServer builds the server under test, if it is ours.
func (e *env) prepareServer(ctx context.Context) error {
	switch e.server {
	case "kafka":
		if missing := e.kit.missing([]tool{java}); missing != "" {
			return errors.New("--server kafka needs " + missing)
		}
		return nil
	case "copyscope":
		e.binary = filepath.Join(e.dir, "copyscope")
		_, err := command(ctx, "", "go", "build", "-o", e.binary, "./cmd/copyscope")
		return err
	}
	return fmt.Errorf("--server %s: it is copyscope or kafka", e.server)
}

// start starts a server of the kind under test on the directory of that name.
// What prepare does, it does to the directory before.
func (e *env) start(ctx context.Context, name string, prepare func(data string) error) (*server, error) {
	if e.server == "kafka" {
		return e.startKafka(ctx, name, prepare)
	}
	s, _, err := e.launchCopyscope(ctx, name, prepare)
	return s, err
}

// oftenHeard lets members of consumer groups be heard of as often as the clients
// tell those of classic groups to be: a rebalance takes some heartbeats, which by
// default are 5 s apart.
const oftenHeard = `group.consumer.min.heartbeat.interval.ms=300
group.consumer.heartbeat.interval.ms=300
`

// launchCopyscope starts one with more flags, and tells the address of its TLS
// listener if those ask for it.
func (e *env) launchCopyscope(ctx context.Context, name string, prepare func(data string) error, flags ...string) (_ *server, tls string, _ error) {
	s := &server{data: filepath.Join(e.dir, name), log: filepath.Join(e.dir, name+".log")}
	if err := os.MkdirAll(s.data, 0o755); err != nil {
		return nil, "", err
	}
	if prepare != nil {
		if err := prepare(s.data); err != nil {
			return nil, "", err
		}
	}
	config, ready := filepath.Join(e.dir, name+".properties"), filepath.Join(e.dir, name+".json")
	if err := os.WriteFile(config, []byte(oftenHeard), 0o644); err != nil {
		return nil, "", err
	}
	err := s.launch(e.binary, append([]string{"serve", "--config", config, "--http", "127.0.0.1:0", "--kafka-listen", "127.0.0.1:0", "--data", s.data, "--ready-file", ready}, flags...)...)
	if err != nil {
		return nil, "", err
	}
	err = s.until(ctx, "writes its ready file", func() bool {
		text, err := os.ReadFile(ready)
		var at struct {
			Kafka string
			TLS   string `json:"kafka_tls"`
		}
		if err != nil || json.Unmarshal(text, &at) != nil {
			return false
		}
		s.addr, tls = at.Kafka, at.TLS
		return true
	})
	return s, tls, err
}

// launch starts the program with its output in the log.
func (s *server) launch(name string, args ...string) error {
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd = exec.Command(name, args...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.exited = make(chan error, 1)
	go func() { s.exited <- s.cmd.Wait() }()
	return nil
}

// startLimit is how long a server may take to serve.
const startLimit = 60 * time.Second

// until waits until the started server does what is asked.
func (s *server) until(ctx context.Context, what string, does func() bool) error {
	deadline := time.After(startLimit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !does() {
		select {
		case err := <-s.exited:
			s.exited <- err
			return fmt.Errorf("the server ended before it %s: %v\n%s", what, err, s.said())
		case <-deadline:
			return errors.Join(fmt.Errorf("not within %v: the server %s\n%s", startLimit, what, s.said()), s.stop())
		case <-ctx.Done():
			return errors.Join(ctx.Err(), s.stop())
		case <-tick.C:
		}
	}
	return nil
}

// said is what is of interest in the server's log.
func (s *server) said() string {
	text, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return ends(string(text))
}

// stop ends the server as an operator does; it must end by itself. Kafka ends
// with 143, as Java does after SIGTERM.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-s.exited:
		s.exited <- err
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == 143 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the server ended with %w\n%s", err, s.said())
		}
		return nil
	case <-time.After(30 * time.Second):
		s.cmd.Process.Kill()
		s.exited <- <-s.exited // it writes no more to the directory that is removed next
		return fmt.Errorf("the server did not end within 30 s of SIGTERM\n%s", s.said())
	}
}
