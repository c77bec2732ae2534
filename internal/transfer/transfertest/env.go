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

// Limits is what an Env has besides whose kernel does not run every path.
type Limits interface {
	// Lacks says why the kernel cannot run a path, or "". The table skips the
	// path's calls and program, visibly.
	Lacks(path string) string
}

// Feeding is what an Env has besides that runs programs from a socket.
type Feeding interface {
	// Feed makes a file as File does, of from+n bytes, and a connected socket
	// through which the file's bytes [from, from+n) come and then the stream's end.
	// It returns when the first of them, some 16 KiB, can be read at once.
	Feed(t testing.TB, from, n int64) transfer.FD
}

// FanningOut is what an Env has besides that runs programs with two sinks.
type FanningOut interface {
	// Second is the sender's end of another connection, whose receiver reads, too.
	// Once it was asked for, Ended speaks of both.
	Second(t testing.TB) transfer.FD
	// ArrivedSecond is Arrived for that connection.
	ArrivedSecond(t testing.TB, from, n int64)
}

// Reshaping is what an Env has besides that runs programs that reshape.
type Reshaping interface {
	// Reshaped says before anything is sent with which program that will be: the
	// receiver decrypts or decompresses, and Arrived and Ended speak of what comes
	// out. What is incomplete at the end is not looked at.
	Reshaped(t testing.TB, path string)
}
