package dump_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/dump"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// batch is a record batch as kmsg writes it, with two records: one with key,
// value and headers, one with nulls and bytes that are no text.
func batch(t *testing.T, base int64, codec int16, change func(*kmsg.RecordBatch)) []byte {
	t.Helper()
	var records []byte
	for i, r := range []kmsg.Record{
		{Key: []byte("k"), Value: []byte("hello"), Headers: []kmsg.Header{{Key: "a", Value: []byte("b")}, {Key: "n"}}},
		{OffsetDelta: 1, TimestampDelta64: 7, Value: []byte("\x00\xff\x1b[31m")},
	} {
		r.Length = int32(len(r.AppendTo(nil)) - 1) // the length itself takes a byte
		if got := r.AppendTo(nil); len(got) != int(r.Length)+1 {
			t.Fatalf("record %d has %d bytes, claims %d", i, len(got), r.Length)
		}
		records = r.AppendTo(records)
	}
	b := kmsg.RecordBatch{FirstOffset: base, Magic: 2, Attributes: codec, LastOffsetDelta: 1, FirstTimestamp: 1_700_000_000_000,
		MaxTimestamp: 1_700_000_000_007, ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1, NumRecords: 2, Records: compressed(t, codec, records)}
	if change != nil {
		change(&b)
	}
	b.Length = int32(49 + len(b.Records))
	raw := b.AppendTo(nil)
	binary.BigEndian.PutUint32(raw[17:], crc32.Checksum(raw[21:], crc32.MakeTable(crc32.Castagnoli)))
	return raw
}

