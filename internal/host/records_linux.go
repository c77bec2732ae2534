package host

import (
	"bufio"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"

	"copyscope/internal/transfer"
)

// tlsKeys are what both ends of a TLS 1.3 connection have after the handshake:
// AES-128-GCM's key and the start of its nonces (RFC 8446, section 5.3). The
// handshake itself is none of a transfer's business.
type tlsKeys struct {
	key  [16]byte
	iv   [12]byte
	aead cipher.AEAD
}

func newTLSKeys() *tlsKeys {
	var key [16]byte
	var iv [12]byte
	rand.Read(key[:])
	rand.Read(iv[:])
	return tlsKeysOf(key, iv)
}

func tlsKeysOf(key [16]byte, iv [12]byte) *tlsKeys {
	k := &tlsKeys{key: key, iv: iv}
	block, err := aes.NewCipher(k.key[:])
	if err == nil {
		k.aead, err = cipher.NewGCM(block)
	}
	if err != nil {
		panic("host: AES-128-GCM: " + err.Error()) // the key's length is right
	}
	return k
}

// nonce is that of the seq-th record.
func (k *tlsKeys) nonce(to *[12]byte, seq uint64) []byte {
	*to = k.iv
	binary.BigEndian.PutUint64(to[4:], binary.BigEndian.Uint64(to[4:])^seq)
	return to[:]
}

const (
	tlsHeaderBytes     = 5
	tlsApplicationData = 23
)

// sealer makes the records of one direction.
type sealer struct {
	keys  *tlsKeys
	seq   uint64
	space [12]byte
}

// seal makes records of src in dst, which has room for them, and returns their
// length. Each record is
//
//	23 3 3 length(2, big-endian) | encrypted: plaintext, content type 23 | tag(16)
//
// with the five bytes of the header as additional data.
func (s *sealer) seal(dst, src []byte) (n int) {
	for len(src) > 0 {
		part := src[:min(len(src), transfer.TLSRecordBytes)]
		src = src[len(part):]
		length := len(part) + transfer.TLSOverheadBytes
		record := dst[n : n+length]
		header := record[:tlsHeaderBytes]
		header[0], header[1], header[2] = tlsApplicationData, 3, 3
		binary.BigEndian.PutUint16(header[3:], uint16(length-tlsHeaderBytes))
		inner := record[tlsHeaderBytes : tlsHeaderBytes+len(part)+1]
		copy(inner, part)
		inner[len(part)] = tlsApplicationData
		s.keys.aead.Seal(inner[:0], s.keys.nonce(&s.space, s.seq), inner, header)
		s.seq++
		n += length
	}
	return n
}

// opener reads the plaintext of a stream of records.
type opener struct {
	keys   *tlsKeys
	r      *bufio.Reader
	seq    uint64
	space  [12]byte
	record []byte
	plain  []byte // of the last record, not read yet
}

func newOpener(keys *tlsKeys, r io.Reader) *opener {
	return &opener{keys: keys, r: bufio.NewReaderSize(r, readerBuffer), record: make([]byte, transfer.TLSRecordBytes+transfer.TLSOverheadBytes)}
}

// Read gives io.EOF only between records.
func (o *opener) Read(b []byte) (int, error) {
	for len(o.plain) == 0 {
		if err := o.next(); err != nil {
			return 0, err
		}
	}
	n := copy(b, o.plain)
	o.plain = o.plain[n:]
	return n, nil
}

func (o *opener) next() error {
	header := o.record[:tlsHeaderBytes]
	if _, err := io.ReadFull(o.r, header); err != nil {
		return err
	}
	length := int(binary.BigEndian.Uint16(header[3:]))
	if header[0] != tlsApplicationData || length > len(o.record)-tlsHeaderBytes {
		return fmt.Errorf("TLS record %d has type %d and %d bytes; want type %d and at most %d", o.seq, header[0], length,
			tlsApplicationData, len(o.record)-tlsHeaderBytes)
	}
	sealed := o.record[tlsHeaderBytes : tlsHeaderBytes+length]
	if _, err := io.ReadFull(o.r, sealed); err != nil {
		return noEOF(err)
	}
	plain, err := o.keys.aead.Open(sealed[:0], o.keys.nonce(&o.space, o.seq), sealed, header)
	if err != nil {
		return fmt.Errorf("TLS record %d: %w", o.seq, err)
	}
	o.seq++
	o.plain = plain[:len(plain)-1] // without the content type
	return nil
}

// noEOF: the stream must not end here.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
