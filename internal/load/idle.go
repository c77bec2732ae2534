package load

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// IdleOptions are those of [Idle].
type IdleOptions struct {
	Connections int
	Settle      time.Duration // how long they are idle before the memory is read
	// Active connections then ask for the API versions, Asked times each, one
	// request after the other, while the others stay idle; 0: none does.
	Active, Asked int
	// Greet makes a connection and uses it once, where the server's protocol is
	// another; nil: asks a Kafka broker for the API versions.
	Greet    func(ctx context.Context, t *Target, sum *Tally) (net.Conn, error)
	Progress func(done, total int64)
}

// Idle measures what idle connections cost the server. Each has been used: it
// has asked for the API versions, as a client does.
func Idle(ctx context.Context, s Setup, o IdleOptions) (*Report, error) {
	r := newReport("idle", s.Settings)
	return r, r.rounds(ctx, s.Rounds, []side{{RawSide, false, func(ctx context.Context) (Figures, error) { return r.idle(ctx, s, o) }}})
}

func (r *Report) idle(ctx context.Context, s Setup, o IdleOptions) (f Figures, err error) {
	target, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	f, r.Congestion, err = idle(ctx, target, o)
	return f, err
}

// idle is one measurement of a server that is there.
func idle(ctx context.Context, target *Target, o IdleOptions) (Figures, string, error) {
	var open []net.Conn
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	active := newTally()
	f, congestion, err := metered(target, func() (sum Tally, took time.Duration, err error) {
		sum = newTally()
		began := time.Now()
		defer func() { took = time.Since(began) }()
		for i := range o.Connections {
			conn, err := o.greet(ctx, target, &sum)
			if err != nil {
				return sum, 0, fmt.Errorf("connection %d of %d: %w", i+1, o.Connections, err)
			}
			open = append(open, conn)
			if o.Progress != nil {
				o.Progress(int64(i+1), int64(o.Connections))
			}
		}
		select {
		case <-ctx.Done():
			return sum, 0, ctx.Err()
		case <-time.After(o.Settle):
		}
		if err := stillOpen(open); err != nil {
			return sum, 0, err
		}
		return sum, 0, askOn(ctx, open[:min(o.Active, len(open))], o.Asked, &active)
	})
	for _, name := range []string{"bytes", "records", BytesPerSecond, RecordsPerSecond} {
		delete(f, name) // there are no records here
	}
	f.Set("connections", "connections", float64(len(open)))
	if o.Active > 0 && err == nil {
		asked := Figures{}
		active.percentiles(asked)
		for name, v := range asked {
			f["active_"+name] = v
		}
	}
	return f, congestion, err
}

// askOn asks on all of the connections at a time, and so often on each.
func askOn(ctx context.Context, open []net.Conn, times int, sum *Tally) error {
	tallies := make([]Tally, len(open))
	workers := make([]int, len(open))
	for i := range workers {
		workers[i], tallies[i] = i, newTally()
	}
	err := together(ctx, workers, func(ctx context.Context, i int) error {
		defer context.AfterFunc(ctx, func() { open[i].SetDeadline(time.Unix(1, 0)) })()
		open[i].SetDeadline(time.Time{}) // stillOpen has set one
		for range times {
			began := time.Now()
			if err := askVersions(open[i]); err != nil {
				return err
			}
			tallies[i].Took(time.Since(began))
		}
		return nil
	})
	for _, t := range tallies {
		sum.add(t)
	}
	return err
}

// greet makes one connection that has been used.
func (o IdleOptions) greet(ctx context.Context, target *Target, sum *Tally) (net.Conn, error) {
	if o.Greet == nil {
		return greet(ctx, target.Address, target.Secure, sum)
	}
	conn, err := o.Greet(ctx, target, sum)
	if err == nil {
		sum.requests++
	}
	return conn, err
}

// greet connects and asks for the API versions.
func greet(ctx context.Context, address string, secure *tls.Config, sum *Tally) (net.Conn, error) {
	began := time.Now()
	conn, _, congestion, err := dial(ctx, address, secure)
	if err != nil {
		return nil, err
	}
	sum.congestion = congestion
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if err := askVersions(conn); err != nil {
		conn.Close()
		return nil, fmt.Errorf("%w; does the broker allow so many connections?", err)
	}
	conn.SetDeadline(time.Time{})
	sum.requests++
	sum.Took(time.Since(began))
	return conn, nil
}

// askVersions asks for the API versions, version 0, and throws the answer away.
func askVersions(conn net.Conn) error {
	if _, err := conn.Write(apiVersionsFrame()); err != nil {
		return err
	}
	answer := make([]byte, 4)
	if _, err := io.ReadFull(conn, answer); err != nil {
		return err
	}
	_, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(answer)))
	return err
}

// stillOpen looks for connections that the server has closed.
func stillOpen(all []net.Conn) error {
	closed := 0
	for _, c := range all {
		c.SetReadDeadline(time.Now().Add(-time.Second))
		var timeout net.Error
		if _, err := c.Read(make([]byte, 1)); err != nil && !(errors.As(err, &timeout) && timeout.Timeout()) {
			closed++
		}
	}
	if closed > 0 {
		return fmt.Errorf("the server closed %d of %d idle connections; does it allow so many?", closed, len(all))
	}
	return nil
}
