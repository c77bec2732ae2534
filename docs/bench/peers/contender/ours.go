//go:build linux

package contender

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"copyscope/docs/bench/peers/contender/name"
	"copyscope/internal/load"
	"copyscope/internal/process"
)

// ours is a broker of ours whose topics are fetched by a path.
func ours(name, path string) Contender {
	return Contender{Name: name, Settings: "copyscope serve, copyscope.fetch.path=" + path + "; a deleted topic's files go after a second", Protocol: Kafka, TLS: true,
		Configs: map[string]string{"copyscope.fetch.path": path, "file.delete.delay.ms": "1000"}, start: startOurs}
}

func startOurs(ctx context.Context, e *Env, s *Server) (*process.Process, error) {
	ready := filepath.Join(s.Dir, "ready")
	args := []string{"serve", "--http", "127.0.0.1:0", "--kafka-listen", "127.0.0.1:0", "--kafka-max-connections", "15000",
		"--data", s.Data, "--ready-file", ready, "--log-level", "warn"}
	if e.Secure {
		args = append(args, "--kafka-tls-listen", "127.0.0.1:0", "--kafka-tls-cert", e.Trust.Certificate, "--kafka-tls-key", e.Trust.Key)
	}
	p, err := process.Launch(s.log(), filepath.Join(e.Bin, "copyscope"), args...)
	if err != nil {
		return nil, err
	}
	return p, p.Until(ctx, "wrote its ready file", func() bool {
		var at struct {
			Kafka string `json:"kafka"`
			TLS   string `json:"kafka_tls"`
		}
		text, err := os.ReadFile(ready)
		if err != nil || json.Unmarshal(text, &at) != nil {
			return false
		}
		if s.Address = at.Kafka; e.Secure {
			s.Address = at.TLS
		}
		return true
	})
}

// launchBare starts a bare server, which ends with its standard input, as
// [Server.Close] ends it by a signal.
func launchBare(ctx context.Context, e *Env, s *Server, args ...string) (*process.Process, error) {
	c := exec.Command(filepath.Join(e.Bin, "copyscope"), append([]string{"bench", "bare"}, args...)...)
	open, hold, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c.Stdin = open
	p, err := process.Begin(s.log(), c)
	open.Close()
	if err != nil {
		hold.Close()
		return nil, err
	}
	s.hold = hold
	return p, p.Until(ctx, "said where it serves", func() bool {
		s.Address, _, _ = strings.Cut(p.Said(), "\n")
		return strings.Contains(p.Said(), "\n")
	})
}

func startRelay(ctx context.Context, e *Env, s *Server) (*process.Process, error) {
	if err := os.Mkdir(s.Data, 0o755); err != nil {
		return nil, err
	}
	return launchBare(ctx, e, s, "relay", s.Data)
}

// What the bare loop sends was written by the bare relay: the batches of every
// other server's fill, in one file for each partition.
const (
	// BarePartitions is how many partitions it has.
	BarePartitions = 4
	// BareBytes is the size of all together.
	BareBytes = 256 << 20

	sendfileChunk = "1MiB" // what a call asks for, as the broker's do
)

func startSendfile(ctx context.Context, e *Env, s *Server) (p *process.Process, err error) {
	relay, err := Contender{Name: name.BareRelay, Protocol: Bare, start: startRelay}.Start(ctx, &Env{Dir: s.Dir, Bin: e.Bin})
	if err != nil {
		return nil, err
	}
	_, err = load.ProduceOnce(ctx, relay.Target, load.BareTopic(relay.Address, BarePartitions), load.ProduceOptions{
		RecordBytes: 1 << 10, BatchBytes: 64 << 10, Acks: 1, Outstanding: 4, Producers: BarePartitions, Amount: load.Amount{Bytes: BareBytes}})
	if err == nil {
		err = os.Rename(relay.Data, s.Data)
	}
	if closed := relay.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, fmt.Errorf("the bare loop's files: %w", err)
	}
	args := []string{"sendfile", sendfileChunk}
	for n := range BarePartitions {
		args = append(args, filepath.Join(s.Data, fmt.Sprintf("%d.log", n)))
	}
	return launchBare(ctx, e, s, args...)
}
