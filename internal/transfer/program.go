package transfer

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
)

// Line is one line of a program as a reader sees it.
type Line struct {
	Label Label  `json:"label"`
	Text  string `json:"text"`
}

// Job is what a program is asked to move.
type Job struct {
	// In is the file, or for a program FromSocket the socket to read from; Out is
	// the socket, Out2 the second one of a program with two sinks.
	In, Out, Out2 FD
	// Offset is the file offset of the first byte, Bytes how many to move, > 0.
	// What comes from a socket has no offset: Offset is not looked at then.
	Offset, Bytes int64
	// Chunk is how many bytes a call is asked for at the most, > 0; it may be
	// more than Bytes.
	Chunk int
	// UsePosition lets the file's own position move, as the textbook calls
	// read(2) and sendfile(2) with a null offset do; the position must already
	// be at Offset. Otherwise offsets are passed, and transfers may share In.
	UsePosition bool
	// Touch makes user code read the bytes before they are sent (a checksum).
	// Programs without UserMemory refuse it.
	Touch bool
	// ZeroCopy lets io-uring send by reference; other programs do not look at it.
	ZeroCopy bool
}

// Source is where a program's bytes come from.
type Source int

const (
	FromFile Source = iota
	FromSocket
)

// Group is what a path is for, in the words of the message catalogues.
type Group string

const (
	OneFile Group = "one"     // a file to one socket
	FanOut  Group = "fan-out" // a file to two sockets
	Relay   Group = "relay"   // a socket to a socket
	Today   Group = "today"   // later calls of the kernel
	Reshape Group = "reshape" // the bytes change on the way
)

// Groups lists every group, in the order of the story.
func Groups() []Group { return []Group{OneFile, FanOut, Relay, Today, Reshape} }

// offset is the off argument for the file's calls.
func (j Job) offset() *int64 {
	if j.UsePosition {
		return nil
	}
	off := j.Offset
	return &off
}

// piece is how many of the rest bytes the next call is asked for.
func (j Job) piece(rest int64) int { return int(min(int64(j.Chunk), rest)) }

// Program is one way to move bytes.
type Program struct {
	// Path is the name in commands, addresses and topic configs.
	Path string
	// Group is what the path is for. Beside is the path that it is worth comparing
	// with: the pages open both next to each other.
	Group  Group
	Beside string
	// Listing is the program in the C of the man pages, for readers.
	Listing []Line
	// UserMemory says that the bytes can be touched by user code on the way.
	UserMemory bool
	// Source is what Job.In must be.
	Source Source
	// Sinks is how many sockets the bytes go to: 0 (they stay in user memory), 1
	// (Job.Out) or 2 (Job.Out and Job.Out2).
	Sinks int
	// Reshapes says that other bytes than the file's are on the wire: TLS records
	// or a gzip file, from which the receiver makes the file's bytes again.
	Reshapes bool
	// Serves says that the broker's fetch path may use it: from a file to one
	// socket, the same bytes, with calls that the serving kernels have.
	Serves bool

	send func(k Kernel, j Job) (int64, error)
}

// Lines is the listing as a job runs it: with the line that reads the bytes in
// user mode, if the job touches them.
func (p Program) Lines(touch bool) []Line {
	if !touch || !p.UserMemory {
		return p.Listing
	}
	at := slices.IndexFunc(p.Listing, func(l Line) bool {
		return slices.Contains([]Label{"write", "send", "encrypt", "compress"}, l.Label)
	})
	if at < 0 {
		at = len(p.Listing)
	}
	return slices.Insert(slices.Clone(p.Listing), at, Line{"touch", "sum = checksum(bytes);"})
}

var (
	// ErrShrunk: the file ended before the job's last byte.
	ErrShrunk = errors.New("the file became shorter during the transfer")
	// ErrEnded: the stream that a relay reads from ended before the job's last
	// byte.
	ErrEnded = errors.New("the peer that sends ended the stream too early")
)

