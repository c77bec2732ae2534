package main

import (
	"io"
	"net"
	"strings"
	"sync/atomic"
)

// wire stands between the browser and the server and counts what comes to the
// browser: as it was encoded, websocket messages included, which the browser's own
// account has unpacked.
type wire struct {
	listener net.Listener
	bytes    atomic.Int64
}

// newWire listens on a loopback port and passes connections on to a server's address.
func newWire(web string) (*wire, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &wire{listener: listener}
	go func() {
		for {
			browser, err := listener.Accept()
			if err != nil {
				return // the wire is cut
			}
			server, err := net.Dial("tcp", strings.TrimPrefix(web, "http://"))
			if err != nil {
				browser.Close()
				continue
			}
			go w.pass(server, browser)
		}
	}()
	return w, nil
}

// pass copies both ways until either side ends.
func (w *wire) pass(server, browser net.Conn) {
	go func() {
		io.Copy(server, browser)
		server.Close()
	}()
	io.Copy(counted{browser, &w.bytes}, server)
	browser.Close()
}

// counted counts what is written.
type counted struct {
	io.Writer
	bytes *atomic.Int64
}

func (c counted) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.bytes.Add(int64(n))
	return n, err
}

// web is the wire's address as the browser is given it.
func (w *wire) web() string { return "http://" + w.listener.Addr().String() }

func (w *wire) cut() { w.listener.Close() }
