package broker

import (
	"bufio"
	"io"
)

// intake is where a connection's requests come in.
type intake interface {
	io.Reader
	// await returns when the next byte is there, or there will be none.
	await() error
	// waiting says whether bytes were read from the socket and not taken yet.
	waiting() bool
}

// intakeBytes is how much is read at a time of what is small: headers, and
// requests that are no produce requests. What is large goes past the buffer.
const intakeBytes = 4096

// buffered is an intake that holds its buffer for as long as the connection
// lives.
type buffered struct{ *bufio.Reader }

func newBuffered(from io.Reader) intake { return buffered{bufio.NewReaderSize(from, intakeBytes)} }

func (b buffered) await() error {
	_, err := b.Peek(1)
	return err
}

func (b buffered) waiting() bool { return b.Buffered() > 0 }
