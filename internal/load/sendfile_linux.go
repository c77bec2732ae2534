package load

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// ServeSendfile is the least that a broker does to a fetch request: it reads
// it, and sends the answer's head and the region of the file by a bare loop of
// blocking sendfile(2) calls of chunk bytes. It serves requests for one
// partition each; the files are those of the partitions 0, 1, …
func ServeSendfile(l net.Listener, files []string, chunk int) error {
	var partitions []*stored
	for _, path := range files {
		s, err := openStored(path)
		if err != nil {
			return err
		}
		defer s.file.Close()
		partitions = append(partitions, s)
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		raw, err := conn.(*net.TCPConn).File() // a duplicate, away from the poller
		conn.Close()
		if err == nil {
			err = unix.SetNonblock(int(raw.Fd()), false)
		}
		if err != nil {
			return err
		}
		go func() {
			defer raw.Close()
			runtime.LockOSThread()
			if err := sendLoop(int(raw.Fd()), partitions, chunk); err != nil {
				fmt.Fprintln(os.Stderr, "sendfile:", err)
			}
		}()
	}
}

func sendLoop(fd int, partitions []*stored, chunk int) error {
	in := newStream(blocking(fd))
	var head []byte
	for {
		correlation, offset, most, topic, p, err := nextFetch(in)
		if err == io.EOF || err == unix.ECONNRESET {
			return nil
		}
		if err != nil {
			return err
		}
		if int(p) >= len(partitions) {
			return fmt.Errorf("partition %d of %d", p, len(partitions))
		}
		from := partitions[p]
		position, n := from.region(offset, most)
		head = appendFetched(head[:0], correlation, topic, p, from.next, n)
		if err := unix.Sendto(fd, head, unix.MSG_MORE|unix.MSG_NOSIGNAL, nil); err != nil {
			return gone(err)
		}
		for end := position + n; position < end; {
			n, err := unix.Sendfile(fd, int(from.file.Fd()), &position, min(chunk, int(end-position)))
			if err != nil && err != unix.EINTR {
				return gone(err)
			}
			if err == nil && n == 0 {
				return fmt.Errorf("%s ends at byte %d, before its last batch does", from.file.Name(), position)
			}
		}
	}
}

// gone: a client that has what it wants leaves in the middle of an answer.
func gone(err error) error {
	if err == unix.EPIPE || err == unix.ECONNRESET {
		return nil
	}
	return err
}

func nextFetch(in *stream) (correlation uint32, offset, most int64, topic string, p uint32, err error) {
	size, err := in.frameSize()
	if err != nil {
		return
	}
	frame, err := in.take(size)
	if err != nil {
		return
	}
	topic, p, offset, most, err = cutFetch(frame)
	return binary.BigEndian.Uint32(frame[4:]), offset, most, topic, p, err
}

// blocking is a socket on which read(2) waits.
type blocking int

func (fd blocking) Read(b []byte) (int, error) {
	for {
		n, err := unix.Read(int(fd), b)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}
