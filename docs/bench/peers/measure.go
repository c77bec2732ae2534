//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/prometheus/procfs"

	"copyscope/docs/bench/peers/contender"
	"copyscope/docs/bench/peers/report"
	"copyscope/docs/bench/peers/result"
	"copyscope/internal/host"
	"copyscope/internal/ownnet"
	"copyscope/internal/selfsigned"
)

// congestion is that of every connection: it does not pace, as bbr does.
const congestion = "cubic"

// measure is the whole, in the namespace.
func (o *options) measure(ctx context.Context) error {
	if err := errors.Join(ownnet.Up(), ownnet.Congestion(congestion)); err != nil {
		return err
	}
	dir := os.Getenv(dirVariable)
	all := result.All{Machine: result.Machine{Schema: 1, Host: host.ReadFacts(dir), Go: runtime.Version(), Date: time.Now().UTC().Format(time.DateOnly),
		Rounds: o.rounds, TurnSeconds: o.seconds}}
	var err error
	if all.Machine.Congestion, err = ownnet.Used(); err != nil {
		return err
	}
	if all.Machine.MemoryBytes, err = memory(); err != nil {
		return err
	}
	trust, err := selfsigned.Make(dir)
	if err != nil {
		return err
	}
	absent, err := readFailed(failedFile(dir))
	if err != nil {
		return err
	}
	for _, c := range o.contenders {
		if why := c.Lacks(); why != "" {
			absent[c.Name] = why
		}
		info := result.Server{Name: c.Name, Settings: c.Settings, Absent: absent[c.Name]}
		if info.Absent == "" {
			info.Version = c.Version(ctx, binDir(dir))
		}
		all.Machine.Servers = append(all.Machine.Servers, info)
	}
	if o.add {
		if err := o.before.Machine.Same(all.Machine); err != nil {
			return notTheSame(err)
		}
	}
	for _, w := range o.load {
		all.Files = append(all.Files, result.File{Schema: 1, Workload: w})
	}
	began := time.Now()
	for run := range o.runs {
		t := &table{options: o, servers: &pool{env: contender.Env{Dir: dir, Bin: binDir(dir), Trust: trust}}, absent: absent, run: run + 1}
		err := t.all(ctx, all.Files, func() error {
			if o.add {
				return nil // a part of a run is no run
			}
			return o.store(all)
		})
		if err = errors.Join(err, t.servers.close()); err != nil {
			return err
		}
	}
	all.Machine.TookSeconds = time.Since(began).Round(time.Second).Seconds()
	if o.add {
		if err := o.before.Add(all); err != nil {
			return notTheSame(err)
		}
		all = o.before
	}
	return o.finish(all)
}

func notTheSame(err error) error {
	return fmt.Errorf("-add: %w; leave the flag out to store these runs alone", err)
}

// place is where the report belongs; empty if it is printed.
func (o *options) place() string {
	if o.out == "" && (o.whole() || o.report) {
		return defaultOut
	}
	return o.out
}

// store writes what was measured so far.
func (o *options) store(all result.All) error {
	if o.place() == "" {
		return nil
	}
	return all.Write(o.stored())
}

// stored is where the raw figures are.
func (o *options) stored() string { return filepath.Join(o.place(), "peers") }

// finish writes the report where it belongs, or prints it.
func (o *options) finish(all result.All) error {
	page := report.Page(all)
	if o.place() == "" {
		_, err := os.Stdout.Write(page)
		return err
	}
	if err := o.store(all); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.place(), "peers.md"), page, 0o644)
}

func readFailed(file string) (map[string]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	failed := map[string]string{}
	return failed, json.Unmarshal(text, &failed)
}

func memory() (uint64, error) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, err
	}
	m, err := fs.Meminfo()
	if err != nil || m.MemTotalBytes == nil {
		return 0, errors.Join(errors.New("/proc/meminfo does not tell the memory"), err)
	}
	return *m.MemTotalBytes, nil
}
