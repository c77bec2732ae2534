package host

import (
	"errors"
	"io"

	"golang.org/x/sys/unix"

	"copyscope/internal/labnet"
	"copyscope/internal/transfer"
)

// wires are the connections that a program needs; nil where it needs none.
type wires struct {
	out    *connection // to the receiver
	second *connection // to the second one
	feed   *connection // from the peer that sends to a relay
}

// openWires connects over a lab network, or over loopback if there is none.
func openWires(p transfer.Program, lab *labnet.Network) (w *wires, err error) {
	w = &wires{}
	first, second, up := openLoopback, openLoopback, openLoopback
	if lab != nil {
		first = over(func() (*labnet.Conn, error) { return lab.Connect(0) })
		second = over(func() (*labnet.Conn, error) { return lab.Connect(1) })
		up = over(lab.ConnectUpstream)
	}
	open := func(needed bool, to **connection, how func() (*connection, error)) {
		if needed && err == nil {
			*to, err = how()
		}
	}
	open(p.Sinks > 0, &w.out, first)
	open(p.Sinks > 1, &w.second, second)
	open(p.Source == transfer.FromSocket, &w.feed, up)
	if err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// over is how the lab network connects.
func over(connect func() (*labnet.Conn, error)) func() (*connection, error) {
	return func() (*connection, error) {
		c, err := connect()
		if err != nil {
			return nil, err
		}
		return &connection{send: c.Send, recv: c.Recv, congestion: c.Congestion}, nil
	}
}

func (w *wires) each(f func(*connection)) {
	for _, l := range []*connection{w.out, w.second, w.feed} {
		if l != nil {
			f(l)
		}
	}
}

// receivers are the connections at whose other ends somebody receives.
func (w *wires) receivers() (out []*connection) {
	for _, l := range []*connection{w.out, w.second} {
		if l != nil {
			out = append(out, l)
		}
	}
	return out
}

// finish tells the receivers that nothing more comes.
func (w *wires) finish() {
	for _, l := range w.receivers() {
		l.finish()
	}
}

func (w *wires) abort() { w.each((*connection).abort) }
func (w *wires) close() { w.each((*connection).close) }

// socket is the one to the receiver, or -1.
func (w *wires) socket() int {
	if w.out == nil {
		return -1
	}
	return w.out.send
}

// connect lets a job use the connections through the kernel.
func (w *wires) connect(m *Measured, job *transfer.Job) {
	job.Out = m.Socket()
	if w.second != nil {
		job.Out2 = m.Lend(w.second.send)
	}
	if w.feed != nil {
		job.In = m.Lend(w.feed.recv)
	}
}

// unpack is what the receiver of a program does to get the file's bytes.
func unpack(p transfer.Program, m *Measured) func(io.Reader) io.Reader {
	switch {
	case !p.Reshapes:
		return nil
	case p.Path == "compress":
		return func(r io.Reader) io.Reader { return newUnsqueezer(r) }
	}
	keys := m.tls()
	return func(r io.Reader) io.Reader { return newOpener(keys, r) }
}

// feed is the peer that sends a file to a relay: all of it, by sendfile(2), and
// then the stream's end.
func feed(socket, file int, size int64) error {
	defer unix.Shutdown(socket, unix.SHUT_WR)
	for off := int64(0); off < size; {
		n, err := unix.Sendfile(socket, file, &off, int(min(size-off, 1<<30)))
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return err
		case n == 0:
			return transfer.ErrShrunk
		}
	}
	return nil
}
