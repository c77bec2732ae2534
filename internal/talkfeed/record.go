package talkfeed

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/internal/talk"
)

// A record's value is a JSON object of this form, its key is null. Two headers tell
// whose it is:
//
//	key   8 bytes: which token the servers of its room have, without giving it away
//	mac  32 bytes: HMAC-SHA256 of the value, by a key derived from that token
const (
	schema    = 1
	keyHeader = "key"
	macHeader = "mac"
	keyBytes  = 8
)

// maxValue bounds a record's value; the largest that servers write, a piece of a
// stroke, has 2 KiB.
const maxValue = 8 << 10

// record is what a server has said.
type record struct {
	Schema int `json:"schema"`
	// Room is the room's number; Server the server's, anew with each start, and
	// Number the record's among those of its server, from 1.
	Room   string `json:"room"`
	Server string `json:"server"`
	Number uint64 `json:"number"`
	// Begin is there in a record that begins a room, Event in all others.
	Begin *begin      `json:"begin,omitempty"`
	Event *talk.Event `json:"event,omitempty"`
}

// begin is what the servers of a room must have in common.
type begin struct {
	Code    string `json:"code"`
	Deck    string `json:"deck"`
	Runs    string `json:"runs"`
	Version string `json:"version"`
	At      int64  `json:"at"` // ms since 1970
	// New begins a room although there is one; without it the first of two holds.
	New bool `json:"new,omitempty"`
}

// keys are derived from a speaker's token. A token has 130 bits that nobody guesses,
// so what is derived of it does not give it away.
type keys struct{ id, mac []byte }

// They are of one topic: a record of another, with the same token, is forged.
func keysOf(token, topic string) keys {
	derive := func(what string) []byte {
		h := hmac.New(sha256.New, []byte(token))
		h.Write([]byte("copyscope talk feed " + what + " " + topic))
		return h.Sum(nil)
	}
	return keys{id: derive("key id")[:keyBytes], mac: derive("record mac")}
}

func (k keys) sum(value []byte) []byte {
	h := hmac.New(sha256.New, k.mac)
	h.Write(value)
	return h.Sum(nil)
}

// seal makes a record of the topic's.
func (k keys) seal(r record) (*kgo.Record, error) {
	r.Schema = schema
	value, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	if len(value) > maxValue {
		return nil, fmt.Errorf("a record of %d bytes, more than %d", len(value), maxValue)
	}
	return &kgo.Record{Value: value, Headers: []kgo.RecordHeader{{Key: keyHeader, Value: k.id}, {Key: macHeader, Value: k.sum(value)}}}, nil
}

// foreign says why a record is none of this room's servers.
type foreign string

// What a record may be that is passed over.
const (
	otherKey foreign = "of servers with another token, which serve another room"
	forged   foreign = "forged or damaged: its MAC is not that of its value"
	tooLarge foreign = "larger than any that a server writes"
	unknown  foreign = "of a form that this version does not know"
	repeated foreign = "repeated"
)

func (f foreign) Error() string { return "the record is " + string(f) }

// open reads a record of the topic's.
func (k keys) open(raw *kgo.Record) (r record, err error) {
	if len(raw.Value) > maxValue {
		return r, tooLarge
	}
	var id, mac []byte
	for _, h := range raw.Headers {
		switch h.Key {
		case keyHeader:
			id = h.Value
		case macHeader:
			mac = h.Value
		}
	}
	if !hmac.Equal(id, k.id) {
		return r, otherKey
	}
	if !hmac.Equal(mac, k.sum(raw.Value)) {
		return r, forged
	}
	if json.Unmarshal(raw.Value, &r) != nil || r.Schema != schema || (r.Begin == nil) == (r.Event == nil) || r.Begin != nil && !talk.KnownCode(r.Begin.Code) {
		return r, unknown
	}
	return r, nil
}
