package dump

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"copyscope/broker/dump/decoder"
	"copyscope/broker/log"
)

// Decoder says what is made of keys and values.
type Decoder string

const (
	// Auto decodes the records of the internal topics, which it knows by the
	// names of their directories.
	Auto Decoder = "auto"
	// None shows keys and values as they are.
	None Decoder = "none"
)

// decoders are, by name, those that take records for an internal topic's wherever
// they are. Kafka's tool has them as --offsets-decoder and --transaction-log-decoder.
var decoders = map[Decoder]*decoder.Topic{"offsets": &decoder.Offsets, "transaction-log": &decoder.Transactions}

// ParseDecoder reads the name of a decoder. The error names those that there are.
func ParseDecoder(name string) (Decoder, error) {
	d := Decoder(name)
	if d == Auto || d == None || decoders[d] != nil {
		return d, nil
	}
	known := []string{string(Auto), string(None)}
	for _, d := range slices.Sorted(maps.Keys(decoders)) {
		known = append(known, string(d))
	}
	return "", fmt.Errorf("there is no decoder %q; known are %s", name, strings.Join(known, ", "))
}

// Named says whether somebody asked for the records of an internal topic.
func (d Decoder) Named() bool { return decoders[d] != nil }

// of is the topic whose records a file has.
func (d Decoder) of(path string) *decoder.Topic {
	if d != Auto {
		return decoders[d]
	}
	whole, err := filepath.Abs(path)
	if err != nil {
		whole = path
	}
	return decoder.OfDirectory(filepath.Base(filepath.Dir(whole)))
}

func (p *printer) record(i log.BatchInfo, r log.RecordInfo) {
	sequence := int64(-1)
	if i.FirstSequence >= 0 {
		sequence = (int64(i.FirstSequence) + r.Offset - i.Base) & (1<<31 - 1)
	}
	fields := []field{{"offset", r.Offset}, {timeName(i), r.Timestamp}, {"keySize", sizeOf(r.Key)}, {"valueSize", sizeOf(r.Value)}, {"sequence", sequence}}
	if p.o.JSON {
		fields = append(fields, p.contentJSON(i, r)...)
	} else {
		fields = append(fields, p.contentText(i, r)...)
	}
	p.line("record", "| ", fields...)
}

// contentJSON is what a record holds, as JSON has it.
func (p *printer) contentJSON(i log.BatchInfo, r log.RecordInfo) []field {
	headers := []map[string]any{}
	for _, h := range r.Headers {
		headers = append(headers, map[string]any{"key": h.Key, "value": text(h.Value)})
	}
	key, payload := text(r.Key), text(r.Value)
	if p.decodes(i) {
		key, payload = p.topic.Key(r.Key), p.topic.Value(r.Key, r.Value)
	}
	return append([]field{{"headers", headers}, {"key", key}, {"payload", payload}}, markerOf(i, r)...)
}

// contentText is the same for people, in the form of Kafka's tool.
func (p *printer) contentText(i log.BatchInfo, r log.RecordInfo) []field {
	var headers []string
	for _, h := range r.Headers {
		headers = append(headers, shown(h.Key)+"="+shown(string(h.Value)))
	}
	fields := []field{{"headers", "[" + strings.Join(headers, ",") + "]"}}
	if end := markerOf(i, r); end != nil {
		return append(fields, end...)
	}
	key, payload, deletes := any(shown(string(r.Key))), any(shown(string(r.Value))), false
	if p.decodes(i) {
		key, payload, deletes = p.topic.Key(r.Key), p.topic.Value(r.Key, r.Value), r.Value == nil
	}
	if r.Key != nil {
		fields = append(fields, field{"key", key})
	}
	switch {
	case deletes:
		fields = append(fields, field{"payload", "<DELETE>"})
	case r.Value != nil:
		fields = append(fields, field{"payload", payload})
	}
	return fields
}

// decodes says whether the batch's records are an internal topic's: a control
// batch's are not.
func (p *printer) decodes(i log.BatchInfo) bool { return p.topic != nil && !i.Control }

// markerOf is the end of a transaction; nil if the record is none.
func markerOf(i log.BatchInfo, r log.RecordInfo) []field {
	m, ok := log.ParseMarker(r.Key, r.Value)
	if !ok || !i.Control {
		return nil
	}
	end := "ABORT"
	if m.Commit {
		end = "COMMIT"
	}
	return []field{{"endTxnMarker", end}, {"coordinatorEpoch", m.CoordinatorEpoch}}
}

func sizeOf(b []byte) int {
	if b == nil {
		return -1
	}
	return len(b)
}

// text is what JSON says of bytes: a string, an object {"base64": …} where they
// are no UTF-8, or null.
func text(b []byte) any {
	switch {
	case b == nil:
		return nil
	case utf8.Valid(b):
		return string(b)
	}
	return map[string][]byte{"base64": b}
}

// shown keeps a terminal safe: what cannot be printed is escaped.
func shown(s string) string {
	quoted := fmt.Sprintf("%+q", s)
	if utf8.ValidString(s) {
		quoted = fmt.Sprintf("%q", s)
	}
	return quoted[1 : len(quoted)-1]
}
