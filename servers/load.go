//go:build linux

package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"copyscope/internal/selfsigned"
)

// discardPiece is how many bytes the reader drops with one call.
const discardPiece = 4 << 20

// get fetches one path over a connection of its own and drops what comes. It
// returns how many bytes the body had on the connection; gzip asks for a body
// that is compressed on the way.
func get(ctx context.Context, addr, path string, gzip bool) (int64, error) {
	c, err := dial(ctx, addr)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	r := bufio.NewReaderSize(c, 4<<10)
	if err := ask(c, r, addr, path, gzip); err != nil {
		return 0, err
	}
	head := int64(r.Buffered())
	rest, err := discard(c.(*net.TCPConn))
	return head + rest, err
}

// getTLS is get over TLS, whose reader has to decrypt what it drops. It returns
// the bytes of the body.
func getTLS(ctx context.Context, t selfsigned.Trust, addr, path string) (int64, error) {
	plain, err := dial(ctx, addr)
	if err != nil {
		return 0, err
	}
	defer plain.Close()
	c := tls.Client(plain, t.Client())
	r := bufio.NewReaderSize(c, 64<<10)
	if err := ask(c, r, addr, path, false); err != nil {
		return 0, err
	}
	n, err := io.Copy(io.Discard, r)
	return n, err
}

// dial connects; the connection ends with the context.
func dial(ctx context.Context, addr string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if limit, ok := ctx.Deadline(); ok {
		err = c.SetDeadline(limit)
	} else {
		err = c.SetDeadline(time.Now().Add(rowLimit))
	}
	return c, err
}

// ask sends a request and reads the head of its answer from r.
func ask(w io.Writer, r *bufio.Reader, addr, path string, gzip bool) error {
	accept := ""
	if gzip {
		accept = "Accept-Encoding: gzip\r\n"
	}
	if _, err := fmt.Fprintf(w, "GET %s HTTP/1.1\r\nHost: %s\r\n%sConnection: close\r\n\r\n", path, addr, accept); err != nil {
		return err
	}
	answer, err := http.ReadResponse(r, nil) // its body is not read: it begins where r stands
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s of %s: %s", path, addr, answer.Status)
	}
	if encoding := answer.Header.Get("Content-Encoding"); (encoding == "gzip") != gzip {
		return fmt.Errorf("GET %s of %s: the content's encoding is %q, with gzip wanted: %t", path, addr, encoding, gzip)
	}
	return nil
}

// discard reads a connection to its end. With MSG_TRUNC, TCP drops what it
// would have copied (man 7 tcp), so the reader costs next to nothing and a
// sender does not wait for it.
func discard(c *net.TCPConn) (total int64, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	piece := make([]byte, discardPiece)
	for {
		var n int
		var failed error
		err := raw.Read(func(fd uintptr) bool {
			n, _, failed = syscall.Recvfrom(int(fd), piece, syscall.MSG_TRUNC)
			return failed != syscall.EAGAIN
		})
		if err == nil {
			err = failed
		}
		if err != nil || n == 0 {
			return total, err
		}
		total += int64(n)
	}
}
