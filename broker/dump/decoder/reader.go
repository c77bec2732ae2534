package decoder

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// reader reads a record of Kafka's protocol. After an error everything that it
// reads is zero.
type reader struct {
	b        []byte
	version  int16
	flexible bool
	err      error
}

var errShort = errors.New("it ends too early")

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
	r.b = nil
}

// take is so many bytes; nil after an error.
func (r *reader) take(n int64) []byte {
	if r.err != nil || n < 0 || n > int64(len(r.b)) {
		r.fail("%w", errShort)
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > 1<<32-1 {
		r.fail("%w, or a length has more than 32 bits", errShort)
		return 0
	}
	r.b = r.b[n:]
	return v
}

// length is that of a string (of wide 2 bytes), of bytes or an array (4), or a
// compact one; -1 is null.
func (r *reader) length(wide int64) (n int64) {
	switch {
	case r.flexible:
		return int64(r.uvarint()) - 1
	case wide == 2:
		return int64(int16(bigEndian(r.take(wide))))
	}
	return int64(int32(bigEndian(r.take(wide))))
}

func bigEndian(b []byte) (v uint64) {
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}

// schema reads what it describes.
type schema interface{ read(*reader) any }

type primitive func(*reader) any

func (p primitive) read(r *reader) any { return p(r) }

var (
	int8Type  primitive = func(r *reader) any { return int8(bigEndian(r.take(1))) }
	int16Type primitive = func(r *reader) any { return int16(bigEndian(r.take(2))) }
	int32Type primitive = func(r *reader) any { return int32(bigEndian(r.take(4))) }
	int64Type primitive = func(r *reader) any { return int64(bigEndian(r.take(8))) }
	// uuidType is in text as Kafka's Uuid has it.
	uuidType primitive = func(r *reader) any { return base64.RawURLEncoding.EncodeToString(r.take(16)) }
	// stringType and bytesType take null, too: what may be null is for who writes.
	stringType primitive = func(r *reader) any {
		n := r.length(2)
		if n < 0 {
			return nil
		}
		b := r.take(n)
		if !utf8.Valid(b) {
			r.fail("a string of %d bytes is no UTF-8", n)
		}
		return string(b)
	}
	bytesType primitive = func(r *reader) any { // base64, as Kafka
		n := r.length(4)
		if n < 0 {
			return nil
		}
		return r.take(n)
	}
)

// names are of the values of an int8; one that has none is told by its digits.
type names map[int8]string

func (n names) read(r *reader) any {
	v := int8Type(r).(int8)
	if name, ok := n[v]; ok {
		return name
	}
	return strconv.Itoa(int(v))
}

// array is an array of such elements.
type array struct{ of schema }

func (a array) read(r *reader) any {
	n := r.length(4)
	if n < 0 {
		return nil
	}
	all := []any{}
	for ; n > 0 && r.err == nil; n-- { // each takes at least a byte
		all = append(all, a.of.read(r))
	}
	return all
}

// nullable is a structure that a byte below 0 says to be null (KIP-893).
type nullable struct{ of structure }

func (s nullable) read(r *reader) any {
	if int8(bigEndian(r.take(1))) < 0 {
		return nil
	}
	return s.of.read(r)
}

// attribute is a field of a structure.
type attribute struct {
	name string
	of   schema
	// since and until are the versions that have it; until 0 stands for no end.
	since, until int16
}

// structure is fields in their order, and in flexible versions tagged ones behind
// them.
type structure struct {
	fields []attribute
	tagged map[uint64]attribute
}

// fieldsOf is a structure without tagged fields.
func fieldsOf(all ...attribute) structure { return structure{fields: all} }

func (s structure) read(r *reader) any {
	data := Object{}
	for _, f := range s.fields {
		if r.version >= f.since && (f.until == 0 || r.version <= f.until) {
			data = f.readInto(data, r)
		}
	}
	if r.flexible {
		data = s.readTagged(data, r)
	}
	return data
}

func (f attribute) readInto(data Object, r *reader) Object {
	return append(data, Field{f.name, f.of.read(r)})
}

func (s structure) readTagged(data Object, r *reader) Object {
	for n := r.uvarint(); n > 0 && r.err == nil; n-- {
		tag := r.uvarint()
		own := &reader{b: r.take(int64(r.uvarint())), version: r.version, flexible: true}
		if r.err != nil {
			return data
		}
		f, ok := s.tagged[tag]
		if !ok {
			data = unknown(data, own.b)
			data[len(data)-1].Name = fmt.Sprintf("tag%d", tag)
			continue
		}
		data = f.readInto(data, own)
		if own.err == nil && len(own.b) > 0 {
			own.fail("%d bytes are left", len(own.b))
		}
		if own.err != nil {
			r.fail("tagged field %s: %w", f.name, own.err)
		}
	}
	return data
}
