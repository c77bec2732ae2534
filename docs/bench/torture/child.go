//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"copyscope/broker"
	"copyscope/docs/bench/victim"
)

// childEnv makes this program the broker that is tortured: it has the life that the
// child is to have, as JSON.
const childEnv = "COPYSCOPE_TORTURE_CHILD"

// life is what a broker's process is started with.
type life struct {
	Listen, Advertised string
	Dir, Ready         string
	Properties         map[string]string
	Bug                string
}

// command starts a child of this program.
func (l life) command(b *victim.Broker) *exec.Cmd {
	l.Listen, l.Dir, l.Ready = b.Address, b.Data(), b.Ready()
	text, _ := json.Marshal(l) // strings alone
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), childEnv+"="+string(text))
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
	b, err := broker.Open(ctx, broker.Config{
		Listen: l.Listen, Advertised: l.Advertised, Dir: l.Dir,
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