// Error says where a transfer stopped.
type Error struct {
	Path string
	Line Label
	// Done of Bytes bytes were handed over before, as [Program.Send] counts them.
	Done, Bytes int64
	Err         error
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s failed after %d of %d bytes: %s", e.Path, e.Line, e.Done, e.Bytes, explain(e.Err))
}

func (e *Error) Unwrap() error { return e.Err }

// explain adds what the errno means for a transfer.
func explain(err error) string {
	switch {
	case errors.Is(err, syscall.EFAULT):
		return "EFAULT: the mapped file became shorter; its pages beyond the new end are gone"
	case errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET):
		return "the receiver closed the connection (" + err.Error() + ")"
	case errors.Is(err, syscall.ENOBUFS):
		return "ENOBUFS: more memory would be lent than this user may pin (ulimit -l); use a smaller chunk"
	case errors.Is(err, syscall.EIO):
		return "EIO: the device reported an error"
	}
	return err.Error()
}

// Send runs the program for the job on the kernel. It returns how many of the
// job's bytes were handed to the socket, to both of two, or to user memory where
// there is none; where the wire carries other bytes, those whose records were
// handed over whole. Fewer than job.Bytes come only together with an [*Error].
// Everything that the program opened is closed again.
func (p Program) Send(k Kernel, j Job) (int64, error) {
	if j.Bytes <= 0 || j.Chunk <= 0 || j.Offset < 0 {
		return 0, fmt.Errorf("%s: bytes %d and chunk %d must be above 0, offset %d at least 0", p.Path, j.Bytes, j.Chunk, j.Offset)
	}
	if j.Touch && !p.UserMemory {
		return 0, fmt.Errorf("%s: user code cannot touch the bytes on this path; use read-write or mmap-write", p.Path)
	}
	sent, err := p.send(k, j)
	var at *lineError
	if errors.As(err, &at) {
		return sent, &Error{Path: p.Path, Line: at.line, Done: sent, Bytes: j.Bytes, Err: at.err}
	}
	return sent, err
}

// lineError ties an errno to the line that met it.
type lineError struct {
	line Label
	err  error
}

func (e *lineError) Error() string { return string(e.line) + ": " + e.err.Error() }
func (e *lineError) Unwrap() error { return e.err }

// complete repeats a call until it does something: at once after EINTR, and
// when fd is ready after EAGAIN.
func complete(k Kernel, l Label, fd FD, d Direction, call func() (int, error)) (int, error) {
	for {
		n, err := call()
		switch {
		case err == nil:
			return n, nil
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			if err := await(k, fd, d); err != nil {
				return 0, &lineError{l, err}
			}
		default:
			return 0, &lineError{l, err}
		}
	}
}

// labelWait is the poll(2) that a non-blocking descriptor needs. No listing
// shows it: a blocking descriptor waits inside the call.
const labelWait Label = "wait"

func await(k Kernel, fd FD, d Direction) error {
	for {
		if err := k.Wait(labelWait, fd, d); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// ended is the error for a source that has nothing more.
func (s Source) ended() error {
	if s == FromSocket {
		return ErrEnded
	}
	return ErrShrunk
}

// readSome is one read into dst that returns at least a byte.
func readSome(k Kernel, from Source, in FD, dst Mem, off *int64) (int, error) {
	n, err := complete(k, "read", in, Readable, func() (int, error) { return k.Read("read", in, dst, off) })
	if err == nil && n == 0 {
		err = &lineError{"read", from.ended()}
	}
	return n, err
}

// touched reads src in user mode, if the job asks for that.
func (j Job) touched(k Kernel, src Mem) error {
	if !j.Touch {
		return nil
	}
	if err := k.Touch("touch", src); err != nil {
		return &lineError{"touch", err}
	}
	return nil
}

// writeAll writes all of src and adds what arrived to *sent.
func writeAll(k Kernel, l Label, out FD, src Mem, sent *int64) error {
	for src.Len > 0 {
		n, err := complete(k, l, out, Writable, func() (int, error) { return k.Write(l, out, src) })
		if err != nil {
			return err
		}
		*sent += int64(n)
		src = src.Slice(n, src.Len-n)
	}
	return nil
}
