package scenario

// Estimate is about how many events the scenario makes; a run may have up to
// half or twice as many.
func (s *Scenario) Estimate() (n int64) {
	size := map[string]Size{}
	for _, f := range s.Files {
		size[f.Name] = f.Size
	}
	var steps func(do []Step) int64
	steps = func(do []Step) (n int64) {
		for _, d := range do {
			switch {
			case d.Send != nil:
				bytes := d.Send.Bytes
				if bytes == 0 {
					bytes = size[d.Send.File] - d.Send.From
				}
				n += calls(bytes, d.Send.Chunk)*10 + calls(bytes, defaultChunk)*8
			case d.Read != nil:
				n += calls(d.Read.Bytes, d.Read.Chunk) * 10
			case d.Append != nil:
				n += calls(d.Append.Bytes, d.Append.Batch) * 10
			case d.Think != nil:
				n += 5
			case d.Repeat != nil:
				n += int64(d.Repeat.Times) * steps(d.Repeat.Do)
			}
		}
		return n
	}
	for _, t := range s.Threads {
		n += int64(t.Count) * steps(t.Do)
	}
	return n
}

func calls(bytes, each Size) int64 { return int64((bytes + each - 1) / max(each, 1)) }
