package load

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"os"
	"path/filepath"
)

// ServeRelay is the least that a broker does to a produce request: it receives
// the frame, holds the batch to its checksum, writes it to a file with write(2)
// and answers. It serves produceFrame alone, until the listener is closed.
func ServeRelay(l net.Listener, dir string) error {
	for n := 0; ; n++ {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		file, err := os.Create(filepath.Join(dir, fmt.Sprintf("%d.log", n)))
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			defer file.Close()
			if err := relay(conn, file); err != nil {
				fmt.Fprintln(os.Stderr, "relay:", err)
			}
		}()
	}
}

func relay(conn net.Conn, file *os.File) error {
	in := bufio.NewReader(conn) // large reads go past its buffer
	var frame, answer []byte
	var offset int64
	be := binary.BigEndian
	for {
		var prefix [4]byte
		if _, err := io.ReadFull(in, prefix[:]); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
		size := int(be.Uint32(prefix[:]))
		if size > maxFrame {
			return fmt.Errorf("a frame of %d bytes", size)
		}
		if cap(frame) < size {
			frame = make([]byte, size)
		}
		frame = frame[:size]
		if _, err := io.ReadFull(in, frame); err != nil {
			return err
		}
		topic, partition, batch, err := cutProduce(frame)
		if err != nil {
			return err
		}
		if crc32.Checksum(batch[atAttributes:], castagnoli) != be.Uint32(batch[atCRC:]) {
			return fmt.Errorf("a batch has a wrong checksum")
		}
		be.PutUint64(batch, uint64(offset))
		if _, err := file.Write(batch); err != nil {
			return err
		}
		answer = appendProduced(answer[:0], be.Uint32(frame[4:]), topic, partition, offset)
		offset += int64(be.Uint32(batch[atCount:]))
		if _, err := conn.Write(answer); err != nil {
			return err
		}
	}
}

// cutProduce finds the parts of a produceFrame without its size.
func cutProduce(frame []byte) (topic string, partition uint32, batch []byte, err error) {
	be := binary.BigEndian
	at := 8 // key, version, correlation
	if len(frame) < at+2 || be.Uint16(frame) != keyProduce || be.Uint16(frame[2:]) != produceVersion {
		return "", 0, nil, fmt.Errorf("this is no produce request of version %d", produceVersion)
	}
	at += 2 + int(be.Uint16(frame[at:])) // client id
	at += 2 + 2 + 4 + 4                  // transactional id, acks, timeout, topics
	if len(frame) < at+2 {
		return "", 0, nil, io.ErrUnexpectedEOF
	}
	n := int(be.Uint16(frame[at:]))
	at += 2
	if len(frame) < at+n+12+batchHeaderBytes {
		return "", 0, nil, io.ErrUnexpectedEOF
	}
	topic = string(frame[at : at+n])
	at += n + 4
	return topic, be.Uint32(frame[at:]), frame[at+8:], nil
}

func appendProduced(b []byte, correlation uint32, topic string, partition uint32, offset int64) []byte {
	be := binary.BigEndian
	b = be.AppendUint32(b, 0)
	b = be.AppendUint32(b, correlation)
	b = be.AppendUint32(b, 1)
	b = appendString(b, topic)
	b = be.AppendUint32(b, 1)
	b = be.AppendUint32(b, partition)
	b = be.AppendUint16(b, 0)
	b = be.AppendUint64(b, uint64(offset))
	b = be.AppendUint64(b, 0xffffffffffffffff) // no append time
	b = be.AppendUint64(b, 0)                  // log start offset
	b = be.AppendUint32(b, 0)                  // record errors
	b = be.AppendUint16(b, 0xffff)             // error message
	b = be.AppendUint32(b, 0)                  // throttle time
	return endFrame(b)
}
