package txn

import (
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/statelog"
)

// The bytes of a record are Kafka's (TransactionLogKey.json,
// TransactionLogValue.json), and never change.
func TestGoldenRecord(t *testing.T) {
	m := metadata{producer: Producer{ID: 0x1122, Epoch: 3}, previous: 0x1122, next: 0x3344, lastEpoch: noEpoch, timeout: time.Minute, state: PrepareCommit,
		partitions: map[TopicPartition]struct{}{{"t", 1}: {}, {"t", 0}: {}, {"u", 2}: {}}, started: 0x0a0b, updated: 0x0c0d, version: V2}
	r := m.record("id")
	const key = "0000" + "0002" + "6964" // version, transactional id
	value := strings.Join([]string{
		"0001",             // version
		"0000000000001122", // producer id
		"0003",             // epoch
		"0000ea60",         // timeout, ms
		"02",               // state
		"03",               // two topics
		"0274", "03", "00000000", "00000001", "00",
		"0275", "02", "00000002", "00",
		"0000000000000c0d", "0000000000000a0b", // last update, start
		"03",                           // tagged fields
		"00", "08", "0000000000001122", // previous producer id
		"01", "08", "0000000000003344", // next producer id
		"02", "02", "0002", // the client's transaction.version
	}, "")
	if hex.EncodeToString(r.Key) != key || hex.EncodeToString(r.Value) != value {
		t.Errorf("got\n%x %x, want\n%s %s", r.Key, r.Value, key, value)
	}
	if id, got, err := parseRecord(r); err != nil || id != "id" || !reflect.DeepEqual(*got, m) {
		t.Errorf("it is read as %q %+v, %v", id, got, err)
	}
	if id, got, err := parseRecord(tombstone("id")); err != nil || id != "id" || got != nil {
		t.Errorf("a tombstone is read as %q %+v, %v", id, got, err)
	}
	empty := metadata{producer: Producer{ID: 1}, previous: noID, next: noID, lastEpoch: noEpoch, timeout: time.Second, started: -1, updated: 5}
	if topics := empty.record("id").Value[2+8+2+4+1]; topics != 0 { // a compact array's null
		t.Errorf("an empty one has topics: %d", topics)
	}
	if _, got, err := parseRecord(empty.record("id")); err != nil || !reflect.DeepEqual(*got, empty) {
		t.Errorf("an empty one is read as %+v, %v", got, err)
	}
}

// What an older Kafka wrote is read; what cannot be is an error that says what.
func TestParseRecord(t *testing.T) {
	old := kmsg.TxnMetadataValue{Version: 0, ProducerID: 7, ProducerEpoch: 2, TimeoutMillis: 1000, State: kmsg.TransactionState(Ongoing), StartTimestamp: 3, LastUpdateTimestamp: 4,
		Topics: []kmsg.TxnMetadataValueTopic{{Topic: "t", Partitions: []int32{5}}}}
	want := metadata{producer: Producer{ID: 7, Epoch: 2}, previous: noID, next: noID, lastEpoch: noEpoch, timeout: time.Second, state: Ongoing,
		partitions: map[TopicPartition]struct{}{{"t", 5}: {}}, started: 3, updated: 4}
	if _, got, err := parseRecord(statelog.Record{Key: recordKey("id"), Value: old.AppendTo(nil)}); err != nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("version 0 is read as %+v, %v", got, err)
	}
	changed := func(f func(*kmsg.TxnMetadataValue)) []byte {
		v := old
		f(&v)
		return v.AppendTo(nil)
	}
	good := old.AppendTo(nil)
	for _, k := range []struct {
		name       string
		key, value []byte
		say        string
	}{
		{"no key", nil, good, "key of 0 bytes"},
		{"a key of another version", []byte{0, 9, 0, 0}, good, "version 9"},
		{"a key cut short", []byte{0, 0, 0, 5, 'a'}, good, "key"},
		{"an empty value", recordKey("id"), []byte{}, "0 bytes"},
		{"a value to come", recordKey("id"), []byte{0, 2, 0}, "version 2"},
		{"a value cut short", recordKey("id"), good[:len(good)-3], `"id"`},
		{"a state that is none", recordKey("id"), changed(func(v *kmsg.TxnMetadataValue) { v.State = 9 }), "state 9"},
		{"a state that is never stored", recordKey("id"), changed(func(v *kmsg.TxnMetadataValue) { v.State = 7 }), "state 7"},
		{"a negative id", recordKey("id"), changed(func(v *kmsg.TxnMetadataValue) { v.ProducerID = -1 }), "producer id -1"},
		{"a negative epoch", recordKey("id"), changed(func(v *kmsg.TxnMetadataValue) { v.ProducerEpoch = -1 }), "epoch -1"},
		{"a negative partition", recordKey("id"), changed(func(v *kmsg.TxnMetadataValue) {
			v.Topics = []kmsg.TxnMetadataValueTopic{{Topic: "t", Partitions: []int32{-1}}}
		}), "partition -1"},
	} {
		if _, _, err := parseRecord(statelog.Record{Key: k.key, Value: k.value}); err == nil || !strings.Contains(err.Error(), k.say) {
			t.Errorf("%s: %v", k.name, err)
		}
	}
}
