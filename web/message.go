package web

import (
	"encoding/json"
	"fmt"

	"copyscope/internal/locale"
)

// protocol is the version of the websocket's frames. docs/websocket.md draws
// them; a change of meaning needs a new version.
const protocol = 1

// Message is one frame, in either direction.
type Message struct {
	V int `json:"v"`
	// Seq numbers the messages of a feed from 1; only feed messages have one.
	Seq  uint64 `json:"seq,omitempty"`
	Type string `json:"type"`
	// ID is chosen by the client for a request and carried by its answers.
	ID   string          `json:"id,omitempty"`
	Body json.RawMessage `json:"body,omitempty"`
}

// Problem is the body of an error message.
type Problem struct {
	// Code is stable: garbage, version, type, body, busy, rate, oversized, …
	Code    string `json:"code"`
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
}

func (p Problem) Error() string { return fmt.Sprintf("%s: %s; %s", p.Code, p.Message, p.Remedy) }

// in says the problem in the reader's language.
func (p Problem) in(t *locale.Translator) Problem {
	return Problem{p.Code, t.Sentence(p.Message), t.Sentence(p.Remedy)}
}

// Decode reads the body into v; what does not fit is a [Problem].
func (m Message) Decode(v any) error {
	if len(m.Body) == 0 {
		return nil
	}
	if err := json.Unmarshal(m.Body, v); err != nil {
		return Problem{"body", fmt.Sprintf("the body of %q does not fit: %v", m.Type, err), "see docs/websocket.md for its fields"}
	}
	return nil
}

// encode makes a frame's text.
func encode(seq uint64, kind, id string, body any) ([]byte, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("message %q: %w", kind, err)
	}
	return json.Marshal(Message{V: protocol, Seq: seq, Type: kind, ID: id, Body: b})
}

// decodeMessage reads an inbound frame.
func decodeMessage(text []byte) (Message, error) {
	var m Message
	if err := json.Unmarshal(text, &m); err != nil {
		return m, Problem{"garbage", "the message is no JSON object of the envelope's form", `send {"v":1,"type":"…","id":"…","body":{…}}`}
	}
	if m.V != protocol {
		return m, Problem{"version", fmt.Sprintf("version %d is not spoken here", m.V), fmt.Sprintf(`send "v":%d; reload the page if the server was updated`, protocol)}
	}
	if m.Type == "" {
		return m, Problem{"type", "the message has no type", `name one in "type"`}
	}
	return m, nil
}
