package log

import (
	"bytes"
	"fmt"
	"strconv"
)

const epochsName = "leader-epoch-checkpoint"

// EpochStart says at which offset a leader epoch began.
type EpochStart struct {
	Epoch int32
	Start int64
}

// epochs are a partition's leader epochs, both numbers growing
// (LeaderEpochFileCache.java). This broker leads for good and begins no epoch
// of its own, but goes on in the last one of a directory that Kafka wrote.
type epochs []EpochStart

// latest is the epoch of the next batch.
func (e epochs) latest() int32 {
	if len(e) == 0 {
		return 0
	}
	return e[len(e)-1].Epoch
}

// at is the epoch of the batch at the offset.
func (e epochs) at(offset int64) (epoch int32) {
	for _, x := range e {
		if x.Start > offset {
			break
		}
		epoch = x.Epoch
	}
	return epoch
}

// with is e after a batch of the epoch was found at the offset.
func (e epochs) with(epoch int32, offset int64) epochs {
	if epoch < 0 || len(e) > 0 && epoch <= e.latest() {
		return e
	}
	return append(e, EpochStart{epoch, offset})
}

// within is e for a log of the offsets from low to next.
func (e epochs) within(low, next int64) epochs {
	var kept epochs
	for i, x := range e {
		if x.Start >= next && i > 0 {
			break
		}
		if x.Start <= low {
			kept = kept[:0]
			x.Start = low
		}
		kept = append(kept, x)
	}
	return kept
}

// end is where the epoch ends, and which one that is: see [Partition.EpochEnd].
func (e epochs) end(epoch int32, low, next int64) (found int32, end int64) {
	if len(e) == 0 {
		e = epochs{{0, low}}
	}
	if epoch == e.latest() {
		return epoch, next
	}
	found = epoch // before the first, Kafka answers with the epoch itself
	for _, x := range e {
		if x.Epoch > epoch {
			if epoch < 0 {
				return -1, -1
			}
			return found, x.Start
		}
		found = x.Epoch
	}
	return -1, -1
}

// ParseEpochs reads a leader-epoch-checkpoint.
func ParseEpochs(b []byte) (found []EpochStart, err error) {
	err = parseCheckpoint(b, func(fields []string) error {
		if len(fields) != 2 {
			return fmt.Errorf("%d fields, want epoch and offset", len(fields))
		}
		epoch, err := strconv.ParseInt(fields[0], 10, 32)
		if err != nil || epoch < 0 {
			return fmt.Errorf("epoch %q", fields[0])
		}
		start, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil || start < 0 {
			return fmt.Errorf("offset %q", fields[1])
		}
		if n := len(found); n > 0 && (int32(epoch) <= found[n-1].Epoch || start < found[n-1].Start) {
			return fmt.Errorf("epoch %d at offset %d does not follow %d at %d", epoch, start, found[n-1].Epoch, found[n-1].Start)
		}
		found = append(found, EpochStart{int32(epoch), start})
		return nil
	})
	return found, err
}

func (e epochs) format() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%d\n", checkpointVersion, len(e))
	for _, x := range e {
		fmt.Fprintf(&b, "%d %d\n", x.Epoch, x.Start)
	}
	return b.Bytes()
}
