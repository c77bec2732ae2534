package wire

import (
	"encoding/binary"
	"fmt"
)

// reader takes protocol types off a request. After the first that does not
// fit, bad is set and everything reads as zero.
type reader struct {
	rest     []byte
	flexible bool // compact lengths and tagged fields (KIP-482)
	bad      bool
	elements int // that its arrays may still have together; below 0: they had more
}

// span is the next n bytes, not copied.
func (r *reader) span(n int64) []byte {
	if r.bad || n < 0 || n > int64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return nil
	}
	s := r.rest[:n:n]
	r.rest = r.rest[n:]
	return s
}

func (r *reader) int8() int8 {
	if b := r.span(1); b != nil {
		return int8(b[0])
	}
	return 0
}

func (r *reader) bool() bool { return r.int8() != 0 }

func (r *reader) int16() int16 {
	if b := r.span(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (r *reader) int32() int32 {
	if b := r.span(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (r *reader) int64() int64 {
	if b := r.span(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// length is that of a string (short), of bytes or of an array; -1 is null.
func (r *reader) length(short bool) int64 {
	switch {
	case r.flexible:
		v := r.uvarint()
		if v > 1<<31 {
			r.bad, r.rest = true, nil
			return 0
		}
		return int64(v) - 1
	case short:
		return int64(r.int16())
	}
	return int64(r.int32())
}

// bytes is nil for null.
func (r *reader) bytes(short bool) []byte {
	n := r.length(short)
	if n < 0 {
		return nil
	}
	return r.span(n)
}

// str is a copy, so that it may outlive the frame.
func (r *reader) str() string { return string(r.bytes(true)) }

// nullableStr is nil for null.
func (r *reader) nullableStr() *string {
	b := r.bytes(true)
	if b == nil {
		return nil
	}
	s := string(b)
	return &s
}

// shortString is a string of the request header, which is never compact.
func (r *reader) shortString() string {
	n := int64(r.int16())
	if n < 0 {
		return ""
	}
	return string(r.span(n))
}

// topic is a topic's name, or, in versions that name topics by id, its id
// (KIP-516).
func (r *reader) topic(byID bool) (name string, id [16]byte) {
	if byID {
		copy(id[:], r.span(16))
		return "", id
	}
	return r.str(), id
}

// array is the number of elements that follow, each of at least minBytes; -1
// is null. A count that cannot be true, or is more than is allowed, is refused
// before memory is made for it.
func (r *reader) array(minBytes int) int {
	n := r.length(false)
	if r.bad || n < 0 {
		return -1
	}
	if n > int64(len(r.rest)/minBytes) {
		r.bad, r.rest = true, nil
		return -1
	}
	if r.elements -= int(n); r.elements < 0 {
		r.bad, r.rest = true, nil
		return -1
	}
	return int(n)
}

// failed says what is wrong with the request, if it is bad.
func (r *reader) failed(name string, version int16, most int) error {
	switch {
	case r.elements < 0:
		return fmt.Errorf("%w: %s version %d has arrays of more than %d elements together", ErrFrame, name, version, most)
	case r.bad:
		return fmt.Errorf("%w: %s version %d is cut short or has wrong lengths", ErrFrame, name, version)
	}
	return nil
}

// tags skips a set of tagged fields.
func (r *reader) tags() {
	for n := r.uvarint(); n > 0 && !r.bad; n-- {
		r.uvarint() // the tag
		r.span(int64(min(r.uvarint(), 1<<31)))
	}
}

// structEnd skips the tagged fields that end each structure of a flexible
// message.
func (r *reader) structEnd() {
	if r.flexible {
		r.tags()
	}
}
