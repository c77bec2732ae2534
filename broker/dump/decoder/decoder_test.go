package decoder_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/dump/decoder"
)

// said is a record that Kafka's classes wrote, and what its DumpLogSegments says of
// it (testdata/KafkaRecords.java).
type said struct {
	Topic     string
	Key       string
	Value     *string
	KeySaid   map[string]any `json:"key_said"`
	ValueSaid any            `json:"value_said"`
}

func (s said) bytes(t testing.TB) (key, value []byte) {
	key, err := hex.DecodeString(s.Key)
	if err == nil && s.Value != nil {
		value, err = hex.DecodeString(*s.Value)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key, value
}

func records(t testing.TB) (all []said) {
	b, err := os.ReadFile("testdata/kafka.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		var s said
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// parsed is what a reader of the JSON gets.
func parsed(t *testing.T, v any) (p any) {
	t.Helper()
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every record of Kafka's is read as Kafka's tool reads it; a key has the name of its
// type besides, and the state of a member is told by its name.
func TestAsKafkaReadsThem(t *testing.T) {
	states := map[string]any{"STABLE": 0.0, "UNREVOKED_PARTITIONS": 1.0, "UNRELEASED_PARTITIONS": 2.0, "3": 3.0}
	seen := map[string]bool{}
	for _, s := range records(t) {
		topic := decoder.Of(s.Topic)
		key, value := s.bytes(t)
		k := parsed(t, topic.Key(key)).(map[string]any)
		name, _ := k["name"].(string)
		seen[name] = true
		delete(k, "name")
		if !reflect.DeepEqual(k, s.KeySaid) {
			t.Errorf("key %x is %v, Kafka says %v", key, k, s.KeySaid)
		}
		v := topic.Value(key, value)
		if value == nil {
			if v != nil || s.ValueSaid != "<DELETE>" {
				t.Errorf("the tombstone of %v is %v", k, v)
			}
			continue
		}
		got := parsed(t, v)
		if data, _ := got.(map[string]any)["data"].(map[string]any); data != nil && name == "ConsumerGroupCurrentMemberAssignment" {
			if state, ok := data["state"].(string); ok {
				data["state"] = states[state]
			}
		}
		if !reflect.DeepEqual(got, s.ValueSaid) {
			t.Errorf("the value %x of %s is\n%v, Kafka says\n%v", value, name, got, s.ValueSaid)
		}
	}
	if len(seen) != 10 || seen[""] {
		t.Errorf("the records are of the types %v, want 10", seen)
	}
}

// What another library writes is read, too.
func TestAsKmsgWritesThem(t *testing.T) {
	k := kmsg.TxnMetadataKey{TransactionalID: "id"}
	v := kmsg.NewTxnMetadataValue()
	v.Version, v.ProducerID, v.State, v.NextProducerID = 1, 7, 4, 8
	v.UnknownTags.Set(9, []byte{1, 2})
	want := `{"version":"1","data":{"producerId":7,"producerEpoch":0,"transactionTimeoutMs":0,"transactionStatus":"CompleteCommit","transactionPartitions":null,` +
		`"transactionLastUpdateTimestampMs":0,"transactionStartTimestampMs":0,"nextProducerId":8,"tag9":"0102"}}`
	if got := decoder.Transactions.Value(k.AppendTo(nil), v.AppendTo(nil)).(decoder.Object).String(); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

// What is not understood is shown in hex, with what is known of it.
func TestNotUnderstood(t *testing.T) {
	group := []byte{0, 2, 0, 1, 'g'}
	member := func(tail ...byte) []byte {
		return append([]byte{0, 0, 0, 0, 2, 'c', 1, 1, 0, 0, 0, 0, 7, 0}, tail...)
	}
	for name, c := range map[string]struct {
		key, value         []byte
		wantKey, wantValue string
	}{
		"another type":        {[]byte{0, 11, 0}, []byte{1}, `{"type":"11","hex":"000b00"}`, `{"hex":"01"}`},
		"a negative type":     {[]byte{255, 255}, []byte{}, `{"type":"-1","hex":"ffff"}`, `{"hex":""}`},
		"no type":             {[]byte{1}, []byte{0, 0}, `{"hex":"01"}`, `{"hex":"0000"}`},
		"an empty key":        {[]byte{}, []byte{0, 0}, `{"hex":""}`, `{"hex":"0000"}`},
		"a key that is short": {[]byte{0, 2, 0, 9, 'g'}, nil, `{"type":"2","name":"GroupMetadata","error":"it ends too early","hex":"0002000967"}`, ""},
		"a key that is long":  {[]byte{0, 2, 0, 0, 1}, nil, `{"type":"2","name":"GroupMetadata","error":"1 bytes are left","hex":"0002000001"}`, ""},
		"no UTF-8":            {[]byte{0, 2, 0, 1, 255}, nil, `{"type":"2","name":"GroupMetadata","error":"a string of 1 bytes is no UTF-8","hex":"00020001ff"}`, ""},
		"another version":     {group, []byte{0, 5, 1}, `{"type":"2","name":"GroupMetadata","data":{"group":"g"}}`, `{"version":"5","hex":"000501"}`},
		"a negative version":  {group, []byte{255, 254}, `{"type":"2","name":"GroupMetadata","data":{"group":"g"}}`, `{"version":"-2","hex":"fffe"}`},
		"no version":          {group, []byte{7}, `{"type":"2","name":"GroupMetadata","data":{"group":"g"}}`, `{"hex":"07"}`},
		"tags without end": {[]byte{0, 3, 0, 1, 'g'}, []byte{0, 0, 0, 0, 0, 1, 255, 255, 255, 255, 15},
			`{"type":"3","name":"ConsumerGroupMetadata","data":{"groupId":"g"}}`, `{"version":"0","error":"it ends too early, or a length has more than 32 bits","hex":"000000000001ffffffff0f"}`},
		"a tag too long for its field": {[]byte{0, 3, 0, 1, 'g'}, []byte{0, 0, 0, 0, 0, 1, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0},
			`{"type":"3","name":"ConsumerGroupMetadata","data":{"groupId":"g"}}`, `{"version":"0","error":"tagged field metadataHash: 1 bytes are left","hex":"000000000001010009000000000000000000"}`},
		"an array without end": {[]byte{0, 16, 0, 0, 0, 0}, []byte{0, 0, 255, 255, 255, 255, 15},
			`{"type":"16","name":"ConsumerGroupRegularExpression","data":{"groupId":"","regularExpression":""}}`, `{"version":"0","error":"it ends too early, or a length has more than 32 bits","hex":"0000ffffffff0f"}`},
		"a classic member that is null": {[]byte{0, 5, 0, 0, 0, 0}, member(1, 0, 1, 255),
			`{"type":"5","name":"ConsumerGroupMemberMetadata","data":{"groupId":"","memberId":""}}`,
			`{"version":"0","data":{"instanceId":null,"rackId":null,"clientId":"c","clientHost":"","subscribedTopicNames":[],"subscribedTopicRegex":null,"rebalanceTimeoutMs":7,"serverAssignor":null,"classicMemberMetadata":null}}`},
	} {
		if got := decoder.Offsets.Key(c.key).(decoder.Object).String(); got != c.wantKey {
			t.Errorf("%s: key\n%s, want\n%s", name, got, c.wantKey)
		}
		got := ""
		if v := decoder.Offsets.Value(c.key, c.value); v != nil {
			got = v.(decoder.Object).String()
		}
		if got != c.wantValue {
			t.Errorf("%s: value\n%s, want\n%s", name, got, c.wantValue)
		}
	}
	if k, v := decoder.Offsets.Key(nil), decoder.Offsets.Value(nil, []byte{0, 1}).(decoder.Object).String(); k != nil || v != `{"hex":"0001"}` {
		t.Errorf("without a key: %v, %s", k, v)
	}
}

// A value that would take gigabytes, as an array of nulls does, is shown in hex.
func TestTooLargeToDecode(t *testing.T) {
	key := []byte{0, 16, 0, 0, 0, 0}
	for elements, want := range map[int]string{1 << 20: "data", 4 << 20: "error"} {
		value := binary.AppendUvarint([]byte{0, 0}, uint64(elements+1))
		value = append(value, make([]byte, elements+17)...) // the elements, two numbers, no tags
		if o := decoder.Offsets.Value(key, value).(decoder.Object); o[1].Name != want {
			t.Errorf("%d elements: %s %.100v, want %s", elements, o[1].Name, o[1].Value, want)
		}
	}
}

// Nothing in a record moves a terminal's cursor.
func TestTextIsEscaped(t *testing.T) {
	k := kmsg.GroupMetadataKey{Version: 2, Group: "\x1b[2J\u009b\u202e\U000e0001<é"}
	const want = `{"type":"2","name":"GroupMetadata","data":{"group":"\u001b[2J\u009b\u202e\udb40\udc01<é"}}`
	got := decoder.Offsets.Key(k.AppendTo(nil)).(decoder.Object)
	if got.String() != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if data := parsed(t, json.RawMessage(got.String())).(map[string]any)["data"]; data.(map[string]any)["group"] != k.Group {
		t.Errorf("it reads back as %v", data)
	}
}

func TestOfDirectory(t *testing.T) {
	for name, want := range map[string]*decoder.Topic{
		"__consumer_offsets-0":              &decoder.Offsets,
		"__consumer_offsets-49":             &decoder.Offsets,
		"__transaction_state-7":             &decoder.Transactions,
		"__transaction_state-7.0a1b-delete": &decoder.Transactions,
		"__consumer_offsets":                nil,
		"__consumer_offsets-x":              nil,
		"__consumer_offsets-copy-0":         nil,
		"__consumer_offsets--1":             nil,
		"events-0":                          nil,
		"":                                  nil,
	} {
		if got := decoder.OfDirectory(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

// Whatever a record is, decoding it ends, and makes JSON.
func FuzzDecode(f *testing.F) {
	for _, s := range records(f) {
		key, value := s.bytes(f)
		f.Add(s.Topic == "__consumer_offsets", key, value)
	}
	f.Add(true, []byte{0, 4, 0, 0}, []byte{0, 0, 255, 255, 255, 255, 15})
	f.Fuzz(func(t *testing.T, offsets bool, key, value []byte) {
		topic := &decoder.Transactions
		if offsets {
			topic = &decoder.Offsets
		}
		for _, v := range []any{topic.Key(key), topic.Value(key, value)} {
			if o, ok := v.(decoder.Object); ok {
				b, err := json.Marshal(o)
				if err != nil || !json.Valid([]byte(o.String())) || strings.ContainsRune(string(b), '\x1b') {
					t.Errorf("%v: %s", err, o)
				}
			}
		}
	})
}
