package consumerrecord_test

import (
	"encoding/hex"
	"reflect"
	"testing"

	"copyscope/broker/assignor"
	"copyscope/broker/consumerrecord"
)

func ptr[T any](v T) *T { return &v }

type value interface{ Read([]byte) error }

var id = assignor.TopicID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}

const idHex = "0102030405060708090a0b0c0d0e0f10"

// records are one of each kind, with their bytes by Kafka's schemas.
var records = []struct {
	key        consumerrecord.Key
	keyHex     string
	value      value
	bytes      []byte
	valueHex   string
	empty      value
	withTagged string // the same value, and a tagged field that nobody knows
}{
	{consumerrecord.Key{Kind: consumerrecord.KindGroup, Group: "g"}, "0003" + "000167",
		&consumerrecord.Group{Epoch: 7}, consumerrecord.Group{Epoch: 7}.Bytes(), "0000" + "00000007" + "00",
		&consumerrecord.Group{}, "0000" + "00000007" + "01000800000000000000ff"},
	{consumerrecord.Key{Kind: consumerrecord.KindTopics, Group: "g"}, "0004" + "000167",
		&topics, topics.Bytes(), "0000" + "02" + idHex + "0274" + "00000003" + "01" + "00" + "00",
		&consumerrecord.Topics{}, "0000" + "02" + idHex + "0274" + "00000003" + "02" + "00000000" + "02" + "0272" + "00" + "00" + "00"},
	{consumerrecord.Key{Kind: consumerrecord.KindMember, Group: "g", Of: "m"}, "0005" + "000167" + "00016d",
		&member, member.Bytes(), "0000" + "0269" + "00" + "0263" + "022f" + "02" + "0274" + "0272" + "000003e8" + "0275" + "00",
		&consumerrecord.Member{}, "0000" + "0269" + "00" + "0263" + "022f" + "02" + "0274" + "0272" + "000003e8" + "0275" + "0105020102"},
	{consumerrecord.Key{Kind: consumerrecord.KindMember, Group: "g", Of: "m"}, "0005" + "000167" + "00016d",
		&classic, classic.Bytes(), "0000" + "00" + "00" + "0263" + "022f" + "01" + "00" + "000003e8" + "00" + "01000d" + "01" + "00001770" + "02" + "0272" + "03abcd" + "00" + "00",
		&consumerrecord.Member{}, "0000" + "00" + "00" + "0263" + "022f" + "01" + "00" + "000003e8" + "00" + "02000d" + "01" + "00001770" + "02" + "0272" + "03abcd" + "00" + "00" + "0900"},
	{consumerrecord.Key{Kind: consumerrecord.KindTargetEpoch, Group: "g"}, "0006" + "000167",
		&consumerrecord.TargetEpoch{Epoch: 7}, consumerrecord.TargetEpoch{Epoch: 7}.Bytes(), "0000" + "00000007" + "00",
		&consumerrecord.TargetEpoch{}, "0000" + "00000007" + "01000100"},
	{consumerrecord.Key{Kind: consumerrecord.KindTarget, Group: "g", Of: "m"}, "0007" + "000167" + "00016d",
		&target, target.Bytes(), "0000" + "02" + idHex + "03" + "00000000" + "00000005" + "00" + "00",
		&consumerrecord.Target{}, "0000" + "02" + idHex + "03" + "00000000" + "00000005" + "010100" + "00"},
	{consumerrecord.Key{Kind: consumerrecord.KindCurrent, Group: "g", Of: "m"}, "0008" + "000167" + "00016d",
		&current, current.Bytes(), "0000" + "00000003" + "00000002" + "01" + "02" + idHex + "02" + "00000000" + "01" + "00" + "05" + "02" + "00000003" + "01" + "00",
		&consumerrecord.Current{}, "0000" + "00000003" + "00000002" + "01" + "02" + idHex + "02" + "00000000" + "02" + "00" + "05" + "02" + "00000003" + "0700" + "01" + "00"},
	{consumerrecord.Key{Kind: consumerrecord.KindRegularExpression, Group: "g", Of: "t.*"}, "0010" + "000167" + "0003742e2a",
		&expression, expression.Bytes(), "0000" + "02" + "0274" + "0000000000000004" + "0000000000000005" + "00",
		&consumerrecord.RegularExpression{}, "0000" + "02" + "0274" + "0000000000000004" + "0000000000000005" + "01090100"},
}

