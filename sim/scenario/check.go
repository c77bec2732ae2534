package scenario

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
)

const (
	maxThreads    = 20_000
	maxRepeats    = 4 // within each other
	maxEvents     = 1_000_000_000
	defaultEvents = 20_000_000
	defaultChunk  = 64 << 10
	maxHead       = 64 << 10
)

// scenario checks everything and fills in what was left out.
func (c *checker) scenario() {
	s := c.s
	switch {
	case s.Schema != Schema:
		c.fail("schema", "%d: this program reads schema %d", s.Schema, Schema)
	case s.Name == "" || strings.Trim(s.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		c.fail("name", "%q: use small letters, digits and hyphens", s.Name)
	case s.Title.En == "":
		c.fail("title.en", "the title in English is missing")
	case s.Title.Zh == "":
		c.fail("title.zh", "the title in Chinese is missing")
	case c.Given("about") && (s.About.En == "" || s.About.Zh == ""):
		c.fail("about", "it is in one language; write en and zh, or leave it out")
	case len(s.Files) == 0:
		c.fail("files", "there is none; name one with its size")
	case len(s.Threads) == 0:
		c.fail("threads", "there is none; name one with what it does")
	}
	c.files()
	c.threads()
	if c.err != nil {
		return
	}
	c.machine()
	c.ranges()
	c.limits()
}

// above0 refuses a number that is given and is not above 0.
func (c *checker) above0(field string, v int64) {
	if v < 0 || v == 0 && c.Given(field) {
		c.fail(field, "%d: use 1 or more", v)
	}
}

func (c *checker) files() {
	seen := map[string]bool{}
	for i := range c.s.Files {
		f, field := &c.s.Files[i], fmt.Sprintf("files[%d]", i)
		switch {
		case f.Name == "":
			c.fail(field+".name", "it is missing")
		case seen[f.Name]:
			c.fail(field+".name", "%q comes twice", f.Name)
		case !c.Given(field + ".size"):
			c.fail(field+".size", "it is missing; an empty file has 0B")
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
	total, seen := 0, map[string]bool{}
	for i := range c.s.Threads {
		t, field := &c.s.Threads[i], fmt.Sprintf("threads[%d]", i)
		c.above0(field+".count", int64(t.Count))
		if t.Count == 0 {
			t.Count = 1
		}
		switch total += min(max(t.Count, 0), maxThreads+1); {
		case t.Name == "":
			c.fail(field+".name", "it is missing")
		case seen[t.Name]:
			c.fail(field+".name", "%q comes twice", t.Name)
		case total > maxThreads:
			c.fail(field+".count", "%d: a scenario has at most %d threads", t.Count, maxThreads)
		case len(t.Do) == 0:
			c.fail(field+".do", "it does nothing; say what")
		}
		seen[t.Name] = true
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
			c.repeat(at+".repeat", s.Repeat, depth+1)
		}
	}
}

func (c *checker) repeat(field string, r *Repeat, depth int) {
	switch {
	case r.Times < 1:
		c.fail(field+".times", "%d: use 1 or more", r.Times)
	case len(r.Do) == 0:
		c.fail(field+".do", "it repeats nothing; say what")
	case depth > maxRepeats:
		c.fail(field, "repeats within repeats, too deep; use at most %d", maxRepeats)
		return
	}
	c.steps(field, r.Do, depth)
}

// file finds a step's file.
func (c *checker) file(field, name string) *File {
	if f := c.s.file(name); f != nil {
		return f
	}
	var names []string
	for _, f := range c.s.Files {
		names = append(names, f.Name)
	}
	c.fail(field+".file", "%q is no file of this scenario; use %s", name, strings.Join(names, ", "))
	return nil
}

// file is the file of a name, or nil.
func (s *Scenario) file(name string) *File {
	if i := slices.IndexFunc(s.Files, func(f File) bool { return f.Name == name }); i >= 0 {
		return &s.Files[i]
	}
	return nil
}

// limits checks that the scenario does not make too many events, nor takes too
// long by the machine's clock.
func (c *checker) limits() {
	l := &c.s.Limits
	c.above0("limits.events", l.Events)
	if l.Events == 0 {
		l.Events = defaultEvents
	}
	if l.Events > maxEvents {
		c.fail("limits.events", "%d: use at most %d", l.Events, maxEvents)
	}
	end := c.s.ends()
	for i, t := range c.s.Threads {
		if t.pauses(end) > maxPauses {
			c.fail(fmt.Sprintf("threads[%d]", i), "its pauses and slow readers last longer than a year in all; make them shorter or fewer")
		}
	}
	n := c.s.Estimate()
	if n <= l.Events {
		return
	}
	field := "limits.events"
	if !c.Given(field) { // then whoever makes most of them is where to look
		most := int64(0)
		for i, t := range c.s.Threads {
			if of := t.events(end); of > most {
				field, most = fmt.Sprintf("threads[%d]", i), of
			}
		}
	}
	c.fail(field, "the scenario makes about %s events, more than %s; make it smaller, or limits.events larger",
		humanize.Comma(n), humanize.Comma(l.Events))
}
