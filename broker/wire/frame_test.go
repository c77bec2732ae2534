package wire_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/iotest"

	"copyscope/broker/wire"
)

// framed puts the size before the body.
func framed(body []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}

func sized(size int32, body ...byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(size)), body...)
}

// admit allows 1 MiB for key 0 and 1 KiB for others.
func admit(key int16, size int) error {
	if size <= 1<<10 || key == 0 && size <= 1<<20 {
		return nil
	}
	return wire.ErrFrame
}

func TestReadFrame(t *testing.T) {
	body := func(key byte, n int) []byte { return append([]byte{0, key}, make([]byte, n-2)...) }
	for _, c := range []struct {
		name string
		in   []byte
		want []byte
		err  error
	}{
		{"least", framed(body(1, 10)), body(1, 10), nil},
		{"large", framed(body(0, 1<<20)), body(0, 1<<20), nil},
		{"large for a small request", framed(body(1, 1<<10+1)), nil, wire.ErrFrame},
		{"too large", framed(body(0, 1<<20+1)), nil, wire.ErrFrame},
		{"nothing", nil, nil, io.EOF},
		{"part of a size", []byte{0, 0}, nil, wire.ErrFrame},
		{"size alone", sized(20), nil, wire.ErrFrame},
		{"cut short", framed(body(1, 20))[:15], nil, wire.ErrFrame},
		{"negative size", sized(-1, make([]byte, 20)...), nil, wire.ErrFrame},
		{"least size", sized(-1<<31, make([]byte, 20)...), nil, wire.ErrFrame},
		{"size 0", sized(0), nil, wire.ErrFrame},
		{"less than a header", sized(9, make([]byte, 9)...), nil, wire.ErrFrame},
		{"HTTP", []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), nil, wire.ErrFrame},
		{"TLS", []byte{22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 1, 2, 3, 4, 5}, nil, wire.ErrFrame},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range []io.Reader{bytes.NewReader(c.in), iotest.OneByteReader(bytes.NewReader(c.in))} {
				got, err := wire.ReadFrame(r, nil, admit)
				if !errors.Is(err, c.err) || !bytes.Equal(got, c.want) {
					t.Fatalf("got %d bytes, %v; want %d, %v", len(got), err, len(c.want), c.err)
				}
			}
		})
	}
}

// Memory is made for what has arrived, not for what is claimed.
func TestClaimedSizeIsNotBelieved(t *testing.T) {
	claim := sized(1<<30, make([]byte, 10)...)
	all := func(int16, int) error { return nil }
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		if _, err := wire.ReadFrame(bytes.NewReader(claim), nil, all); !errors.Is(err, wire.ErrFrame) {
			t.Fatalf("got %v, want %v", err, wire.ErrFrame)
		}
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / 100; each > 1<<20 {
		t.Errorf("%d bytes are allocated for 10 that arrived", each)
	}
}

// FuzzReadFrame: no input makes the reader panic, and what it accepts is the
// input.
func FuzzReadFrame(f *testing.F) {
	f.Add(framed(make([]byte, 10)))
	f.Add(sized(-1))
	f.Add(sized(1<<30, 1, 2, 3))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		body, err := wire.ReadFrame(bytes.NewReader(in), make([]byte, 0, 16), admit)
		if err != nil {
			return
		}
		if !bytes.HasPrefix(in, framed(body)) {
			t.Fatalf("the frame %x is not the input %x", body, in)
		}
		h, rest, err := wire.CutHeader(body)
		if err != nil {
			return
		}
		wire.CutTags(rest)
		for v := range int16(wire.MaxProduceVersion + 1) {
			wire.DecodeProduce(v, rest)
		}
		if want := int16(binary.BigEndian.Uint16(body)); h.Key != want {
			t.Fatalf("key %d, want %d", h.Key, want)
		}
	})
}
