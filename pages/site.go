package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// site is a copyscope that serves, with something in its broker to show.
type site struct {
	Web, Kafka string
	command    *exec.Cmd
	dir        string
}

// patience bounds each wait for the server and for a page.
const patience = 30 * time.Second

// serveSite builds the command, serves and fills the broker. What the server says
// goes to stderr.
func serveSite(ctx context.Context) (s *site, err error) {
	dir, err := os.MkdirTemp("", "copyscope-pages-")
	if err != nil {
		return nil, err
	}
	s = &site{dir: dir}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	binary := filepath.Join(dir, "copyscope")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "copyscope/cmd/copyscope")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return s, fmt.Errorf("go build: %w", err)
	}
	ready := filepath.Join(dir, "ready.json")
	s.command = exec.Command(binary, "serve", "--http", "127.0.0.1:0", "--kafka-listen", "127.0.0.1:0",
		"--data", filepath.Join(dir, "data"), "--ready-file", ready, "--log-level", "error")
	s.command.Stderr = os.Stderr
	if err := s.command.Start(); err != nil {
		return s, err
	}
	var at map[string]string
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if text, err := os.ReadFile(ready); err == nil && json.Unmarshal(text, &at) == nil {
			break
		}
		if time.Now().After(end) {
			return s, fmt.Errorf("copyscope serve has not told its addresses within %v", patience)
		}
	}
	s.Web, s.Kafka = at["web"], at["kafka"]
	if err := s.openTalk(ctx); err != nil {
		return s, err
	}
	return s, s.fill(ctx)
}

// The talk that is open has links that are known before.
const (
	talkCode  = "pages2"
	talkToken = "pages-are-looked-at-here"
)

// openTalk opens a talk, as a speaker's page does after a restart.
func (s *site) openTalk(ctx context.Context) error {
	body := fmt.Sprintf(`{"code":%q,"token":%q,"deck":"zero-copy"}`, talkCode, talkToken)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Web+"/talk/restore", strings.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		return fmt.Errorf("open a talk: %s", answer.Status)
	}
	return nil
}

// fill gives the broker a topic with records, and a group that has read some.
func (s *site) fill(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(s.Kafka), kgo.DefaultProduceTopic("orders"), kgo.ConsumeTopics("orders"), kgo.ConsumerGroup("billing"))
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopic(ctx, 2, 1, nil, "orders"); err != nil {
		return fmt.Errorf("create topic orders: %w", err)
	}
	for i := range 2000 {
		value := fmt.Sprintf(`{"order":%d,"item":"book","pages":%d}`, i, 100+i%300)
		client.Produce(ctx, &kgo.Record{Key: fmt.Appendf(nil, "customer-%d", i%17), Value: []byte(value),
			Headers: []kgo.RecordHeader{{Key: "trace", Value: fmt.Appendf(nil, "%08x", i)}}}, nil)
	}
	if err := client.Flush(ctx); err != nil {
		return fmt.Errorf("produce to orders: %w", err)
	}
	if fetches := client.PollRecords(ctx, 500); fetches.Err() != nil {
		return fmt.Errorf("consume from orders: %w", fetches.Err())
	}
	return client.CommitUncommittedOffsets(ctx)
}

// stop ends the server and removes what was made.
func (s *site) stop() error {
	defer os.RemoveAll(s.dir)
	if s.command == nil || s.command.Process == nil {
		return nil
	}
	s.command.Process.Signal(syscall.SIGTERM)
	var exit *exec.ExitError
	if err := s.command.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}
