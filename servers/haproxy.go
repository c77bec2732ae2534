//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"copyscope/internal/process"
)

const haproxyServer = "HAProxy"

// haproxyConfig relays TCP with one thread. Its pipes have the kernel's 16
// pages.
const haproxyConfig = `global
  nbthread 1
  maxconn 64
defaults
  mode tcp
  timeout connect 10s
  timeout client 60s
  timeout server 60s
  %s
frontend front
  bind %s
  default_backend back
backend back
  server origin %s
`

// startHAProxy starts a HAProxy before the Go file server.
func startHAProxy(ctx context.Context, e *env, option string) (*server, error) {
	origin, err := startGo(ctx, e, middle, "copy")
	if err != nil {
		return nil, err
	}
	dir, err := e.fresh("haproxy")
	if err != nil {
		return nil, err
	}
	addr, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(config, fmt.Appendf(nil, haproxyConfig, option, addr, origin.addr), 0o644); err != nil {
		return nil, err
	}
	p, err := process.Launch(filepath.Join(dir, "log"), "haproxy", "-db", "-f", config)
	if err != nil {
		return nil, err
	}
	return &server{Process: p, pid: p.PID(), addr: addr, also: []*process.Process{origin.Process}}, p.Accepts(ctx, addr)
}

// haproxyRows have no splice-auto: it splices only where HAProxy takes a
// connection for a fast stream, which depends on who was quicker.
func haproxyRows() (rows []row) {
	copied := want{
		technique: "^relay-copy$", says: []string{"(?i)splice|splic"}, copies: 2,
		legs: []leg{
			{call: "recvfrom", from: socket, to: memory, least: 256, most: 16 << 10},
			{call: "sendto", from: memory, to: socket, least: 256, most: 16 << 10},
		},
	}
	spliced := want{
		technique: "^relay-splice$", says: []string{"(?i)splic"},
		legs: []leg{
			{call: "splice", from: socket, to: pipe, least: 1 << 10, most: 16 << 20},
			{call: "splice", from: pipe, to: socket, least: 1 << 10, most: 16 << 20},
		},
	}
	for _, s := range []struct {
		setup, option string
		want          want
	}{
		{"TCP, no splice", "", copied},
		{"TCP, option splice-response", "option splice-response", spliced},
	} {
		rows = append(rows, row{
			server: haproxyServer, setup: s.setup, needs: []tool{haproxy}, quick: true, load: whole(middle), want: s.want,
			start: func(ctx context.Context, e *env) (*server, error) { return startHAProxy(ctx, e, s.option) },
		})
	}
	return rows
}
