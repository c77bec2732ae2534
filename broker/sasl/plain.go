package sasl

import (
	"context"
	"strings"

	"copyscope/broker/users"
)

// plain is PLAIN: one message, [authorization id] NUL name NUL password. Texts
// are Kafka's (PlainSaslServer.java).
type plain struct {
	users *users.Store
	user  string
}

func (p *plain) User() string { return p.user }

func (p *plain) Step(ctx context.Context, message []byte) ([]byte, bool, error) {
	// Kafka counts the parts too, and says how many there were; that is no
	// secret, as the parts are.
	parts := strings.Split(string(message), "\x00")
	if len(parts) != 3 {
		return nil, false, &Error{Reason: "the message of PLAIN has not three parts"}
	}
	authorization, name, password := parts[0], parts[1], parts[2]
	switch {
	case name == "":
		return nil, false, told("Authentication failed: username not specified")
	case password == "":
		return nil, false, told("Authentication failed: password not specified")
	case authorization != "" && authorization != name:
		return nil, false, told("Authentication failed: Client requested an authorization id that is different from username")
	}
	p.user = name
	good, err := p.users.Verify(ctx, name, password)
	switch {
	case err != nil:
		return nil, false, err
	case !good:
		return nil, false, told("Authentication failed: Invalid username or password")
	}
	return []byte{}, true, nil
}

func told(text string) *Error { return &Error{Reason: text, Told: text} }
