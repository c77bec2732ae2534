package web

import "sync"

// feedDepth is how many messages a feed keeps for clients that are behind or
// come back, and feedBytes how much memory they may take together.
const (
	feedDepth = 1024
	feedBytes = 8 << 20
)

// Feed is a numbered stream of messages that any number of clients follow, each
// at its own speed. Publishing never waits: a client that is further behind
// than the feed keeps loses messages and is told how many.
type Feed struct {
	mu      sync.Mutex
	frames  [][]byte
	bytes   int
	last    uint64 // sequence number of the newest frame; 0 means none yet
	changed func()
}

// publish numbers a message, keeps it and wakes those who follow.
func (f *Feed) publish(kind string, body any) error {
	f.mu.Lock()
	frame, err := encode(f.last+1, kind, "", body)
	if err == nil {
		f.last++
		f.frames = append(f.frames, frame)
		f.bytes += len(frame)
		for len(f.frames) > feedDepth || f.bytes > feedBytes && len(f.frames) > 1 {
			f.bytes -= len(f.frames[0])
			f.frames[0] = nil
			f.frames = f.frames[1:]
		}
	}
	f.mu.Unlock()
	if err == nil {
		f.changed()
	}
	return err
}

// since gives up to n frames after the sequence number seen, the number of the
// last one given, and how many in between are gone.
func (f *Feed) since(seen uint64, n int) (frames [][]byte, upTo, lost uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if seen >= f.last {
		return nil, seen, 0
	}
	first := f.last - uint64(len(f.frames)) + 1
	if seen+1 < first {
		lost = first - seen - 1
		seen = first - 1
	}
	from := int(seen + 1 - first)
	to := min(from+n, len(f.frames))
	return append([][]byte(nil), f.frames[from:to]...), seen + uint64(to-from), lost
}

// seq is the sequence number of the newest message.
func (f *Feed) seq() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}
