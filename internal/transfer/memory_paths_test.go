package transfer_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"syscall"
	"testing"

	"copyscope/internal/transfer"
	"copyscope/internal/transfer/transfertest"
)

// The calls that not every program makes.

// number is that of a new descriptor; the one after it is free, too.
func (m *memory) number() transfer.FD {
	m.mems = append(m.mems, nil) // numbers are given once
	return transfer.FD(10 + 2*len(m.mems))
}

func (m *memory) Tee(_ transfer.Label, in, out transfer.FD, n int) (sum int, err error) {
	from, to := m.pipes[in], m.pipes[out]
	if from == nil || to == nil {
		return 0, syscall.EBADF
	}
	for _, slot := range from.slots {
		if n == 0 || len(to.slots) == to.capacity && m.defect != "bottomless tee" {
			break
		}
		part := slot[:min(n, len(slot))]
		to.slots = append(to.slots, part)
		n, sum = n-len(part), sum+len(part)
	}
	return sum, nil
}

func (m *memory) OpenDirect(transfer.Label, transfer.FD) (transfer.FD, error) {
	fd := m.number()
	m.direct[fd] = new(int64)
	if m.defect == "shared position" {
		m.direct[fd] = &m.position
	}
	return fd, nil
}

func (m *memory) EnableZerocopy(transfer.Label, transfer.FD) error { return nil }

func (m *memory) SendZerocopy(_ transfer.Label, out transfer.FD, src transfer.Mem) (int, error) {
	b, _ := m.bytes(src)
	n, err := m.send(out, b)
	if n > 0 {
		m.lent++
	}
	return n, err
}

func (m *memory) Completed(transfer.Label, transfer.FD) (transfer.Completion, error) {
	if m.completed == m.lent {
		return transfer.Completion{}, syscall.EPIPE
	}
	c := transfer.Completion{From: uint32(m.completed), To: uint32(m.completed)}
	if m.completed++; m.defect == "completions in any order" {
		c.From, c.To = c.From+1, c.To+1
	}
	return c, nil
}

func (m *memory) OpenRing(transfer.Label, int) (transfer.FD, error) {
	fd := m.number()
	m.rings[fd] = true
	return fd, nil
}

func (m *memory) Enter(_ transfer.Label, ring transfer.FD, ops []transfer.RingOp) ([]transfer.RingResult, error) {
	if !m.rings[ring] {
		return nil, syscall.EBADF
	}
	done, cancelled := make([]transfer.RingResult, len(ops)), false
	for i, op := range ops {
		r := &done[i]
		switch off := &op.Off; {
		case cancelled:
			r.Err = syscall.ECANCELED
		case op.Kind == transfer.RingRead:
			if *off < 0 {
				off = nil
			}
			r.N, r.Err = m.Read("enter", op.FD, op.Mem, off)
		default:
			r.N, r.Err = m.Write("enter", op.FD, op.Mem)
			if r.Err == syscall.EAGAIN { // a ring waits by itself
				m.room = socketB
				r.N, r.Err = m.Write("enter", op.FD, op.Mem)
			}
		}
		cancelled = op.Link && (r.Err != nil || r.N < op.Mem.Len) && m.defect != "links do not break"
	}
	return done, nil
}

func (m *memory) EnableTLS(transfer.Label, transfer.FD) error {
	m.sealed = true
	return nil
}

func (m *memory) Encrypt(_ transfer.Label, src, dst transfer.Mem) (int, error) {
	if dst.Len < transfer.TLSBound(src.Len) {
		return 0, syscall.EINVAL
	}
	b, _ := m.bytes(src)
	to, _ := m.bytes(dst)
	return copy(to, seal(b)), nil
}

func (m *memory) Compress(_ transfer.Label, src, dst transfer.Mem) (int, error) {
	if dst.Len < transfer.CompressBound(src.Len) {
		return 0, syscall.EINVAL
	}
	b, _ := m.bytes(src)
	to, _ := m.bytes(dst)
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return copy(to, out.Bytes()), nil
}

// veil stands for encryption: that the bytes are others is all that matters here.
const veil = 0x5a

// seal makes records of b that are as long as those of TLS 1.3.
func seal(b []byte) (out []byte) {
	for len(b) > 0 {
		part := b[:min(len(b), transfer.TLSRecordBytes)]
		b = b[len(part):]
		out = append(out, 23, 3, 3)
		out = binary.BigEndian.AppendUint16(out, uint16(len(part)+transfer.TLSOverheadBytes-5))
		for _, c := range part {
			out = append(out, c^veil)
		}
		out = append(out, make([]byte, transfer.TLSOverheadBytes-5)...)
	}
	return out
}

// plain is what the receiver makes of what it got.
func (m *memory) plain(s *sink) (out []byte) {
	switch m.reshaped {
	case "tls", "ktls":
		for b := s.wire; len(b) >= transfer.TLSOverheadBytes; {
			n := int(binary.BigEndian.Uint16(b[3:]))
			for _, c := range b[5 : 5+n-transfer.TLSOverheadBytes+5] {
				out = append(out, c^veil)
			}
			b = b[5+n:]
		}
		return out
	case "compress":
		if z, err := gzip.NewReader(bytes.NewReader(s.wire)); err == nil {
			out, _ = io.ReadAll(z)
		}
		return out
	}
	return s.wire
}

// The environment of paths with other sources and sinks.

func (m *memory) Feed(t testing.TB, from, n int64) transfer.FD {
	m.File(t, from+n)
	fd, b := m.number(), m.original[from:]
	m.fed[fd] = &b
	return fd
}

func (m *memory) Second(testing.TB) transfer.FD {
	if m.sinks[secondFD] == nil {
		m.sinks[secondFD] = &sink{}
	}
	return secondFD
}

func (m *memory) ArrivedSecond(t testing.TB, from, n int64) {
	t.Helper()
	m.arrived(t, m.sinks[secondFD], from, n)
}

func (m *memory) Reshaped(_ testing.TB, path string) { m.reshaped = path }

var _ interface {
	transfertest.Feeding
	transfertest.FanningOut
	transfertest.Reshaping
} = (*memory)(nil)
