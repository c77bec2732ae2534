package scenario

import "fmt"

// growth is what a scenario's threads append, by file: how far each can grow. No
// run exceeds it; when what is appended when is known by the run alone.
type growth map[string]*appends

type appends struct {
	bytes int64 // of all threads
	// threads is how many threads append; mapped where one of them does so
	// through a mapping, or empty.
	threads int64
	mapped  string
}

// growth sums the appends up.
func (s *Scenario) growth() growth {
	g := growth{}
	for _, f := range s.Files {
		g[f.Name] = &appends{}
	}
	for i, t := range s.Threads {
		for file, bytes := range appended(t.Do, 1) {
			a := g[file]
			a.bytes = plus(a.bytes, times(int64(t.Count), bytes))
			a.threads += int64(t.Count)
		}
		eachAppend(fmt.Sprintf("threads[%d]", i), t.Do, 1, func(field string, a *Append, _ int64) {
			if f := g[a.File]; a.Engine == "mmap" && f.mapped == "" {
				f.mapped = field + ".engine"
			}
		})
	}
	return g
}

// appended is what steps that are done so many times append, by file.
func appended(do []Step, n int64) map[string]int64 {
	own := map[string]int64{}
	eachAppend("", do, n, func(_ string, a *Append, n int64) { own[a.File] = plus(own[a.File], times(n, int64(a.Bytes))) })
	return own
}

// eachAppend goes through the appends of steps that are done n times.
func eachAppend(field string, do []Step, n int64, each func(field string, a *Append, n int64)) {
	for i, d := range do {
		at := fmt.Sprintf("%s.do[%d]", field, i)
		switch {
		case d.Append != nil:
			each(at+".append", d.Append, n)
		case d.Repeat != nil:
			eachAppend(at+".repeat", d.Repeat.Do, times(n, int64(d.Repeat.Times)), each)
		}
	}
}

// ranges checks that the files have, or can come to have, what is to be sent and
// read.
func (c *checker) ranges() {
	g := c.s.growth()
	for _, f := range c.s.Files {
		if a := g[f.Name]; a.mapped != "" && a.threads > 1 {
			c.fail(a.mapped, "mmap: %d threads append to %s, and who appends by a mapping must be alone; use one thread, or write", a.threads, f.Name)
		}
	}
	for i, t := range c.s.Threads {
		own := appended(t.Do, 1)
		have := map[string]int64{} // at the most, when the step begins
		for _, f := range c.s.Files {
			have[f.Name] = plus(int64(f.Size), max(g[f.Name].bytes-own[f.Name], 0))
		}
		c.reach(fmt.Sprintf("threads[%d]", i), t.Do, have)
	}
}

// reach goes through a thread's steps in their order, for what the thread appends
// later is not there yet. Of a repeat it is the first time that finds least.
func (c *checker) reach(field string, do []Step, have map[string]int64) {
	for i, d := range do {
		at := fmt.Sprintf("%s.do[%d]", field, i)
		switch {
		case d.Append != nil:
			have[d.Append.File] = plus(have[d.Append.File], int64(d.Append.Bytes))
		case d.Send != nil:
			c.within(at+".send", d.Send.File, d.Send.From, d.Send.Bytes, have)
		case d.Read != nil:
			c.reads(at+".read", d.Read, have)
		case d.Repeat != nil:
			c.reach(at+".repeat", d.Repeat.Do, have)
			for file, bytes := range appended(d.Repeat.Do, int64(d.Repeat.Times)-1) {
				have[file] = plus(have[file], bytes)
			}
		}
	}
}

func (c *checker) reads(field string, r *Read, have map[string]int64) {
	bytes := r.Bytes
	if r.Pattern != "sequential" {
		bytes = 0 // the same bytes may come again
	}
	c.within(field, r.File, r.From, bytes, have)
	if int64(r.Chunk) > have[r.File] && c.Given(field+".chunk") {
		c.fail(field+".chunk", "%d: %s", r.Chunk, c.sized(r.File, have))
	}
}

// within checks a range of a file; 0 bytes reach up to the end.
func (c *checker) within(field, file string, from, bytes Size, have map[string]int64) {
	switch most := Size(have[file]); {
	case most == 0:
		c.fail(field+".file", "%s is empty, and nobody has appended to it by then", file)
	case from >= most:
		c.fail(field+".from", "%d: %s", from, c.sized(file, have))
	case from+bytes > most:
		c.fail(field+".bytes", "%d from %d on: %s", bytes, from, c.sized(file, have))
	}
}

// sized says how large a file is, at the most.
func (c *checker) sized(file string, have map[string]int64) string {
	size := int64(c.s.file(file).Size)
	if more := have[file] - size; more > 0 {
		return fmt.Sprintf("the file has %d bytes, and at most %d are appended by then", size, more)
	}
	return fmt.Sprintf("the file has %d bytes, and nobody appends to it before", size)
}
