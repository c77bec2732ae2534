package talk

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
)

// Entry is an event with its place in a room's log.
type Entry struct {
	// Offset is greater than that of the entry before it.
	Offset int64
	// Server is the one that took the event; Own says that this one did.
	Server string
	Own    bool
	Event
}

// ErrLost: an event could not be written to the room's log, or it is not known
// whether it was.
var ErrLost = errors.New("the room's log is away")

// Print tells apart talks whose servers would not show the same.
type Print struct {
	// Deck is of what the deck's file says; Runs of the runs that are shown, as the
	// pages are sent them. Both are SHA-256, in hex.
	Deck, Runs string
	// Version is the program's, for whoever looks for the difference.
	Version string
}

// Hash is the SHA-256, in hex, of what the deck says; the layout of its file and
// its comments do not count.
func (d *Deck) Hash() string {
	text, err := json.Marshal(d)
	if err != nil {
		panic("talk: a deck that cannot be written: " + err.Error()) // it has texts and numbers
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Joined is the room that a log has.
type Joined struct {
	// Room is its number, which no other room has; Code is the room's.
	Room, Code string
	// Begun is the offset of the record that began it.
	Begun int64
	// Past are the room's events up to now.
	Past []Entry
}
