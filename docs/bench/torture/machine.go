//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"time"

	"copyscope/docs/bench/torture/disk"
	"copyscope/docs/bench/torture/history"
	"copyscope/docs/bench/victim"
)

// machine is what is around the broker's process: its disk, and its clock.
type machine struct {
	disk   string // where what is on the disk is
	orders *os.File
	clock  time.Duration
}

// command makes each life's command, whose orders come over a pipe.
func (m *machine) command(l life, advertised func() string) func(b *victim.Broker) (*exec.Cmd, error) {
	return func(b *victim.Broker) (*exec.Cmd, error) {
		if m.orders != nil {
			m.orders.Close()
		}
		from, to, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		m.orders = to
		l.Advertised, l.Disk, l.Clock = advertised(), m.disk, m.clock
		return l.command(b, from), nil
	}
}

func (m *machine) order(rules ...disk.Rule) error {
	return json.NewEncoder(m.orders).Encode(order{rules, m.clock})
}

func (m *machine) cut(seed uint64, data string) error { return disk.Cut(data, m.disk, seed) }

func (m *machine) close() {
	if m.orders != nil {
		m.orders.Close()
	}
}

// fileFault lets calls of the broker's fail, or its clock jump, for a while. What
// fsync refused takes a partition offline until a restart; so does one that could
// not cut off what it had half written. So a restart follows: by SIGTERM, a kill or
// a cut.
func (t *trial) fileFault(ctx context.Context) error {
	call := disk.Calls[t.dice.IntN(len(disk.Calls))]
	r := disk.Rule{Call: call, Errno: "EIO", Skip: t.dice.IntN(20), Times: 1 + t.dice.IntN(4)}
	switch call {
	case "write":
		r.Errno, r.Short = []string{"EIO", "ENOSPC", "EINTR"}[t.dice.IntN(3)], t.dice.IntN(400)
	case "allocate", "truncate", "map":
		r.Errno, r.Skip = []string{"EIO", "ENOSPC"}[t.dice.IntN(2)], t.dice.IntN(3)
	case "open":
		r.Errno = "EMFILE"
	case "rename", "remove", "syncdir":
		r.Skip = t.dice.IntN(3)
	}
	what := fmt.Sprintf("%s of files fails with %s", call, r.Errno)
	t.count("disk: " + call + " " + r.Errno)
	op := t.history.Invoke(history.Op{Kind: history.Fault, Worker: "faults", Fault: what})
	if err := t.machine.order(r); err != nil {
		return err
	}
	victim.Sleep(ctx, time.Duration(200+t.dice.IntN(1500))*time.Millisecond)
	if err := t.machine.order(); err != nil {
		return err
	}
	t.history.Complete(op, history.OK, nil, nil)
	able := []string{history.Kill}
	if t.has(faultStop) {
		able = append(able, history.Stop)
	}
	if t.has(faultPower) {
		able = append(able, history.PowerCut)
	}
	return t.again(ctx, able[t.dice.IntN(len(able))], true)
}

// mostJump bounds how far the logs' clock is off: beyond a day they forget idempotent
// producers, and may.
const mostJump = 11 * time.Hour

// clockJump sets the clock of the logs.
func (t *trial) clockJump() error {
	t.machine.clock = time.Duration(t.dice.Int64N(int64(2*mostJump))) - mostJump
	t.count("clock jump")
	op := t.history.Invoke(history.Op{Kind: history.Fault, Worker: "faults", Fault: fmt.Sprintf("the logs' clock is off by %v", t.machine.clock.Round(time.Second))})
	err := t.machine.order()
	t.history.Complete(op, history.OK, err, nil)
	return err
}
