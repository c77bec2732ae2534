package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"copyscope/broker"
	"copyscope/internal/host"
	"copyscope/internal/load"
	"copyscope/web"
)

// labPartitions is how many partitions the topic for the load has: a connection
// has one request under way for each.
const labPartitions = 4

// labSpare is what filling a topic has to leave free on the broker's disk, in bytes:
// nobody else is to run out of room by it.
const labSpare = 64 << 20

// shownLoad is the load that the live page puts on the broker: `copyscope bench`
// in a process of its own, so that the processor time of the consumer is not in
// that of the broker.
type shownLoad struct{ kafka *broker.Broker }

// newShownLoad is nil where a load would leave loopback.
func newShownLoad(kafka *broker.Broker) web.FetchLoad {
	at, ok := kafka.PlainAddr().(*net.TCPAddr)
	if !ok || !at.IP.IsLoopback() {
		return nil
	}
	return shownLoad{kafka}
}

func (l shownLoad) Paths() []string { return broker.FetchPaths() }

func (l shownLoad) SetFetchPath(ctx context.Context, topic, path string) (string, error) {
	return l.kafka.AlterFetchPath(ctx, topic, path)
}

func (l shownLoad) Fill(ctx context.Context, topic string, size int64) error {
	for _, t := range l.kafka.Topics() {
		if t.Name != topic {
			continue
		}
		for _, p := range t.Partitions {
			size -= p.Bytes
		}
	}
	if free := l.kafka.UsableBytes(); size > 0 && free >= 0 && free < size+labSpare {
		return fmt.Errorf("topic %s would take %d MiB of the broker's disk, of which %d MiB are free, and is to leave %d MiB; make room, or choose another topic",
			topic, size>>20, free>>20, labSpare>>20)
	}
	if err := load.EnsureTopic(ctx, l.address(), topic, labPartitions); err != nil || size <= 0 {
		return err
	}
	_, err := l.bench(ctx, "produce", topic, "--bytes", strconv.FormatInt(size, 10)+"B")
	return err
}

func (l shownLoad) Fetch(ctx context.Context, topic string, size int64, d time.Duration) (string, error) {
	return l.bench(ctx, "fetch", topic, "--bytes", strconv.FormatInt(size, 10)+"B", "--duration", d.String(), "--outstanding", strconv.Itoa(labPartitions))
}

func (l shownLoad) address() string { return l.kafka.PlainAddr().String() }

// bench runs one benchmark of this program against the broker, and gives the
// congestion control that its sockets had. If ctx ends, its cause is the error.
func (l shownLoad) bench(ctx context.Context, kind, topic string, args ...string) (congestion string, err error) {
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	args = append([]string{"bench", kind, "--json", "--brokers", l.address(), "--topic", topic, "--server-pid", strconv.Itoa(os.Getpid())}, args...)
	c := exec.CommandContext(ctx, program, args...)
	var out, complaint bytes.Buffer
	c.Stdout, c.Stderr = &out, &complaint
	if runtime.GOOS != "windows" {
		c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	}
	c.WaitDelay = 2 * time.Second
	err = c.Run()
	var report struct {
		Congestion string `json:"congestion"`
	}
	if json.Unmarshal(out.Bytes(), &report) != nil {
		report.Congestion = ""
	}
	switch {
	case ctx.Err() != nil:
		return report.Congestion, context.Cause(ctx)
	case err != nil:
		said := strings.TrimSpace(complaint.String())
		if at := strings.LastIndexByte(said, '\n'); at >= 0 {
			said = said[at+1:]
		}
		return "", fmt.Errorf("copyscope bench %s: %w: %.300s", kind, err, said)
	}
	return report.Congestion, nil
}

// traffic is what the broker has moved, and what this process took for it.
func traffic(kafka *broker.Broker) web.Traffic {
	now := kafka.Traffic()
	t := web.Traffic{Fetches: now.Fetches, Produces: now.Produces, Received: now.BytesIn, CPU: -1, Paths: map[string]web.PathTraffic{}}
	for _, p := range now.Paths {
		sum := t.Paths[p.Path]
		sum.Bytes += p.Bytes
		for _, n := range p.SyscallsByName {
			sum.Syscalls += n
		}
		t.Paths[p.Path] = sum
	}
	if used, err := host.ReadProcessUsage(); err == nil {
		t.CPU, t.Switches = used.CPU, used.Switches
	}
	return t
}
