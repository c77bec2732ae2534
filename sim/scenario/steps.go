package scenario

import (
	"copyscope/internal/transfer"
	"copyscope/internal/yamlfile"
)

// What a step may be, by itself; whether its file has the bytes is checked by
// [checker.ranges].

// sends says whether a program can send a file.
func sends(p transfer.Program) bool { return p.Source == transfer.FromFile && p.Sinks > 0 }

func scenarioPaths() (paths []string) {
	for _, p := range transfer.Programs() {
		if sends(p) {
			paths = append(paths, p.Path)
		}
	}
	return paths
}

func (c *checker) send(field string, s *Send) {
	c.file(field, s.File)
	c.above0(field+".chunk", int64(s.Chunk))
	c.above0(field+".head", int64(s.Head))
	if s.Chunk == 0 {
		s.Chunk = defaultChunk
	}
	p, ok := transfer.Lookup(s.Path)
	switch {
	case !ok || !sends(p):
		c.fail(field+".path", "%q: %s", s.Path, yamlfile.Nearest(s.Path, scenarioPaths()))
	case bool(s.ZeroCopy) && s.Path != "io-uring":
		c.fail(field+".zerocopy", "%s has one way to send; use io-uring", s.Path)
	case bool(s.Follow) && s.Bytes == 0:
		c.fail(field+".bytes", "who follows a log must know when to stop; say how many bytes")
	case s.Head > 0 && !p.Serves:
		c.fail(field+".head", "no broker answers by %s; use read-write, mmap-write, sendfile or splice, or leave it out", s.Path)
	case s.Head > maxHead:
		c.fail(field+".head", "%d: use at most %d", s.Head, maxHead)
	}
}

func (c *checker) read(field string, r *Read) {
	c.file(field, r.File)
	c.above0(field+".chunk", int64(r.Chunk))
	if r.Chunk == 0 {
		r.Chunk = defaultChunk
	}
	if r.Pattern == "" {
		r.Pattern = "sequential"
	}
	switch {
	case r.Pattern != "sequential" && r.Pattern != "random" && r.Pattern != "stride":
		c.fail(field+".pattern", "%q: use sequential, random or stride", r.Pattern)
	case r.Pattern == "stride" && r.Stride == 0:
		c.fail(field+".stride", "how far each read is from the one before is missing")
	case r.Pattern != "stride" && c.Given(field+".stride"):
		c.fail(field+".stride", "it goes with pattern: stride")
	case r.Pattern != "random" && c.Given(field+".seed"):
		c.fail(field+".seed", "it goes with pattern: random")
	}
}

func (c *checker) append(field string, a *Append) {
	c.file(field, a.File)
	c.above0(field+".batch", int64(a.Batch))
	if a.Engine == "" {
		a.Engine = "write"
	}
	if a.Flush == "" {
		a.Flush = "none"
	}
	if a.Batch == 0 {
		a.Batch = defaultChunk
	}
	switch {
	case a.Engine != "write" && a.Engine != "mmap":
		c.fail(field+".engine", "%q: use write or mmap", a.Engine)
	case a.Flush != "none" && a.Flush != "every" && a.Flush != "messages" && a.Flush != "interval":
		c.fail(field+".flush", "%q: use none, every, messages or interval", a.Flush)
	case a.Flush == "interval" && a.Interval == 0:
		c.fail(field+".interval", "after how long it is forced is missing; flush: interval takes more than 0")
	case a.Flush != "interval" && c.Given(field+".interval"):
		c.fail(field+".interval", "it goes with flush: interval")
	case a.Flush == "messages" && a.Messages < 1:
		c.fail(field+".messages", "%d: after how many batches it is forced; use 1 or more", a.Messages)
	case a.Flush != "messages" && c.Given(field+".messages"):
		c.fail(field+".messages", "it goes with flush: messages")
	case a.Bytes == 0:
		c.fail(field+".bytes", "how many is missing; use 1 or more")
	}
}
