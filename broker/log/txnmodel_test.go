package log_test

import "fmt"

// appended is a batch or marker as the model knows it.
type appended struct {
	base, last int64
	producer   int64 // -1: none
	epoch      int16 // of a marker
	txn        bool
	marker     bool
	commit     bool
	records    []keyed
}

// txnModel is what a partition should say, by the simplest rules: everything is
// looked up in the list of what was appended.
type txnModel struct {
	log   []appended
	next  int64
	clean int64 // up to where, at most, the log was cleaned
}

// outcome is what became of a record.
type outcome int

const (
	committed outcome = iota
	aborted
	pending
)

// first is where the producer's open transaction begins before the i-th entry, -1: it has none.
func (m *txnModel) first(producer int64, i int) int64 {
	first := int64(-1)
	for _, s := range m.log[:i] {
		if s.producer != producer {
			continue
		}
		if s.marker {
			first = -1
		} else if s.txn && first < 0 {
			first = s.base
		}
	}
	return first
}

func (m *txnModel) stable(low int64) int64 {
	stable := m.next
	for producer := range int64(10) {
		if first := m.first(producer, len(m.log)); first >= 0 {
			stable = min(stable, first)
		}
	}
	return max(stable, low)
}

// of is how the i-th entry ended: as the next marker of its producer says.
func (m *txnModel) of(i int) outcome {
	if !m.log[i].txn {
		return committed
	}
	for _, s := range m.log[i:] {
		if s.producer == m.log[i].producer && s.marker {
			if s.commit {
				return committed
			}
			return aborted
		}
	}
	return pending
}

// outcome is that of the record at the offset.
func (m *txnModel) outcome(offset int64) outcome {
	for i, s := range m.log {
		if s.base <= offset && offset <= s.last {
			return m.of(i)
		}
	}
	return pending
}

// cut takes away what does not end before the offset.
func (m *txnModel) cut(next int64) {
	m.next = next
	for len(m.log) > 0 && m.log[len(m.log)-1].last >= next {
		m.log = m.log[:len(m.log)-1]
	}
}

// holds says what is wrong with what a consumer got from low to the end: all that was
// appended, or committed, and is not cleaned; of the latest committed of each key it
// is the same map, whatever was cleaned.
func (m *txnModel) holds(got []consumed, low, end int64, onlyCommitted bool) error {
	latest := map[string]consumed{}
	rest := got
	for i, s := range m.log {
		how := m.of(i)
		for j, k := range s.records {
			c := consumed{s.base + int64(j), k}
			if c.offset < low || c.offset >= end || onlyCommitted && how != committed {
				continue
			}
			if how == committed {
				latest[k.key] = c
			}
			switch {
			case len(rest) > 0 && rest[0].offset < c.offset:
				return fmt.Errorf("%v should not be there", rest[0])
			case len(rest) > 0 && rest[0].offset == c.offset:
				if !rest[0].equal(c) {
					return fmt.Errorf("%v is there, appended was %v", rest[0], c)
				}
				rest = rest[1:]
			case c.offset >= m.clean:
				return fmt.Errorf("%v is missing, and nothing was cleaned from %d on", c, m.clean)
			}
		}
	}
	if len(rest) > 0 {
		return fmt.Errorf("%v should not be there", rest[0])
	}
	read := map[string]consumed{}
	for _, c := range got {
		if m.outcome(c.offset) == committed {
			read[c.key] = c
		}
	}
	for key, want := range latest {
		if c, ok := read[key]; ok && !c.equal(want) || !ok && want.value != nil {
			return fmt.Errorf("the latest of %s is %v, want %v", key, c, want)
		}
	}
	return nil
}
