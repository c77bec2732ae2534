package scenario

// Estimate is about how many events the scenario makes; a run may have up to
// half or twice as many.
func (s *Scenario) Estimate() (n int64) {
	end := s.ends()
	for _, t := range s.Threads {
		n = plus(n, t.events(end))
	}
	return n
}

// ends is how long each file can become.
type ends map[string]Size

func (s *Scenario) ends() ends {
	e := ends{}
	for name, a := range s.growth() {
		e[name] = s.file(name).Size + Size(a.bytes)
	}
	return e
}

// rest is how many bytes a step moves; 0 are those up to the end.
func (e ends) rest(file string, from, bytes Size) Size {
	if bytes == 0 {
		return max(e[file]-from, 0)
	}
	return bytes
}

// events is about how many events the threads of a group make.
func (t *Thread) events(end ends) int64 {
	return times(int64(t.Count), plus(1, sum(t.Do, func(d Step) int64 {
		switch {
		case d.Send != nil:
			bytes := end.rest(d.Send.File, d.Send.From, d.Send.Bytes)
			n := plus(times(10, calls(bytes, d.Send.Chunk)), times(8, calls(bytes, defaultChunk)))
			if d.Send.Head > 0 { // one, or for who follows perhaps as many as there are calls
				n = plus(n, times(10, calls(bytes, d.Send.Chunk)))
			}
			return n
		case d.Read != nil:
			bytes := end.rest(d.Read.File, d.Read.From, d.Read.Bytes)
			return plus(times(10, calls(bytes, d.Read.Chunk)), calls(bytes, 1<<20))
		case d.Append != nil:
			each := int64(10)
			if d.Append.Received {
				each = 30
			}
			return plus(times(each, calls(d.Append.Bytes, d.Append.Batch)), calls(d.Append.Bytes, 1<<20))
		}
		return 5
	})))
}

// maxPauses bounds what a thread waits for without doing anything: a year, so
// that the machine's clock does not overflow.
const maxPauses = 365 * int64(maxDuration)

// pauses is how long the last thread of a group sleeps and waits for its slow
// readers, in ns.
func (t *Thread) pauses(end ends) int64 {
	begin := plus(int64(t.Start), times(int64(t.Every), int64(t.Count)-1))
	return plus(begin, sum(t.Do, func(d Step) int64 {
		switch {
		case d.Think != nil:
			return int64(*d.Think)
		case d.Append != nil:
			return times(int64(d.Append.Pace), calls(d.Append.Bytes, d.Append.Batch))
		case d.Send != nil && d.Send.Reader > 0:
			return times(1e9, int64(end.rest(d.Send.File, d.Send.From, d.Send.Bytes))/int64(d.Send.Reader))
		}
		return 0
	}))
}

// sum adds up what each step is worth, each time that it is done.
func sum(do []Step, of func(d Step) int64) (n int64) {
	for _, d := range do {
		if d.Repeat != nil {
			n = plus(n, times(int64(d.Repeat.Times), sum(d.Repeat.Do, of)))
			continue
		}
		n = plus(n, of(d))
	}
	return n
}

func calls(bytes, each Size) int64 { return int64((bytes + each - 1) / max(each, 1)) }

// plenty is more than any bound allows; sums of numbers of 0 and above stay
// there instead of overflowing.
const plenty = 1 << 60

func plus(a, b int64) int64 { return min(a+b, plenty) }

func times(a, b int64) int64 {
	if a > 0 && b > plenty/a {
		return plenty
	}
	return max(a*b, 0)
}
