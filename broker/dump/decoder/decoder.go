// Package decoder reads the records that Kafka's coordinators keep in its internal
// topics, and makes JSON of them as Kafka's DumpLogSegments does with
// --offsets-decoder and --transaction-log-decoder.
//
// The records are described by tables, after Kafka's schemas
// (group-coordinator/src/main/resources/common/message/*.json and
// transaction-coordinator's), since the client library knows 6 of the 20, and its
// reader counts up to 2^32 tagged fields that a damaged value claims. Whatever a
// record is, decoding it ends: what is not understood is shown in hex.
package decoder

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Topic is an internal topic.
type Topic struct {
	name    string
	records map[int16]record // by the version that begins a key: it tells what a record is
}

// record is a kind of record.
type record struct {
	name  string // Kafka's name of the schemas, without Key and Value
	key   structure
	value value
}

// value is a schema with versions from 0 on.
type value struct {
	latest   int16
	flexible int16 // the first version with compact lengths and tagged fields (KIP-482)
	fields   structure
	// refine makes more of what was read; nil: nothing.
	refine func(Object) Object
}

// Of is the topic of that name, nil if it is none that is known.
func Of(name string) *Topic {
	for _, t := range []*Topic{&Offsets, &Transactions} {
		if t.name == name {
			return t
		}
	}
	return nil
}

// OfDirectory is the topic whose partition a directory of that name holds: the
// topic's, a hyphen, a number, and behind a point what marks it as about to be
// removed. It is nil for other topics.
func OfDirectory(name string) *Topic {
	name, _, _ = strings.Cut(name, ".")
	at := strings.LastIndexByte(name, '-')
	if at < 0 {
		return nil
	}
	if _, err := strconv.ParseUint(name[at+1:], 10, 31); err != nil {
		return nil
	}
	return Of(name[:at])
}

// Key decodes a key; a null one is nil.
func (t *Topic) Key(key []byte) any {
	if key == nil {
		return nil
	}
	version, rest, ok := cutVersion(key)
	if !ok {
		return unknown(nil, key)
	}
	head := Object{{"type", strconv.Itoa(int(version))}}
	kind, known := t.records[version]
	if !known {
		return unknown(head, key)
	}
	head = append(head, Field{"name", kind.name})
	data, err := read(rest, kind.key, version, false)
	if err != nil {
		return damaged(head, key, err)
	}
	return append(head, Field{"data", data})
}

// Value decodes the value of a record with that key; a null one, which takes the
// key away, is nil.
func (t *Topic) Value(key, value []byte) any {
	if value == nil {
		return nil
	}
	version, rest, ok := cutVersion(value)
	if !ok {
		return unknown(nil, value)
	}
	of, _, _ := cutVersion(key)
	kind, known := t.records[of]
	if !known || len(key) < 2 {
		return unknown(nil, value) // it need not begin with a version
	}
	head := Object{{"version", strconv.Itoa(int(version))}}
	if version < 0 || version > kind.value.latest {
		return unknown(head, value)
	}
	if len(rest) > maxValue {
		return damaged(head, value, fmt.Errorf("of more than %d bytes nothing is decoded", maxValue))
	}
	data, err := read(rest, kind.value.fields, version, version >= kind.value.flexible)
	if err != nil {
		return damaged(head, value, err)
	}
	if kind.value.refine != nil {
		data = kind.value.refine(data)
	}
	return append(head, Field{"data", data})
}

// maxValue bounds what is decoded, which takes up to a hundred times its bytes of
// memory, and may come out of a small file: a batch of zeros compresses well. It is
// four times what Kafka takes for a batch (message.max.bytes).
const maxValue = 4 << 20

func cutVersion(b []byte) (version int16, rest []byte, ok bool) {
	if len(b) < 2 {
		return 0, nil, false
	}
	return int16(binary.BigEndian.Uint16(b)), b[2:], true
}

// read reads all of the bytes.
func read(b []byte, s structure, version int16, flexible bool) (Object, error) {
	r := &reader{b: b, version: version, flexible: flexible}
	data := s.read(r)
	if r.err == nil && len(r.b) > 0 {
		r.fail("%d bytes are left", len(r.b))
	}
	return data.(Object), r.err
}

func unknown(head Object, b []byte) Object {
	return append(head, Field{"hex", hex.EncodeToString(b)})
}

func damaged(head Object, b []byte, err error) Object {
	return unknown(append(head, Field{"error", fmt.Sprint(err)}), b)
}
