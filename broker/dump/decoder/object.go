package decoder

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Field is a field of an [Object].
type Field struct {
	Name  string
	Value any
}

// Object is a JSON object whose fields keep their order.
type Object []Field

// MarshalJSON writes the fields in their order.
func (o Object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		for n, part := range []any{f.Name, f.Value} {
			text, err := marshal(part)
			if err != nil {
				return nil, fmt.Errorf("field %s: %w", f.Name, err)
			}
			if n == 1 {
				b.WriteByte(':')
			}
			b.Write(text)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// marshal is json.Marshal that leaves < and > as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// String is the JSON, in which everything is escaped that a terminal would not
// print.
func (o Object) String() string {
	text, err := o.MarshalJSON()
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, c := range string(text) {
		switch {
		case strconv.IsPrint(c):
			b.WriteRune(c)
		case c < 1<<16:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			const half = 0x400
			c -= 1 << 16
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+c/half, 0xdc00+c%half)
		}
	}
	return b.String()
}

// with is the object with another value of a field.
func (o Object) with(name string, change func(any) any) Object {
	for i, f := range o {
		if f.Name == name {
			o[i].Value = change(f.Value)
		}
	}
	return o
}
