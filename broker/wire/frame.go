package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A frame, request or response:
//
//	size  int32, big endian, of what follows
//	body  header and message
const sizeBytes = 4

// firstGrowth is how much memory a frame gets before any of it has arrived.
const firstGrowth = 64 << 10

// ErrFrame: the peer does not speak this protocol, or not as we allow it.
var ErrFrame = errors.New("bad frame")

// ReadFrame reads one frame's body, into buf if that is large enough. admit is
// asked, before the rest is read, whether a request with the API key may have so
// many bytes. The size that the peer claims is not believed: memory grows with
// what has arrived. io.EOF means that the peer ended the connection between two
// frames.
func ReadFrame(r io.Reader, buf []byte, admit func(key int16, size int) error) ([]byte, error) {
	var prefix [sizeBytes]byte
	if n, err := io.ReadFull(r, prefix[:]); err != nil {
		return nil, ended(err, n, sizeBytes)
	}
	size := int(int32(binary.BigEndian.Uint32(prefix[:])))
	if size < minHeaderBytes {
		return nil, fmt.Errorf("%w: size %d, a request header has at least %d bytes (is the peer a Kafka client?)", ErrFrame, size, minHeaderBytes)
	}
	f := frame{body: buf[:0], size: size}
	if err := f.fill(r, minHeaderBytes); err != nil {
		return nil, err
	}
	if err := admit(int16(binary.BigEndian.Uint16(f.body)), size); err != nil {
		return nil, err
	}
	if err := f.fill(r, size); err != nil {
		return nil, err
	}
	return f.body, nil
}

// frame is a body that arrives.
type frame struct {
	body []byte
	size int
}

// fill reads until the body has n bytes.
func (f *frame) fill(r io.Reader, n int) error {
	for len(f.body) < n {
		if len(f.body) == cap(f.body) {
			f.body = append(make([]byte, 0, min(f.size, max(firstGrowth, 2*cap(f.body)))), f.body...)
		}
		got, err := io.ReadFull(r, f.body[len(f.body):min(cap(f.body), n)])
		f.body = f.body[:len(f.body)+got]
		if err != nil {
			return ended(err, sizeBytes+len(f.body), sizeBytes+f.size)
		}
	}
	return nil
}

// ended tells the end of a connection between frames from one within.
func ended(err error, got, of int) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || (errors.Is(err, io.EOF) && got > 0) {
		return fmt.Errorf("%w: it ended after %d of %d bytes", ErrFrame, got, of)
	}
	return err
}
