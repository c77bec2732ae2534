package web

import (
	"errors"
	"reflect"
	"testing"
)

// What a page sends is a message, which survives being written and read again, or a
// problem with a remedy.
func FuzzDecodeMessage(f *testing.F) {
	for _, text := range []string{
		`{"v":1,"type":"hello","body":{"server":"x","resume":{"live":411}}}`,
		`{"v":1,"type":"scope.run","id":"r1","body":{"lane":"a","scenario":"sendfile,side=sim"}}`,
		`{"v":2,"type":"ping"}`, `{"v":1}`, `[]`, `{"v":1,"type":"a","seq":-1}`, `{"v":1e400}`, "\xff",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := decodeMessage(text)
		if err != nil {
			if p := (Problem{}); !errors.As(err, &p) || p.Code == "" || p.Message == "" || p.Remedy == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		var body any
		if m.Decode(&body) != nil {
			t.Fatalf("a body that was read as JSON, and is none: %s", m.Body)
		}
		again, err := encode(m.Seq, m.Type, m.ID, m.Body)
		if err != nil {
			t.Fatal(err)
		}
		back, err := decodeMessage(again)
		var was, is any
		m.Decode(&was)
		back.Decode(&is)
		if err != nil || !reflect.DeepEqual(was, is) || back.Seq != m.Seq || back.Type != m.Type || back.ID != m.ID {
			t.Fatalf("%s became %s, %v", text, again, err)
		}
	})
}
