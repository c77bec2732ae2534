package log

import "fmt"

// BrowseFetched visits the batches of what a fetch was answered with, whoever answered,
// until visit returns false. A damaged batch is told as [Partition.Browse] tells it, and
// one of an older format than version 2 as damage too. What the answer cut off at its end
// is left out, as consumers leave it. Position is where a batch begins in the answer.
func BrowseFetched(set []byte, visit func(StoredBatch) bool) {
	for at := int64(0); int64(len(set))-at >= HeaderBytes; {
		h := parseHeader(set[at:])
		if h.size < HeaderBytes {
			visit(StoredBatch{BatchInfo: BatchInfo{Base: h.base, Last: h.base}, Damage: h.check()})
			return // where the next one begins is not known
		}
		if h.size > int64(len(set))-at {
			return
		}
		b := StoredBatch{BatchInfo: h.info(at), header: h, batch: Batch(set[at : at+h.size])}
		if h.magic != magic {
			// The header of an older format is another one: its offset alone is in the same place.
			b = StoredBatch{BatchInfo: BatchInfo{Base: h.base, Last: h.base}, Damage: fmt.Errorf("%w: a message of format %d, older than record batches (2)", ErrInvalid, h.magic)}
		} else {
			b.Damage = h.check()
			if b.Damage == nil {
				b.Damage = b.batch.verify(h)
			}
		}
		if !visit(b) {
			return
		}
		at += h.size
	}
}

// EachFetched visits the whole batches of what a fetch was answered with by their offsets
// alone: neither checksums nor records are looked at.
func EachFetched(set []byte, visit func(base, last int64)) {
	for len(set) >= HeaderBytes {
		h := parseHeader(set)
		if h.size < HeaderBytes || h.size > int64(len(set)) {
			return
		}
		visit(h.base, h.last())
		set = set[h.size:]
	}
}
