package sim

import (
	"slices"
	"sort"
	"syscall"

	"copyscope/internal/transfer"
)

// stream is what a program made of the file's bytes: records of TLS, gzip. The
// wire gets the stream's bytes; the stream knows what they were made from.
type stream struct {
	made   int64    // bytes so far
	from   []Extent // in order; what continues its predecessor is joined
	pieces []piece
}

// piece ends at a byte of the stream, and of what the stream was made from.
type piece struct{ made, from int64 }

// original is what ranges that arrived were made from: themselves, if they are
// the file's; else what the stream's pieces were made from that arrived whole. A
// range that begins within a piece is no original's.
func (m *Machine) original(arrived []Extent) (out []Extent) {
	for _, e := range arrived {
		if e.stream == 0 {
			out = join(out, e)
			continue
		}
		from, ok := m.streams[e.stream-1].original(e)
		if !ok {
			return arrived
		}
		for _, o := range from {
			out = join(out, o)
		}
	}
	return out
}

// original is what a range of the stream was made from.
func (s *stream) original(e Extent) ([]Extent, bool) {
	ends := func(at int64) (n int) {
		return sort.Search(len(s.pieces), func(i int) bool { return s.pieces[i].made > at })
	}
	var before piece
	if n := ends(e.Off); n > 0 {
		before = s.pieces[n-1]
	}
	if before.made != e.Off {
		return nil, false
	}
	last := before
	if n := ends(e.Off + e.Len); n > 0 {
		last = s.pieces[n-1]
	}
	_, rest := take(nil, slices.Clone(s.from), before.from)
	out, _ := take(nil, rest, last.from-before.from)
	return out, true
}

// Encrypt implements [transfer.Kernel].
func (k *Kernel) Encrypt(l transfer.Label, src, dst transfer.Mem) (int, error) {
	return k.reshape(l, encryptUser, k.m.costs.EncryptRate, src, dst, transfer.TLSBound(src.Len), transfer.TLSBound(src.Len))
}

// Compress implements [transfer.Kernel]. A member of gzip has 18 bytes around
// what was deflated (RFC 1952, 2.3), and an empty block at its end (RFC 1951,
// 3.2.3: two bytes with their padding). What does not shrink is stored, in blocks
// with 5 bytes of header for each 65535 (RFC 1951, 3.2.4), and so is what is too
// short to pay for its table of codes (3.2.7; 44 bytes is what level 1 of klauspost/compress
// makes of text, measured with pieces of 128 to 1024 bytes).
func (k *Kernel) Compress(l transfer.Label, src, dst transfer.Mem) (int, error) {
	const around, table, header, block = 18 + 2, 44, 5, 65535
	n := int64(src.Len)*k.m.cfg.GzipPerMille/1000 + around + table
	if stored := int64(src.Len + (src.Len+block-1)/block*header + around); n > stored || k.m.cfg.GzipPerMille >= 1000 {
		n = stored
	}
	return k.reshape(l, compress, k.m.costs.CompressRate, src, dst, int(n), transfer.CompressBound(src.Len))
}

// reshape makes n bytes of the stream of src, in user code.
func (k *Kernel) reshape(l transfer.Label, f form, rate Rate, src, dst transfer.Mem, n, bound int) (int, error) {
	from, okFrom := k.memory[src.Handle].(*buffer)
	to, okTo := k.memory[dst.Handle].(*buffer)
	if !okFrom || !okTo {
		return 0, syscall.EFAULT
	}
	if dst.Len < bound {
		return 0, syscall.EINVAL
	}
	m := k.m
	if k.made == 0 {
		m.streams = append(m.streams, &stream{})
		k.made = len(m.streams)
	}
	s := m.streams[k.made-1]
	k.held = from.get(k.held[:0], int64(src.Off), int64(src.Len))
	es := k.held
	for _, e := range es {
		s.from = join(s.from, e)
	}
	k.t.line = string(l)
	m.spend(f, rate.time(int64(src.Len)), int64(src.Len), 0, es[0].Off)
	k.t.line = ""
	to.put(int64(dst.Off), Extent{Off: s.made, Len: int64(n), stream: k.made})
	s.made += int64(n)
	read := int64(src.Len)
	if last := len(s.pieces) - 1; last >= 0 {
		read += s.pieces[last].from
	}
	s.pieces = append(s.pieces, piece{s.made, read})
	return n, nil
}

// EnableTLS implements [transfer.Kernel].
func (k *Kernel) EnableTLS(l transfer.Label, out transfer.FD) error {
	for range 2 { // TCP_ULP, then TLS_TX
		_, err := k.call("setsockopt", l, span, func() (int64, error) {
			s := k.socket(out)
			if s == nil {
				return 0, syscall.EBADF
			}
			s.seals = true
			return 0, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// seal makes TLS records of a segment in the kernel: the cipher reads the page
// cache and writes memory of the socket (tls_sw_splice_eof and
// tls_push_record, net/tls/tls_sw.c), so that nothing is lent to the device.
func (m *Machine) seal(g *segment) {
	records := (g.bytes + transfer.TLSRecordBytes - 1) / transfer.TLSRecordBytes
	m.of(g.es[0].File).spend(encryptKernel, m.costs.EncryptRate.time(g.bytes), g.bytes, records, g.es[0].Off)
	m.settle(g.es)
	g.from = copied // what the cipher made lies in the socket's memory
	g.bytes += records * transfer.TLSOverheadBytes
}
