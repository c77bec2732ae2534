package tracepoint

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Event is a tracepoint of this kernel.
type Event struct {
	// Name is as perf list has it: system and event, joined by a colon.
	Name string
	// ID is the number that the kernel gave it at its start.
	ID     uint64
	fields map[string]Field
}

// Field is where a value lies in a hit's raw data.
type Field struct {
	offset, size int
	signed       bool
	// located: the field holds where the value lies (__data_loc), a string's length
	// in its upper half, its offset in the lower one.
	located bool
}

// Offset is how many bytes into the raw data the field begins.
func (f Field) Offset() int { return f.offset }

// Load reads the format of a tracepoint out of a mounted tracefs.
func Load(tracefs, name string) (*Event, error) {
	system, event, ok := strings.Cut(name, ":")
	if !ok {
		return nil, fmt.Errorf("tracepoint %q: write system:event, for example net:net_dev_start_xmit", name)
	}
	f, err := os.Open(filepath.Join(tracefs, "events", system, event, "format"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("tracepoint %s: this kernel has none of that name: %w", name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("tracepoint %s: %w", name, err)
	}
	defer f.Close()
	e, err := parseFormat(f)
	if err != nil {
		return nil, fmt.Errorf("tracepoint %s: %w", name, err)
	}
	e.Name = name
	return e, nil
}

// parseFormat reads lines of these kinds, and passes over all else:
//
//	ID: 1599
//	field:unsigned int len;	offset:36;	size:4;	signed:0;
func parseFormat(r io.Reader) (*Event, error) {
	e := &Event{fields: map[string]Field{}}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if id, ok := strings.CutPrefix(line, "ID:"); ok {
			n, err := strconv.ParseUint(strings.TrimSpace(id), 10, 16)
			if err != nil {
				return nil, fmt.Errorf("its format has the ID %q", strings.TrimSpace(id))
			}
			e.ID = n
		}
		if strings.HasPrefix(line, "field:") {
			name, f, err := parseField(line)
			if err != nil {
				return nil, err
			}
			e.fields[name] = f
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if e.ID == 0 {
		return nil, errors.New("its format has no ID")
	}
	return e, nil
}

func parseField(line string) (name string, f Field, err error) {
	parts := map[string]string{}
	for part := range strings.SplitSeq(line, ";") {
		if key, value, ok := strings.Cut(strings.TrimSpace(part), ":"); ok {
			parts[key] = value
		}
	}
	words := strings.Fields(parts["field"])
	f.offset, err = strconv.Atoi(parts["offset"])
	if err == nil {
		f.size, err = strconv.Atoi(parts["size"])
	}
	if err != nil || len(words) == 0 || f.offset < 0 || f.size < 0 {
		return "", f, fmt.Errorf("its format has the field %q", line)
	}
	f.signed = parts["signed"] == "1"
	f.located = words[0] == "__data_loc"
	name, _, _ = strings.Cut(words[len(words)-1], "[") // an array
	return name, f, nil
}

// Field finds a field by its name.
func (e *Event) Field(name string) (Field, error) {
	f, ok := e.fields[name]
	if !ok {
		return f, fmt.Errorf("tracepoint %s: this kernel's has no field %q", e.Name, name)
	}
	return f, nil
}

// Int is a number in a hit's raw data; 0 if the data is too short for it. An
// unsigned number of 64 bits keeps its bits.
func (f Field) Int(raw []byte) int64 {
	if f.offset+f.size > len(raw) {
		return 0
	}
	b := raw[f.offset : f.offset+f.size]
	switch f.size {
	case 1:
		if f.signed {
			return int64(int8(b[0]))
		}
		return int64(b[0])
	case 2:
		v := binary.NativeEndian.Uint16(b)
		if f.signed {
			return int64(int16(v))
		}
		return int64(v)
	case 4:
		v := binary.NativeEndian.Uint32(b)
		if f.signed {
			return int64(int32(v))
		}
		return int64(v)
	case 8:
		return int64(binary.NativeEndian.Uint64(b))
	}
	return 0
}

// Bytes is the field as it lies in a hit's raw data, such as an address; nothing if the
// data is too short for it.
func (f Field) Bytes(raw []byte) []byte {
	if f.offset+f.size > len(raw) {
		return nil
	}
	return raw[f.offset : f.offset+f.size]
}

// At is the i-th number of 64 bits of an array, such as a syscall's arguments; 0
// if the data is too short for it.
func (f Field) At(raw []byte, i int) int64 {
	return Field{offset: f.offset + 8*i, size: 8}.Int(raw)
}

// String is a text in a hit's raw data, up to its NUL.
func (f Field) String(raw []byte) string {
	from, n := f.offset, f.size
	if f.located {
		where := Field{offset: f.offset, size: 4}.Int(raw)
		from, n = int(where&0xffff), int(where>>16)
	}
	if from > len(raw) {
		return ""
	}
	text := string(raw[from:min(from+n, len(raw))])
	text, _, _ = strings.Cut(text, "\x00")
	return text
}
