//go:build linux

package drive

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"copyscope/docs/bench/peers/contender"
	"copyscope/docs/bench/peers/workload"
	"copyscope/internal/load"
)

// web is an HTTP server of files. Its client asks for one file again and again on a
// connection and throws it away.
type web struct{ *contender.Server }

func (h web) prepare(w workload.Workload) (Prepared, error) {
	switch w.Kind {
	case workload.Idle:
		if err := h.fill(w, 1<<10); err != nil {
			return Prepared{}, err
		}
		return Prepared{Turn: func(ctx context.Context, d time.Duration) (load.Figures, error) {
			return load.IdleOnce(ctx, h.Target, load.IdleOptions{Connections: w.Connections, Settle: d, Greet: greetHTTP})
		}}, nil
	case workload.Fetch:
		if err := h.fill(w, w.FillBytes); err != nil {
			return Prepared{}, err
		}
		return Prepared{Turn: func(ctx context.Context, d time.Duration) (load.Figures, error) { return h.fetch(ctx, w, d) }}, nil
	}
	return unsupported("it serves files alone")
}

// fill makes the file.
func (h web) fill(w workload.Workload, bytes int64) error {
	_, err := filled(h.Server, w, func() (bool, error) { return true, random(filepath.Join(h.Data, fileOf(w)), bytes) })
	return err
}

// fileOf is the file of a workload: it is as long as what is fetched.
func fileOf(w workload.Workload) string { return fmt.Sprintf("content-%d.bin", w.FillBytes) }

// getter is a connection.
type getter struct {
	net.Conn
	in    *bufio.Reader
	gulps func(int)
	file  string
	bytes int64
}

func openHTTP(ctx context.Context, target *load.Target, file string, t *load.Tally) (*getter, error) {
	conn, gulps, err := load.Dial(ctx, target.Address, target.Secure, t)
	if err != nil {
		return nil, err
	}
	if gulps == nil {
		gulps = func(int) {}
	}
	return &getter{Conn: conn, in: bufio.NewReader(conn), gulps: gulps, file: file}, nil
}

// get asks for the file and throws it away, or a part of it if more says that it
// is enough.
func (g *getter) get(buffer []byte, more func() bool) error {
	if _, err := io.WriteString(g, "GET /"+g.file+" HTTP/1.1\r\nHost: peers\r\n\r\n"); err != nil {
		return err
	}
	r, err := http.ReadResponse(g.in, nil)
	if err != nil {
		return err
	}
	if r.StatusCode != http.StatusOK || r.ContentLength < 0 {
		return fmt.Errorf("HTTP: %s with a length of %d", r.Status, r.ContentLength)
	}
	left := r.ContentLength
	held := min(int64(g.in.Buffered()), left)
	if _, err := g.in.Discard(int(held)); err != nil {
		return err
	}
	left -= held
	g.bytes += held
	for left > 0 && more() {
		g.gulps(int(left))
		n, err := g.Read(buffer[:min(int64(len(buffer)), left)])
		left -= int64(n)
		g.bytes += int64(n)
		if err != nil {
			return err
		}
	}
	g.gulps(0)
	return nil
}

// run gets until enough has come.
func (g *getter) run(ctx context.Context, o load.Amount) error {
	defer context.AfterFunc(ctx, func() { g.SetDeadline(time.Unix(1, 0)) })()
	until := time.Now().Add(o.Duration)
	more := func() bool { return time.Now().Before(until) && (o.Bytes == 0 || g.bytes < o.Bytes) }
	buffer := make([]byte, 256<<10)
	for more() {
		if err := g.get(buffer, more); err != nil {
			return errors.Join(err, ctx.Err())
		}
	}
	return nil
}

func (h web) fetch(ctx context.Context, w workload.Workload, d time.Duration) (load.Figures, error) {
	return load.MeasureOnce(h.Target, func(t *load.Tally) error {
		var open []*getter
		for range w.Consumers {
			g, err := openHTTP(ctx, h.Target, fileOf(w), t)
			if err != nil {
				return err
			}
			defer g.Close()
			open = append(open, g)
		}
		failed := make([]error, len(open))
		var all sync.WaitGroup
		for i, g := range open {
			all.Go(func() { failed[i] = g.run(ctx, amount(toFetch(w), d)) })
		}
		all.Wait()
		for _, g := range open {
			t.Count(g.bytes, 0)
		}
		return errors.Join(failed...)
	})
}

// greetHTTP asks for a small file.
func greetHTTP(ctx context.Context, target *load.Target, sum *load.Tally) (net.Conn, error) {
	began := time.Now()
	g, err := openHTTP(ctx, target, fileOf(workload.Workload{}), sum)
	if err != nil {
		return nil, err
	}
	g.SetDeadline(time.Now().Add(10 * time.Second))
	if err := g.get(make([]byte, 1<<10), func() bool { return true }); err != nil {
		g.Close()
		return nil, err
	}
	g.SetDeadline(time.Time{})
	sum.Took(time.Since(began))
	return g.Conn, nil
}
