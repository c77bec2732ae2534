package transfertest

import (
	"testing"

	"copyscope/internal/transfer"
)

// Env is one kernel with a file, a connected socket and the receiver at the
// socket's other end. The receiver always reads, so that no call blocks for
// ever. Whoever opens an Env registers its end with t.Cleanup.
type Env interface {
	// Kernel is the implementation under test.
	Kernel() transfer.Kernel

	// File makes a file of size bytes whose content tells every offset apart,
	// and opens it for reading, with its position at 0. Arrived and Truncate
	// speak of the latest one.
	File(t testing.TB, size int64) transfer.FD

	// Socket is the sender's end of the connection, blocking or not.
	Socket() transfer.FD

	// Truncate makes the file size bytes long; it only ever shrinks.
	Truncate(t testing.TB, size int64)

	// Arrived waits until the receiver has n more bytes and fails the test
	// unless they are the file's bytes [from, from+n), as the file was made, in
	// order and nothing between.
	Arrived(t testing.TB, from, n int64)

	// Ended ends the stream at the sender and fails the test unless the
	// receiver sees its end with no byte beyond those that Arrived asked for.
	Ended(t testing.TB)

	// CloseReceiver closes the receiver's end. It returns when the sender's
	// kernel knows, or soon will.
	CloseReceiver(t testing.TB)
}