var (
	topics  = consumerrecord.Topics{Topics: []consumerrecord.Topic{{ID: id, Name: "t", Partitions: 3}}}
	member  = consumerrecord.Member{Instance: ptr("i"), ClientID: "c", ClientHost: "/", Names: []string{"t"}, RegularExpression: ptr("r"), RebalanceMs: 1000, Assignor: ptr("u")}
	classic = consumerrecord.Member{ClientID: "c", ClientHost: "/", RebalanceMs: 1000, Classic: &consumerrecord.ClassicMember{SessionMs: 6000,
		Protocols: []consumerrecord.Protocol{{Name: "r", Metadata: []byte{0xab, 0xcd}}}}}
	target = consumerrecord.Target{Partitions: []consumerrecord.TopicPartitions{{Topic: id, Numbers: []int32{0, 5}}}}

	current = consumerrecord.Current{Epoch: 3, Previous: 2, State: 1, Assigned: []consumerrecord.TopicPartitions{{Topic: id, Numbers: []int32{0}, Epochs: []int32{3}}}}

	expression = consumerrecord.RegularExpression{Topics: []string{"t"}, Version: 4, TimestampMs: 5}
)

// Records are Kafka's to the byte, and what a later version adds is read over.
func TestRecords(t *testing.T) {
	for _, r := range records {
		if got := hex.EncodeToString(r.key.Bytes()); got != r.keyHex {
			t.Errorf("key %+v is %s, want %s", r.key, got, r.keyHex)
		}
		if got, err := consumerrecord.ReadKey(r.key.Bytes()); err != nil || got != r.key {
			t.Errorf("key %+v is read as %+v, %v", r.key, got, err)
		}
		if got := hex.EncodeToString(r.bytes); got != r.valueHex {
			t.Errorf("%T is %s, want %s", r.value, got, r.valueHex)
		}
		for _, text := range []string{r.valueHex, r.withTagged} {
			b, err := hex.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			got := reflect.New(reflect.TypeOf(r.empty).Elem()).Interface().(value)
			if err := got.Read(b); err != nil || !reflect.DeepEqual(got, r.value) {
				t.Errorf("%s is read as %+v, %v; want %+v", text, got, err, r.value)
			}
		}
	}
}

// What is cut short, or is of another kind or version, is refused.
func TestBadRecords(t *testing.T) {
	for _, r := range records {
		key := r.key.Bytes()
		for n := range key {
			if got, err := consumerrecord.ReadKey(key[:n]); err == nil {
				t.Errorf("%d of %d bytes of a key are read as %+v", n, len(key), got)
			}
		}
		for n := range r.bytes {
			if err := r.empty.Read(r.bytes[:n]); err == nil {
				t.Errorf("%d of %d bytes of %T are read", n, len(r.bytes), r.value)
			}
		}
		later := append([]byte{0, 1}, r.bytes[2:]...)
		if err := r.empty.Read(later); err == nil {
			t.Errorf("%T of version 1 is read", r.value)
		}
	}
	if _, err := consumerrecord.ReadKey([]byte{0, 2, 0, 1, 'g'}); err == nil {
		t.Error("the key of a classic group is read")
	}
}

// FuzzRead: whatever the bytes are, reading ends, and takes no more memory than
// they could need.
func FuzzRead(f *testing.F) {
	for _, r := range records {
		f.Add(r.bytes)
	}
	f.Add([]byte{0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, r := range records {
			reflect.New(reflect.TypeOf(r.empty).Elem()).Interface().(value).Read(b)
		}
		consumerrecord.ReadKey(b)
	})
}
