package quota

import (
	"crypto/sha256"
	"sync"
)

// mostMeters bounds the clients of which it is known what they used, for one
// quota; a client can give itself any number of names. The others share one.
const mostMeters = 10_000

// meters are what each share of a quota has used.
type meters struct {
	mu     sync.Mutex
	by     map[share]*meter
	others meter
	swept  int64 // ms
}

// meter has what its quota needs.
type meter struct {
	rate   rate
	bucket bucket
}

func (m *meter) idle(w Windows, now int64) bool { return m.rate.idle(w, now) && m.bucket.idle(w, now) }

// use runs do on the meter of a share, one at a time.
func (m *meters) use(by share, w Windows, now int64, do func(*meter)) {
	by = by.bounded()
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.by[by]
	if at == nil {
		if at = m.room(w, now); at != &m.others {
			m.by[by] = at
		}
	}
	do(at)
}

// room is a new meter, or the one of all others if there are too many. Those that
// are as new are forgotten; all are looked at for that, so once a second at most.
func (m *meters) room(w Windows, now int64) *meter {
	if len(m.by) >= mostMeters && now-m.swept >= 1000 {
		m.swept = now
		for by, at := range m.by {
			if at.idle(w, now) {
				delete(m.by, by)
			}
		}
	}
	if len(m.by) >= mostMeters {
		return &m.others
	}
	return new(meter)
}

// bounded is the share under names that take little memory.
func (s share) bounded() share {
	for _, name := range []*string{&s.user, &s.clientID} {
		if len(*name) > mostNameBytes {
			sum := sha256.Sum256([]byte(*name))
			*name = string(sum[:])
		}
	}
	return s
}