func compressed(t *testing.T, codec int16, b []byte) []byte {
	var out bytes.Buffer
	var err error
	switch codec {
	case 0:
		return b
	case 1:
		w := gzip.NewWriter(&out)
		_, err = w.Write(b)
		w.Close()
	case 2:
		return snappy.Encode(nil, b)
	case 3:
		w := lz4.NewWriter(&out)
		_, err = w.Write(b)
		w.Close()
	case 4:
		w, _ := zstd.NewWriter(&out)
		_, err = w.Write(b)
		w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// marker is the control batch that ends a producer's transaction: 0 aborts it, 1
// commits it.
func marker(t *testing.T, at, producer int64, kind byte) []byte {
	t.Helper()
	r := kmsg.Record{Key: []byte{0, 0, 0, kind}, Value: []byte{0, 0, 0, 0, 0, 5}}
	r.Length = int32(len(r.AppendTo(nil)) - 1)
	return batch(t, at, 0, func(b *kmsg.RecordBatch) {
		b.Attributes, b.ProducerID, b.ProducerEpoch = 0x30, producer, 2
		b.LastOffsetDelta, b.NumRecords, b.Records = 0, 1, r.AppendTo(nil)
	})
}

const segment = "00000000000000000010"

// directory is a whole log directory with one partition.
func directory(t *testing.T) string {
	t.Helper()
	var log []byte
	var positions []int64
	for codec := range int16(5) {
		positions = append(positions, int64(len(log)))
		log = append(log, batch(t, 10+2*int64(codec), codec, func(b *kmsg.RecordBatch) {
			if codec == 1 {
				b.ProducerID, b.ProducerEpoch, b.FirstSequence = 7, 1, 1<<31-1
			}
			if codec == 2 {
				b.Attributes |= 8
			}
		})...)
	}
	log = append(log, batch(t, 20, 0, func(b *kmsg.RecordBatch) {
		b.Attributes |= 0x10
		b.ProducerID, b.ProducerEpoch, b.FirstSequence = 8, 2, 0
	})...)
	log = append(log, marker(t, 22, 8, 0)...)
	log = append(log, marker(t, 23, 9, 1)...)
	be := binary.BigEndian
	aborted := []byte{0, 0}
	for _, v := range []uint64{8, 20, 22, 23} {
		aborted = be.AppendUint64(aborted, v)
	}
	index := be.AppendUint32(be.AppendUint32(nil, 3), uint32(positions[1]))
	index = append(index, make([]byte, 16)...) // room for more
	times := be.AppendUint32(be.AppendUint64(nil, 1_700_000_000_007), 3)
	snapshot := be.AppendUint64(nil, 7)
	snapshot = be.AppendUint16(snapshot, 1)
	snapshot = be.AppendUint32(snapshot, 0)
	snapshot = be.AppendUint64(snapshot, 13)
	snapshot = be.AppendUint32(snapshot, 1)
	snapshot = be.AppendUint64(snapshot, 1_700_000_000_007)
	snapshot = be.AppendUint32(snapshot, 0xffffffff)
	snapshot = be.AppendUint64(snapshot, 0xffffffffffffffff)
	snapshot = append(be.AppendUint32(nil, 1), snapshot...)
	snapshot = append(be.AppendUint32([]byte{0, 1}, crc32.Checksum(snapshot, crc32.MakeTable(crc32.Castagnoli))), snapshot...)
	return written(t, map[string][]byte{
		"t-0/" + segment + ".log":                log,
		"t-0/" + segment + ".index":              index,
		"t-0/" + segment + ".timeindex":          times,
		"t-0/" + segment + ".txnindex":           aborted,
		"t-0/00000000000000000020.snapshot":      snapshot,
		"t-0/leader-epoch-checkpoint":            []byte("0\n1\n0 10\n"),
		"t-0/partition.metadata":                 []byte("version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ\n"),
		"recovery-point-offset-checkpoint":       []byte("0\n1\nt 0 20\n"),
		"meta.properties":                        []byte("#\nversion=1\nnode.id=1\n"),
		"producer-ids.json":                      []byte(`{"schema":1,"next":5000}`),
		"topics.json":                            []byte(`{"schema":1,"topics":{"t":{"id":"AAAAAAAAAAAAAAAAAAAAAQ","partitions":1,"configs":{"segment.bytes":"1"}}}}`),
		"t-0/00000000000000000010.deleted-thing": []byte("ignored"),
	})
}

// written is a directory with such files.
func written(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// holdTo holds what was printed to a golden file.
func holdTo(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what was printed (go test -update writes it anew):\n%s", golden, got)
	}
}

func TestDirectory(t *testing.T) {
	dir := directory(t)
	for name, o := range map[string]dump.Options{"text": {Records: true}, "json": {Records: true, JSON: true}} {
		var out bytes.Buffer
		if err := dump.Files(&out, []string{dir}, o); err != nil {
			t.Fatal(err)
		}
		got := strings.ReplaceAll(out.String(), dir+string(filepath.Separator), "DIR/")
		holdTo(t, filepath.Join("testdata", "directory."+name), got)
		if o.JSON {
			for _, line := range strings.Split(strings.TrimSpace(got), "\n") {
				if !json.Valid([]byte(line)) {
					t.Errorf("no JSON: %s", line)
				}
			}
		}
	}
}

// What passwords are checked with is not printed, neither among other files nor when
// it is named, nor what is left of one that was being written.
func TestCredentialsAreNotDumped(t *testing.T) {
	dir := directory(t)
	for _, name := range []string{"users.json", "users.json.tmp"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(`{"schema":1,"secret":"hunter2"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, named := range []string{dir, path} {
			var out bytes.Buffer
			err := dump.Files(&out, []string{named}, dump.Options{Records: true})
			if (err == nil) != (named == dir) || strings.Contains(out.String(), "hunter2") || err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("dumping %s: %v, and it prints %d bytes", filepath.Base(named), err, out.Len())
			}
		}
	}
}

// Each fault is named: the file, the place, what is wrong.
func TestFaults(t *testing.T) {
	log := filepath.Join("t-0", segment+".log")
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte { b[at] ^= 1; return b }
	}
	for _, c := range []struct {
		name, file string
		change     func([]byte) []byte
		want       []string
	}{
		{"a bit of a record", log, flip(70), []string{"byte 0", "CRC-32C"}},
		{"magic", log, flip(16), []string{"byte 0", "magic 3"}},
		{"cut", log, func(b []byte) []byte { return b[:len(b)-1] }, []string{"claims", "the file has"}},
		{"a few bytes", log, func(b []byte) []byte { return append(b, 1, 2, 3) }, []string{"3 bytes are less than a batch header"}},
		{"no segment at all", log, func([]byte) []byte { return bytes.Repeat([]byte("text "), 100) }, []string{"byte 0"}},
		{"offsets that go back", log, func(b []byte) []byte { return append(b, batch(t, 12, 0, nil)...) }, []string{"base offset 12 where 24 or more should follow"}},
		{"a record too few", log, func(b []byte) []byte {
			return append(b, batch(t, 24, 0, func(b *kmsg.RecordBatch) { b.NumRecords = 1 })...)
		}, []string{"batch at offset 24", "follow the last of 1 records"}},
		{"what does not decompress", log, func(b []byte) []byte {
			return append(b, batch(t, 24, 4, func(b *kmsg.RecordBatch) { b.Records = []byte("no zstd") })...)
		}, []string{"batch at offset 24", "do not decompress"}},
		{"an entry at no batch", strings.Replace(log, ".log", ".index", 1), flip(7), []string{"entry 0", "no batch begins"}},
		{"an entry below its batch", strings.Replace(log, ".log", ".index", 1), func(b []byte) []byte { b[3] = 1; return b }, []string{"offset 11", "offsets 12 to 13"}},
		{"an entry behind the last batch", strings.Replace(log, ".log", ".index", 1), func(b []byte) []byte { b[5] = 1; return b }, []string{"entry 0", "no batch begins"}},
		{"half an entry", strings.Replace(log, ".log", ".index", 1), func(b []byte) []byte { return b[:7] }, []string{"7 bytes are less than an entry's 8"}},
		{"a time too early", strings.Replace(log, ".log", ".timeindex", 1), flip(7), []string{"1700000000007 is above", "entry 0"}},
		{"times that go back", strings.Replace(log, ".log", ".timeindex", 1), func(b []byte) []byte {
			return append(b, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9)
		}, []string{"byte 12", "timestamp 1"}},
		{"an aborted transaction of another producer", strings.Replace(log, ".log", ".txnindex", 1), flip(9), []string{"entry 0", "offset 22", "no marker of producer 9"}},
		{"an aborted transaction without its marker", strings.Replace(log, ".log", ".txnindex", 1), flip(25), []string{"entry 0", "offset 23", "no marker"}},
		{"half an aborted transaction", strings.Replace(log, ".log", ".txnindex", 1), func(b []byte) []byte { return append(b, 0) }, []string{"byte 34", "1 bytes are less than an entry's 34"}},
		{"snapshot", filepath.Join("t-0", "00000000000000000020.snapshot"), flip(20), []string{"CRC-32C"}},
		{"epochs", filepath.Join("t-0", "leader-epoch-checkpoint"), func([]byte) []byte { return []byte("0\n2\n1 5\n0 9\n") }, []string{"line 4"}},
		{"topic id", filepath.Join("t-0", "partition.metadata"), func([]byte) []byte { return []byte("version: 0\ntopic_id: x\n") }, []string{`"x"`}},
		{"checkpoint", "recovery-point-offset-checkpoint", func([]byte) []byte { return []byte("0\n9\n") }, []string{"claims 9 lines"}},
		{"properties", "meta.properties", func([]byte) []byte { return []byte("version\n") }, []string{"line 1", "no ="}},
		{"producer ids", "producer-ids.json", func([]byte) []byte { return []byte(`{"schema":2}`) }, []string{"schema 2"}},
		{"topics", "topics.json", func([]byte) []byte { return []byte(`{"schema":9}`) }, []string{"schema 9"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := directory(t)
			path := filepath.Join(dir, c.file)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, c.change(b), 0o644); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			err = dump.Files(&out, []string{path}, dump.Options{})
			if err == nil {
				t.Fatalf("no fault was found:\n%s", &out)
			}
			for _, want := range append(c.want, path) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the fault %q does not tell %q", err, want)
				}
			}
			if !strings.Contains(out.String(), "FAULT: ") {
				t.Errorf("the fault is not in what was printed:\n%s", &out)
			}
		})
	}
}

// An index whose segment has a fault says that it is the segment's.
func TestFaultOfTheSegmentBesideAnIndex(t *testing.T) {
	dir := filepath.Join(directory(t), "t-0")
	log := filepath.Join(dir, segment+".log")
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	b[70] ^= 1
	if err := os.WriteFile(log, b, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, ending := range []string{".index", ".timeindex"} {
		if err := dump.Files(&bytes.Buffer{}, []string{filepath.Join(dir, segment+ending)}, dump.Options{}); err == nil || !strings.Contains(err.Error(), "its segment "+log+": byte 0") {
			t.Errorf("%s: %v", ending, err)
		}
	}
}

// Text keeps a terminal safe whatever a file holds; JSON holds it as it is.
func TestTextIsEscapedAndJSONIsNot(t *testing.T) {
	for name, c := range map[string]struct{ content, text, json string }{
		"meta.properties":                  {"a\x1b[2J=C:\\logs\n", `a\x1b[2J: C:\\logs`, `"a\u001b[2J":"C:\\logs"`},
		"recovery-point-offset-checkpoint": {"0\n1\nt\x1b[2J 0 20\n", `topic: t\x1b[2J`, `"topic":"t\u001b[2J"`},
		"topics.json":                      {`{"schema":1,"topics":{"t":{"id":"\u001b[2J","configs":{"\u001b":"1"}}}}`, `id: \x1b[2J partitions: 0 configs: [\x1b=1]`, `"id":"\u001b[2J"`},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(c.content), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, o := range []dump.Options{{}, {JSON: true}} {
			var out bytes.Buffer
			want := map[bool]string{false: c.text, true: c.json}[o.JSON]
			if err := dump.Files(&out, []string{path}, o); err != nil || !strings.Contains(out.String(), want) || strings.Contains(out.String(), "\x1b") {
				t.Errorf("%s: %v, printed %q, want %q", name, err, &out, want)
			}
		}
	}
}

func TestNoSuchFile(t *testing.T) {
	foreign := filepath.Join(t.TempDir(), "photo.jpg")
	if err := os.WriteFile(foreign, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	unnamed := filepath.Join(t.TempDir(), "events.log")
	if err := os.WriteFile(unnamed, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		foreign:                             "not a known file of a log directory; known are log, index",
		unnamed:                             "offset of 20 digits",
		filepath.Dir(foreign):               "holds no file of a log directory",
		filepath.Join(t.TempDir(), "t.log"): "no such file",
	} {
		if err := dump.Files(&bytes.Buffer{}, []string{path}, dump.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

// Whatever is in a file, dumping it ends with an error or without one.
func FuzzFiles(f *testing.F) {
	t := &testing.T{}
	f.Add(0, batch(t, 10, 0, nil))
	f.Add(0, batch(t, 10, 3, nil))
	f.Add(1, []byte{0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add(2, []byte{0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0})
	f.Add(3, []byte{0, 1, 0, 0, 0, 0, 0, 0, 0, 1})
	f.Add(4, []byte("0\n1\n0 10\n"))
	f.Add(9, make([]byte, 34))
	f.Add(8, []byte(`{"schema":1,"topics":{"t":{}}}`))
	f.Add(10, []byte(`{"schema":1,"next":5}`))
	f.Add(0, stored(t, 10, [2][]byte{{0, 2, 0, 1, 'g'}, {0, 3}}, [2][]byte{{0, 3, 0, 1, 'g'}, {0, 0, 0, 0, 0, 5, 0}}))
	names := []string{segment + ".log", segment + ".index", segment + ".timeindex", segment + ".snapshot", "leader-epoch-checkpoint",
		"recovery-point-offset-checkpoint", "partition.metadata", "meta.properties", "topics.json", segment + ".txnindex", "producer-ids.json"}
	decoders := []dump.Decoder{"offsets", "transaction-log", dump.Auto, dump.None}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, kind int, content []byte) {
		if kind < 0 || kind >= len(names) {
			return
		}
		path := filepath.Join(dir, names[kind])
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(path)
		dump.Files(&bytes.Buffer{}, []string{path}, dump.Options{Records: true, JSON: len(content)%2 == 0, Decoder: decoders[len(content)/2%len(decoders)]})
	})
}
