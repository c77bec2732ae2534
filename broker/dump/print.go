package dump

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"copyscope/broker/dump/decoder"
)

// field is a name and a value, in the order of Kafka's tool.
type field struct {
	name  string
	value any
}

// printer writes what is in one file, as lines of text or of JSON.
type printer struct {
	w      io.Writer
	path   string
	o      Options
	topic  *decoder.Topic // whose records these are; nil: nobody knows them
	failed error          // of the writer
}

func (p *printer) title() {
	if !p.o.JSON {
		p.write("Dumping " + p.path + "\n")
	}
}

// line prints "name: value name: value", or an object with the kind.
func (p *printer) line(kind, prefix string, fields ...field) {
	if p.o.JSON {
		p.object(kind, fields)
		return
	}
	var b strings.Builder
	b.WriteString(prefix)
	for i, f := range fields {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%s: %v", f.name, f.value)
	}
	b.WriteByte('\n')
	p.write(b.String())
}

// object writes the fields in their order, which a map would not keep.
func (p *printer) object(kind string, fields []field) {
	var b strings.Builder
	b.WriteString(`{"schema":1`)
	for _, f := range append([]field{{"file", p.path}, {"kind", kind}}, fields...) {
		value, err := json.Marshal(f.value)
		if err != nil {
			p.failed = err
			return
		}
		name, _ := json.Marshal(f.name)
		fmt.Fprintf(&b, ",%s:%s", name, value)
	}
	b.WriteString("}\n")
	p.write(b.String())
}

// shown is a string as a line holds it: JSON escapes by itself.
func (p *printer) shown(s string) string {
	if p.o.JSON {
		return s
	}
	return shown(s)
}

// note is a remark, no fault.
func (p *printer) note(text string) {
	if p.o.JSON {
		p.object("note", []field{{"note", text}})
		return
	}
	p.write("note: " + text + "\n")
}

func (p *printer) fault(err error) {
	if p.o.JSON {
		p.object("fault", []field{{"fault", err.Error()}})
		return
	}
	p.write("FAULT: " + err.Error() + "\n")
}

func (p *printer) write(text string) {
	if p.failed == nil {
		_, p.failed = io.WriteString(p.w, text)
	}
}
