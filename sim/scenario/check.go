package scenario

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

const (
	maxThreads    = 20_000
	defaultEvents = 20_000_000
	defaultChunk  = 64 << 10
)

// scenario checks everything and fills in what was left out.
func (c *checker) scenario() {
	s := c.s
	switch {
	case s.Schema != Schema:
		c.fail("schema", "%d: this program reads schema %d", s.Schema, Schema)
	case s.Name == "" || strings.Trim(s.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		c.fail("name", "%q: use small letters, digits and hyphens", s.Name)
	case len(s.Files) == 0:
		c.fail("files", "there is none; name one with its size")
	case len(s.Threads) == 0:
		c.fail("threads", "there is none; name one with what it does")
	}
	c.files()
	c.threads()
	if s.Limits.Events == 0 {
		s.Limits.Events = defaultEvents
	}
	if c.err != nil {
		return
	}
	if _, err := s.config(); err != nil {
		c.fail("machine", "%v", err)
	}
	if n := s.Estimate(); n > int64(s.Limits.Events) {
		c.fail("limits.events", "the scenario makes about %s events, more than %s; make it smaller, or the limit larger",
			humanize.Comma(n), humanize.Comma(int64(s.Limits.Events)))
	}
}

func (c *checker) files() {
	seen := map[string]bool{}
	for i := range c.s.Files {
		f, field := &c.s.Files[i], fmt.Sprintf("files[%d]", i)
		switch {
		case f.Name == "":
			c.fail(field, "it has no name")
		case seen[f.Name]:
			c.fail(field+".name", "%q comes twice", f.Name)
		}
		seen[f.Name] = true
		if f.Cached == "" {
			f.Cached = "none"
		}
		if _, err := f.cached(); err != nil {
			c.fail(field+".cached", "%q: use all, none or a size of at most the file's", f.Cached)
		}
	}
}

// cached is how many bytes of the file are in the page cache.
func (f *File) cached() (int64, error) {
	switch f.Cached {
	case "all":
		return int64(f.Size), nil
	case "none":
		return 0, nil
	}
	n, err := humanize.ParseBytes(f.Cached)
	if err != nil || n > uint64(f.Size) {
		return 0, fmt.Errorf("cached: %s", f.Cached)
	}
	return int64(n), nil
}

func (c *checker) threads() {
	total := 0
	for i := range c.s.Threads {
		t, field := &c.s.Threads[i], fmt.Sprintf("threads[%d]", i)
		if t.Count == 0 {
			t.Count = 1
		}
		switch total += max(t.Count, 0); {
		case t.Name == "":
			c.fail(field, "it has no name")
		case t.Count < 0:
			c.fail(field+".count", "%d: use 1 or more", t.Count)
		case total > maxThreads:
			c.fail(field+".count", "%d: a scenario has at most %d threads", t.Count, maxThreads)
		case len(t.Do) == 0:
			c.fail(field, "it does nothing; say what in do")
		}
		c.steps(field, t.Do, 0)
	}
}

func (c *checker) steps(field string, steps []Step, depth int) {
	for i, s := range steps {
		at := fmt.Sprintf("%s.do[%d]", field, i)
		set := 0
		for _, is := range []bool{s.Send != nil, s.Read != nil, s.Append != nil, s.Think != nil, s.Repeat != nil} {
			if is {
				set++
			}
		}
		if set != 1 {
			c.fail(at, "%d things at once: use one of send, read, append, think, repeat", set)
			continue
		}
		switch {
		case s.Send != nil:
			c.send(at+".send", s.Send)
		case s.Read != nil:
			c.read(at+".read", s.Read)
		case s.Append != nil:
			c.append(at+".append", s.Append)
		case s.Repeat != nil:
			if s.Repeat.Times < 1 {
				c.fail(at+".repeat.times", "%d: use 1 or more", s.Repeat.Times)
			}
			if depth > 3 {
				c.fail(at, "repeats within repeats, too deep; use at most 4")
				continue
			}
			c.steps(at+".repeat", s.Repeat.Do, depth+1)
		}
	}
}

// file finds a step's file.
func (c *checker) file(field, name string) *File {
	var names []string
	for i := range c.s.Files {
		if c.s.Files[i].Name == name {
			return &c.s.Files[i]
		}
		names = append(names, c.s.Files[i].Name)
	}
	c.fail(field+".file", "%q is no file of this scenario; use %s", name, strings.Join(names, ", "))
	return nil
}

// scenarioPaths are the programs that send a file to one connection.
func scenarioPaths() (paths []string) {
	for _, p := range transfer.Programs() {
		if p.Source == transfer.FromFile && p.Sinks == 1 {
			paths = append(paths, p.Path)
		}
	}
	return paths
}

func (c *checker) send(field string, s *Send) {
	f := c.file(field, s.File)
	p, ok := transfer.Lookup(s.Path)
	if s.Chunk == 0 {
		s.Chunk = defaultChunk
	}
	switch {
	case !ok || p.Source != transfer.FromFile || p.Sinks != 1:
		c.fail(field+".path", "%q: use one of %s", s.Path, strings.Join(scenarioPaths(), ", "))
	case bool(s.ZeroCopy) && s.Path != "io-uring":
		c.fail(field+".zerocopy", "%s has one way to send; use io-uring", s.Path)
	case bool(s.Follow) && s.Bytes == 0:
		c.fail(field+".bytes", "who follows a log must know when to stop; say how many bytes")
	case f != nil && !bool(s.Follow) && s.From >= f.Size:
		c.fail(field+".from", "%d: the file has %d bytes", s.From, f.Size)
	case f != nil && !bool(s.Follow) && s.From+s.Bytes > f.Size:
		c.fail(field+".bytes", "%d from %d on: the file has %d bytes", s.Bytes, s.From, f.Size)
	}
}

func (c *checker) read(field string, r *Read) {
	f := c.file(field, r.File)
	if r.Chunk == 0 {
		r.Chunk = defaultChunk
	}
	if r.Pattern == "" {
		r.Pattern = "sequential"
	}
	if f != nil && r.Bytes == 0 {
		r.Bytes = f.Size - min(r.From, f.Size)
	}
	switch {
	case r.Pattern != "sequential" && r.Pattern != "random" && r.Pattern != "stride":
		c.fail(field+".pattern", "%q: use sequential, random or stride", r.Pattern)
	case r.Pattern == "stride" && r.Stride == 0:
		c.fail(field+".stride", "how far each read is from the one before is missing")
	case f != nil && r.Chunk > f.Size:
		c.fail(field+".chunk", "%d: the file has %d bytes", r.Chunk, f.Size)
	}
}

func (c *checker) append(field string, a *Append) {
	c.file(field, a.File)
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
	case a.Flush != "none" && a.Flush != "every" && a.Flush != "interval":
		c.fail(field+".flush", "%q: use none, every or interval", a.Flush)
	case (a.Flush == "interval") != (a.Interval > 0):
		c.fail(field+".interval", "it goes with flush: interval, and is above 0")
	case a.Bytes == 0:
		c.fail(field+".bytes", "how many is missing")
	}
}

