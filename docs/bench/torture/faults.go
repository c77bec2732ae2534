//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"copyscope/docs/bench/torture/check"
	"copyscope/docs/bench/torture/history"
	"copyscope/docs/bench/victim"
)

// The faults that -faults names.
const (
	faultKill  = "kill"
	faultPause = "pause"
	faultStop  = "stop"
	faultNet   = "net"
	faultPower = "power"
	faultDisk  = "disk"
	faultClock = "clock"
)

var allFaults = []string{faultKill, faultPause, faultStop, faultNet, faultPower, faultDisk, faultClock}

// fault does one thing to the broker, which serves again when it returns.
func (t *trial) fault(ctx context.Context) error {
	var able []string
	for _, f := range t.s.faults {
		if f != faultNet {
			able = append(able, f)
		}
	}
	if len(able) == 0 {
		return nil // the network alone
	}
	if t.dice.IntN(3) == 0 { // so that much is stored that nobody was told of
		t.proxy.HoldAnswers(time.Duration(t.dice.Int64N(int64(250 * time.Millisecond))))
		if err := victim.Sleep(ctx, time.Duration(t.dice.Int64N(int64(150*time.Millisecond)))); err != nil {
			return nil
		}
	}
	switch able[t.dice.IntN(len(able))] {
	case faultKill:
		return t.again(ctx, history.Kill, false)
	case faultStop:
		return t.again(ctx, history.Stop, false)
	case faultPower:
		return t.again(ctx, history.PowerCut, false)
	case faultPause:
		return t.pause(ctx)
	case faultDisk:
		return t.fileFault(ctx)
	default:
		return t.clockJump()
	}
}

func (t *trial) pause(ctx context.Context) error {
	t.count(history.Pause)
	op := t.history.Invoke(history.Op{Kind: history.Fault, Worker: "faults", Fault: history.Pause})
	err := t.broker.Hold(ctx, time.Duration(t.dice.Int64N(int64(1500*time.Millisecond))))
	t.history.Complete(op, history.OK, err, nil)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// again ends the broker's life and begins another; some are ended once more while
// they recover. Failing says that its files have failed: then it need not end well.
func (t *trial) again(ctx context.Context, how string, failing bool) error {
	t.count(how)
	op := t.history.Invoke(history.Op{Kind: history.Fault, Worker: "faults", Fault: how})
	what := history.OK
	switch how {
	case history.Stop:
		if err := t.broker.Stop(); err != nil {
			what = history.Fail
			if !failing {
				t.violates(check.Unavailable, fmt.Errorf("the broker was asked to end (SIGTERM), and ended with %w; see %s", err, t.broker.Log()))
			}
		}
		t.history.Complete(op, what, nil, nil) // what it promises holds from now on
	default:
		t.broker.Kill()
	}
	// Answers of the life that ended are not to come in the next.
	t.proxy.ResetAll()
	t.cutLast = how == history.PowerCut
	if how == history.PowerCut {
		if !t.promised.Forced {
			t.forgotten.Add(1)
		}
		if err := t.machine.cut(t.dice.Uint64(), t.broker.Data()); err != nil {
			return err
		}
	}
	if t.dice.IntN(6) == 0 {
		t.count("kill while it recovers")
		if err := t.broker.Launch(); err != nil {
			return err
		}
		victim.Sleep(ctx, time.Duration(t.dice.Int64N(int64(80*time.Millisecond))))
		t.broker.Kill()
		if how == history.PowerCut {
			if err := t.machine.cut(t.dice.Uint64(), t.broker.Data()); err != nil {
				return err
			}
		}
	}
	if err := t.broker.Start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		t.violates(check.Unavailable, err)
		return nil
	}
	if how != history.Stop {
		t.history.Complete(op, what, nil, nil)
	}
	return nil
}
