//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"copyscope/broker"
	"copyscope/docs/bench/torture/disk"
	"copyscope/docs/bench/victim"
)

// childEnv makes this program the broker that is tortured: it has the life that the
// child is to have, as JSON.
const childEnv = "COPYSCOPE_TORTURE_CHILD"

// life is what a broker's process is started with.
type life struct {
	Listen, Advertised string
	Dir, Disk, Ready   string
	Properties         map[string]string
	Bug                string
	Clock              time.Duration // how far the clock of the logs is off
}

// order is what the child is told over its standard input while it serves.
type order struct {
	Rules []disk.Rule
	Clock time.Duration
}

// command is a child of this program, which takes orders from the reader.
func (l life) command(b *victim.Broker, orders io.Reader) *exec.Cmd {
	l.Listen, l.Dir, l.Ready = b.Address, b.Data(), b.Ready()
	text, _ := json.Marshal(l) // strings and numbers alone
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	cmd.Stdin = orders
	return cmd
}

// beChild is a broker until SIGTERM.
func beChild(text string) error {
	var l life
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		return fmt.Errorf("%s=%q: %w; it is set by the program itself", childEnv, text, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	layer, err := disk.New(l.Dir, l.Disk)
	if err != nil {
		return err
	}
	files := &disk.Faulty{FS: layer}
	if broken := bugs[l.Bug].files; broken != nil {
		files.FS = broken(layer)
	}
	var off atomic.Int64
	off.Store(int64(l.Clock))
	go obey(os.Stdin, files, &off)
	b, err := broker.Open(ctx, broker.Config{
		Listen: l.Listen, Advertised: l.Advertised, Dir: l.Dir, Files: files, Now: func() time.Time { return time.Now().Add(time.Duration(off.Load())) },
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Defaults: l.Properties,
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(l.Ready, nil, 0o644); err != nil {
		return err
	}
	return b.Serve(ctx)
}

func obey(from io.Reader, files *disk.Faulty, off *atomic.Int64) {
	for orders := json.NewDecoder(from); ; {
		var o order
		if orders.Decode(&o) != nil {
			return
		}
		files.Set(o.Rules)
		off.Store(int64(o.Clock))
	}
}