// config is the machine of the scenario.
func (s *Scenario) config() (sim.Config, error) {
	c, m := sim.MachineConfig(), s.Machine
	set := func(to *bool, v *Switch) {
		if v != nil {
			*to = bool(*v)
		}
	}
	if m.Model != "" {
		c.Model = sim.Model(m.Model)
	}
	if m.Net != "" {
		c.Net = sim.Net(m.Net)
	}
	if m.CPUs != 0 {
		c.CPUs = m.CPUs
	}
	set(&c.DMA, m.DMA)
	if !c.DMA {
		c.SG = false
	}
	set(&c.SG, m.SG)
	c.TSO = c.SG
	set(&c.TSO, m.TSO)
	if m.MTU != 0 {
		c.MTU = int64(m.MTU)
	}
	if m.Readahead != nil {
		c.Settings.ReadaheadBytes = int64(*m.Readahead)
	}
	if m.SendBuffer != 0 {
		c.Settings.SendBufferBytes = int64(m.SendBuffer)
	}
	if d := m.Dirty; d != nil {
		c.Settings.DirtyBackgroundBytes, c.Settings.DirtyBytes = int64(d.Background), int64(d.Limit)
		if d.Expire > 0 {
			c.Settings.DirtyExpire = trace.Ns(d.Expire)
		}
		if d.Interval > 0 {
			c.Settings.WritebackInterval = trace.Ns(d.Interval)
		}
	}
	c.MemoryBytes, c.LLCBytes = int64(m.Memory), int64(m.LLC)
	disk, nic := m.Disk, m.NIC
	if disk == "" {
		disk = "nvme"
	}
	if nic == "" {
		nic = "10g"
	}
	var err error
	if c.Profile, err = sim.LookupProfile(disk + "-" + nic); err != nil {
		return c, err
	}
	c.FileBytes = max(int64(s.Files[0].Size), 1)
	return c, c.Check()
}
