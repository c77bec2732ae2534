package dump_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/dump"
)

// stored is a batch with records of such keys and values.
func stored(t *testing.T, base int64, pairs ...[2][]byte) []byte {
	t.Helper()
	var records []byte
	for i, p := range pairs {
		r := kmsg.Record{OffsetDelta: int32(i), Key: p[0], Value: p[1]}
		r.Length = int32(len(r.AppendTo(nil)) - 1) // without its own byte
		records = r.AppendTo(records)
	}
	return batch(t, base, 0, func(b *kmsg.RecordBatch) {
		b.NumRecords, b.LastOffsetDelta, b.Records = int32(len(pairs)), int32(len(pairs)-1), records
	})
}

// internalTopics is a log directory with a partition of each internal topic, and one
// with a copy under another name.
func internalTopics(t *testing.T) string {
	t.Helper()
	offset := kmsg.OffsetCommitKey{Version: 1, Group: "g\x1b[2J", Topic: "t", Partition: 7}
	committed := kmsg.OffsetCommitValue{Version: 3, Offset: 42, LeaderEpoch: 1, Metadata: "<m>", CommitTimestamp: 1_700_000_000_000}
	group := kmsg.GroupMetadataKey{Version: 2, Group: "g"}
	id := kmsg.TxnMetadataKey{TransactionalID: "id"}
	state := kmsg.NewTxnMetadataValue()
	state.Version, state.ProducerID, state.State, state.TimeoutMillis = 1, 7, 4, 60_000
	offsets := stored(t, 0,
		[2][]byte{offset.AppendTo(nil), committed.AppendTo(nil)},
		[2][]byte{group.AppendTo(nil), nil},
		[2][]byte{{0, 11, 1}, {0, 0, 2}},                                 // of a share group
		[2][]byte{{0, 2, 0, 9, 'g'}, {0, 3}},                             // damaged
		[2][]byte{{0, 3, 0, 1, 'g'}, {0, 0, 0, 0, 0, 5, 0}},              // of the consumer protocol
		[2][]byte{{0, 8, 0, 1, 'g', 0, 1, 'm'}, {0, 9, 0xff, 0xfe, 'x'}}) // of a version to come
	offsets = append(offsets, marker(t, 6, 8, 1)...)
	transactions := stored(t, 0, [2][]byte{id.AppendTo(nil), state.AppendTo(nil)}, [2][]byte{id.AppendTo(nil), nil}, [2][]byte{nil, []byte("no key")})
	return written(t, map[string][]byte{
		"__consumer_offsets-3/00000000000000000000.log":  offsets,
		"__transaction_state-0/00000000000000000000.log": transactions,
		"copy-0/00000000000000000000.log":                offsets[:len(offsets)-len(marker(t, 6, 8, 1))],
	})
}

// dumped is what is printed of a path, with DIR for the directory.
func dumped(t *testing.T, dir, path string, o dump.Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := dump.Files(&out, []string{filepath.Join(dir, filepath.FromSlash(path))}, o); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(out.String(), dir+string(filepath.Separator), "DIR/")
}

func TestInternalTopics(t *testing.T) {
	dir := internalTopics(t)
	for name, o := range map[string]dump.Options{"text": {}, "json": {JSON: true}} {
		o.Records, o.Decoder = true, dump.Auto
		got := dumped(t, dir, "", o)
		holdTo(t, filepath.Join("testdata", "internal."+name), got)
		if strings.Contains(got, "\x1b") {
			t.Errorf("%s: a terminal would obey it", name)
		}
		for line := range strings.Lines(got) {
			if o.JSON && !json.Valid([]byte(line)) {
				t.Errorf("no JSON: %s", line)
			}
		}
	}
}

// A decoder that is named decodes wherever the file is, none decodes nothing.
func TestDecoders(t *testing.T) {
	dir := internalTopics(t)
	for _, c := range []struct {
		path, decoder string
		want, not     string
	}{
		{"copy-0", "auto", `key: \x00\x01\x00\x05g`, "OffsetCommit"},
		{"copy-0", "offsets", `"name":"OffsetCommit","data":{"group":"g`, ""},
		{"copy-0", "transaction-log", `key: {"type":"1","hex":"0001`, "OffsetCommit"},
		{"__transaction_state-0", "auto", `"transactionStatus":"CompleteCommit"`, ""},
		{"__transaction_state-0", "none", `key: \x00\x00\x00\x02id`, "CompleteCommit"},
		{"__transaction_state-0", "offsets", `"name":"OffsetCommit","error":"it ends too early"`, "CompleteCommit"},
	} {
		d, err := dump.ParseDecoder(c.decoder)
		if err != nil {
			t.Fatal(err)
		}
		got := dumped(t, dir, c.path, dump.Options{Records: true, Decoder: d})
		if !strings.Contains(got, c.want) || c.not != "" && strings.Contains(got, c.not) {
			t.Errorf("%s with the decoder %s: want %s and not %s in\n%s", c.path, c.decoder, c.want, c.not, got)
		}
	}
	if _, err := dump.ParseDecoder("share"); err == nil || err.Error() != `there is no decoder "share"; known are auto, none, offsets, transaction-log` {
		t.Errorf("an unknown decoder: %v", err)
	}
	if d, _ := dump.ParseDecoder("none"); d.Named() || !dump.Decoder("offsets").Named() {
		t.Error("none is a named decoder, or offsets is not")
	}
	// The directory's name counts where the path has none, as in it.
	t.Chdir(filepath.Join(dir, "__transaction_state-0"))
	var out bytes.Buffer
	if err := dump.Files(&out, []string{"00000000000000000000.log"}, dump.Options{Records: true, Decoder: dump.Auto}); err != nil || !strings.Contains(out.String(), "CompleteCommit") {
		t.Errorf("in the directory: %v\n%s", err, &out)
	}
}

// What a cleaning writes and removes is dumped if it is named, indexes beside
// segments of their kind, and not with its directory.
func TestLeftovers(t *testing.T) {
	dir := directory(t)
	endings := []string{".log", ".index", ".timeindex", ".txnindex"}
	want := map[string]string{}
	for _, ending := range endings {
		want[ending] = dumped(t, dir, "t-0/"+segment+ending, dump.Options{})
	}
	had := dumped(t, dir, "t-0", dump.Options{})
	for _, end := range []string{".cleaned", ".swap", ".deleted"} {
		for _, ending := range endings {
			name := filepath.Join(dir, "t-0", segment+ending)
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name+end, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := dumped(t, dir, "t-0", dump.Options{}); got != had {
		t.Errorf("the directory's dump has them:\n%s", got)
	}
	for _, ending := range endings {
		if err := os.Remove(filepath.Join(dir, "t-0", segment+ending)); err != nil {
			t.Fatal(err)
		}
	}
	for _, end := range []string{".cleaned", ".swap", ".deleted"} {
		for _, ending := range endings {
			want := strings.Replace(want[ending], ending+"\n", ending+end+"\n", 1)
			if got := dumped(t, dir, "t-0/"+segment+ending+end, dump.Options{}); got != want {
				t.Errorf("%s%s:\n%s, want\n%s", ending, end, got, want)
			}
		}
	}
}
