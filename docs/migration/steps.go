//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"copyscope/internal/process"
)

// move is one way of moving, with its brokers.
type move struct {
	dir, bin, binary string
	blocks           map[string]string
	kafka, copyscope *server
	kafkas           int // how many there were
}

// step is one thing that is done. blocks are those of the page that it runs.
type step struct {
	name   string
	blocks []string
	do     func(context.Context, *move) error
}

// commands runs blocks of the page in one shell.
func commands(names ...string) step {
	return step{strings.Join(names, ", "), names, func(ctx context.Context, m *move) error {
		return m.shell(ctx, m.kafka, m.copyscope, names)
	}}
}

// exchanged runs them with Kafka in copyscope's place, and copyscope in Kafka's.
func exchanged(names ...string) step {
	return step{strings.Join(names, ", ") + ", exchanged", names, func(ctx context.Context, m *move) error {
		return m.shell(ctx, m.copyscope, m.kafka, names)
	}}
}

// namesBlock has the page's variables and functions, which all other blocks use.
const namesBlock = "names"

// shellLimit is how long blocks may take: a mirror's start, and records for seconds.
const shellLimit = 5 * time.Minute

// shell runs blocks after the page's variables, with the values of this run.
func (m *move) shell(ctx context.Context, kafka, copyscope *server, names []string) error {
	script := "set -euo pipefail\n" + m.blocks[namesBlock] +
		fmt.Sprintf("KAFKA=%s KAFKA_LOGS=%s COPYSCOPE=%s COPYSCOPE_DATA=%s TOPICS=%s GROUP=%s\n", kafka.addr, kafka.data, copyscope.addr, copyscope.data, topic, readers)
	for _, name := range names {
		script += m.blocks[name]
	}
	ctx, cancel := context.WithTimeoutCause(ctx, shellLimit, fmt.Errorf("not done within %v", shellLimit))
	defer cancel()
	c := exec.CommandContext(ctx, "bash", "-c", script)
	// What it left in the background, MirrorMaker, ends with it.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	group := func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.Cancel, c.WaitDelay = group, time.Second
	c.Dir = m.dir
	c.Env = append(os.Environ(), "PATH="+m.bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := c.CombinedOutput()
	if c.Process != nil {
		group() // there may be nobody left
	}
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		mirror, _ := os.ReadFile(filepath.Join(m.dir, "mirror.log"))
		return fmt.Errorf("%w\n%s%s", err, process.End(string(out)), process.End(string(mirror)))
	}
	return nil
}

var (
	newKafka = step{name: "another Kafka", do: func(_ context.Context, m *move) (err error) {
		m.kafkas++
		m.kafka, err = kafka(filepath.Join(m.dir, fmt.Sprint("kafka", m.kafkas)))
		return err
	}}
	kafkaStarts     = step{name: "Kafka starts", do: func(ctx context.Context, m *move) error { return m.kafka.start(ctx) }}
	kafkaStops      = step{name: "Kafka stops", do: func(_ context.Context, m *move) error { return m.kafka.stop() }}
	copyscopeStarts = step{name: "copyscope starts", do: func(ctx context.Context, m *move) error { return m.copyscope.start(ctx) }}
	copyscopeStops  = step{name: "copyscope stops", do: func(_ context.Context, m *move) error { return m.copyscope.stop() }}
)
