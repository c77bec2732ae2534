package broker

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"copyscope/broker/wire"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// Bytes that a transfer program's call is asked for.
const (
	// bulkChunk is for the paths that need no memory for it. For splice it is
	// the pipe's capacity, and what /proc/sys/fs/pipe-max-size allows by
	// default.
	bulkChunk = 1 << 20
	// bufferChunk is for read-write, whose buffer should stay in the CPU's
	// cache between the read and the write.
	bufferChunk = 64 << 10
)

func chunkOf(path string) int {
	if path == "read-write" {
		return bufferChunk
	}
	return bulkChunk
}

// slowestReader is how fast a client must take a response, beside the time for
// which it may be silent: so slow a one holds its segments and its goroutine, but
// not for ever.
const slowestReader = 64 << 10 // bytes a second

// sendPieces sends a response: header bytes from memory, regions by their
// programs. The sizes were fixed before, so nothing but all of it will do: on
// an error the connection must end.
func (c *connection) sendPieces(pieces []wire.Piece, regions []region, client string) error {
	var bytes int64
	for _, r := range regions {
		bytes += r.Bytes
	}
	limit := c.b.cfg.MaxIdle + time.Duration(bytes)*time.Second/slowestReader
	if err := c.writeBy(time.Now().Add(limit)); err != nil {
		return err
	}
	for _, p := range pieces {
		if err := c.sendHead(p.Head, p.Region != wire.NoRegion); err != nil {
			return err
		}
		if p.Region == wire.NoRegion {
			continue
		}
		if err := c.sendRegion(regions[p.Region], client); err != nil {
			return err
		}
	}
	return nil
}

// sendHead sends header bytes, which share a packet with the records that
// follow. The program's last call does not promise more, so a reader never waits
// for the kernel's 200 ms.
func (c *connection) sendHead(b []byte, more bool) error {
	if conn, ok := c.conn.(*net.TCPConn); ok && more {
		return sendMore(conn, b)
	}
	_, err := c.conn.Write(b)
	return err
}

// sendRegion runs the topic's transfer program and tells of it.
func (c *connection) sendRegion(r region, client string) error {
	program, why := c.servable(r.program)
	c.kernel.Reset()
	job := transfer.Job{
		In: c.kernel.File(r.File), Out: c.kernel.Socket(),
		Offset: r.Position, Bytes: r.Bytes, Chunk: chunkOf(program.Path),
	}
	began := time.Now()
	sent, err := program.Send(c.kernel, job)
	summary := c.kernel.Summary()
	served := trace.Served{
		Seq: c.b.served.Add(1), Stands: 1, Began: began, Dur: trace.Ns(time.Since(began)),
		Topic: r.topic, Partition: r.partition, Client: client,
		Path: program.Path, Why: why, Bytes: sent, Chunk: job.Chunk,
		SocketBytes: summary.Bytes, SyscallsByName: summary.SyscallsByName,
	}
	if err != nil {
		served.Err = err.Error()
	}
	c.b.counted.sent(served, c.protocol())
	c.seen.sent(program.Path, sent)
	c.b.events.served.event(began, served)
	if err == nil {
		return nil
	}
	if errors.Is(err, syscall.EIO) || errors.Is(err, transfer.ErrShrunk) || errors.Is(err, syscall.EFAULT) {
		c.b.log.Error("the stored records could not be read", "topic", r.topic, "partition", r.partition, "file", r.File.Name(), "error", err)
	}
	return fmt.Errorf("%s-%d: %w", r.topic, r.partition, err)
}
