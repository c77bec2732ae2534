package sasl

import (
	"context"
	"errors"
	"slices"

	"copyscope/broker/users"
)

// Exchange is one conversation by a mechanism.
type Exchange interface {
	// Step takes the client's next message and returns the answer to it. done
	// says that the client is who it says; then there is no further message. An
	// error is an [*Error] or the context's, and ends the conversation.
	Step(ctx context.Context, message []byte) (answer []byte, done bool, err error)
	// User is who the client says it is, "" until it has said so.
	User() string
}

// Error is why a client was refused. Its text has nothing of what the client
// sent, which may be a password.
type Error struct {
	// Reason is for the broker's log.
	Reason string
	// Told is what the client may know, "" for no more than that it failed.
	Told string
}

func (e *Error) Error() string { return e.Reason }

// Plain is the mechanism that sends the password.
const Plain = "PLAIN"

// Mechanisms are the names of all that are served, the better ones first.
func Mechanisms() []string {
	return []string{users.SHA512.String(), users.SHA256.String(), Plain}
}

// Known says whether there is such a mechanism.
func Known(mechanism string) bool { return slices.Contains(Mechanisms(), mechanism) }

// New begins a conversation.
func New(mechanism string, of *users.Store) (Exchange, error) {
	if mechanism == Plain {
		return &plain{users: of}, nil
	}
	for _, m := range users.Mechanisms {
		if m.String() == mechanism {
			return &scram{mechanism: m, users: of}, nil
		}
	}
	return nil, errors.New("there is no mechanism of the name")
}
