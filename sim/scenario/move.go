package scenario

import (
	"fmt"
	"math/rand/v2"

	"copyscope/internal/transfer"
	"copyscope/sim"
)

// connection is a socket of a thread with what its receiver is due, in order;
// what continues its predecessor is joined.
type connection struct {
	fd  transfer.FD
	due []sim.Extent
}

// sent notes that n bytes of a file were handed to the socket.
func (c *connection) sent(file sim.FileID, off, n int64) {
	if last := len(c.due) - 1; last >= 0 && c.due[last].File == file && c.due[last].Off+c.due[last].Len == off {
		c.due[last].Len += n
		return
	}
	if n > 0 {
		c.due = append(c.due, sim.Extent{File: file, Off: off, Len: n})
	}
}

// head writes so many bytes of the thread's own memory, if any. They come with no
// file: what the receiver is due of them are bytes from nowhere.
func (w *worker) head(c *connection, n Size) error {
	if n == 0 {
		return nil
	}
	mem, err := w.k.Alloc(int(n))
	if err != nil {
		return err
	}
	defer w.k.Free(mem)
	for mem.Len > 0 {
		done, err := w.k.Write("head", c.fd, mem)
		if err != nil {
			return err
		}
		c.sent(0, sim.Nowhere, int64(done))
		mem = mem.Slice(done, mem.Len-done)
	}
	return nil
}

// check compares what arrived with what is due. [sim.Machine.Finish] knows of one
// range only, as a transfer has it; a send that is repeated, or follows from one
// part of a file to another, has several on one connection.
func (c *connection) check(arrived []sim.Extent) error {
	for i := range max(len(arrived), len(c.due)) {
		var a, d sim.Extent
		if i < len(arrived) {
			a = arrived[i]
		}
		if i < len(c.due) {
			d = c.due[i]
		}
		if a.File != d.File || a.Off != d.Off || a.Len != d.Len {
			return fmt.Errorf("the wire got %d bytes from %d on where %d from %d on were due: a byte was lost, repeated or out of order", a.Len, a.Off, d.Len, d.Off)
		}
	}
	return nil
}

// connections are those of a send step, made when it first runs.
func (w *worker) connections(s *Send, n int) []*connection {
	all := w.sockets[s]
	for len(all) < n {
		all = append(all, &connection{fd: w.k.NewSocketTo(sim.Rate(s.Reader))})
	}
	w.sockets[s] = all
	return all
}

func (w *worker) send(s *Send) error {
	id, in := w.files[s.File], w.open(s.File)
	program, _ := transfer.Lookup(s.Path)
	to := w.connections(s, program.Sinks)
	at, rest := int64(s.From), int64(s.Bytes)
	if !s.Follow {
		var err error
		if rest, err = w.rest(s.File, s.From, s.Bytes); err != nil {
			return err
		}
	}
	for rest > 0 {
		n := rest
		if s.Follow {
			have, err := w.k.Grown("await", in, at)
			if err != nil {
				return err
			}
			n = min(n, have-at)
		}
		if err := w.head(to[0], s.Head); err != nil {
			return err
		}
		j := transfer.Job{In: in, Out: to[0].fd, Offset: at, Bytes: n, Chunk: int(s.Chunk), ZeroCopy: bool(s.ZeroCopy)}
		if len(to) > 1 {
			j.Out2 = to[1].fd
		}
		sent, err := program.Send(w.k, j)
		w.moved[w.group] += sent
		if err != nil {
			return err
		}
		for _, c := range to {
			c.sent(id, at, sent)
		}
		at, rest = at+sent, rest-sent
	}
	return nil
}

// rest is how many bytes a step moves: as many as it says, or up to the file's
// end. The file has them at the most; whether it has them by now, the run knows.
func (w *worker) rest(file string, from, bytes Size) (int64, error) {
	size := w.m.SizeOf(w.files[file])
	if bytes == 0 {
		bytes = max(Size(size)-from, 1)
	}
	if end := int64(from + bytes); end > size {
		return 0, fmt.Errorf("%s has %d bytes by now, and those from %d to %d are asked for; let the thread begin later, or follow the file", file, size, from, end)
	}
	return int64(bytes), nil
}

// read reads by the program read: all at once in order, else piece by piece.
func (w *worker) read(r *Read) error {
	program, _ := transfer.Lookup("read")
	in, size, from, chunk := w.open(r.File), w.m.SizeOf(w.files[r.File]), int64(r.From), int64(r.Chunk)
	piece := func(off, n int64) error {
		done, err := program.Send(w.k, transfer.Job{In: in, Offset: off, Bytes: n, Chunk: int(chunk)})
		w.moved[w.group] += done
		return err
	}
	bytes := r.Bytes
	if r.Pattern != "sequential" {
		bytes = 0 // some may come again, and others not
	}
	all, err := w.rest(r.File, r.From, bytes)
	if err != nil {
		return err
	}
	if r.Pattern == "sequential" {
		return piece(from, all)
	}
	if r.Bytes > 0 {
		all = int64(r.Bytes)
	}
	random := rand.New(rand.NewPCG(r.Seed, uint64(w.number)))
	places := max((size-from)/chunk, 1)
	for at := int64(0); all > 0; at = (at + int64(r.Stride)) % (size - from) {
		if r.Pattern == "random" {
			at = random.Int64N(places) * chunk
		}
		n := min(chunk, all, size-from-at)
		if err := piece(from+at, n); err != nil {
			return err
		}
		all -= n
	}
	return nil
}
