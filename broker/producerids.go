package broker

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"sync"

	"copyscope/broker/log"
	"copyscope/broker/vfs"
)

// producerIDs hands out producer ids, none twice, whatever happens. Its file,
// producer-ids.json, has the first id that was never handed out:
//
//	{"schema":1,"next":1000}
//
// Ids are taken from it in blocks, and the file is on the disk before the first
// of a block is used (Kafka: ProducerIdManager, ProducerIdsBlock). What is left
// of a block when the broker ends is not used.
type producerIDs struct {
	disk vfs.FS
	path string

	mu         sync.Mutex
	free       int64 // the next id
	end        int64 // of the block
	afterBlock int64 // what the file says
}

const (
	producerIDBlock  = 1000 // Kafka: ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE
	producerIDSchema = 1
)

type producerIDFile struct {
	Schema int   `json:"schema"`
	Next   int64 `json:"next"`
}

// openProducerIDs reads the file. A new directory begins at a random block:
// partitions that are copied from one broker to another, or to Kafka, bring the
// ids of their producers along, and those should not meet.
func openProducerIDs(disk vfs.FS, path string) (*producerIDs, error) {
	b, err := vfs.ReadFile(disk, path, mostStateBytes)
	if errors.Is(err, os.ErrNotExist) {
		return &producerIDs{disk: disk, path: path, afterBlock: rand.Int64N(1<<32) * producerIDBlock}, nil
	}
	if err != nil {
		return nil, err
	}
	var f producerIDFile
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w); restore it from a copy", path, err)
	}
	if f.Schema != producerIDSchema || f.Next < 0 {
		return nil, fmt.Errorf("%s has schema %d and next id %d; this program knows schema %d and ids from 0; restore it from a copy", path, f.Schema, f.Next, producerIDSchema)
	}
	return &producerIDs{disk: disk, path: path, afterBlock: f.Next}, nil
}

// next is an id that was never handed out.
func (p *producerIDs) next() (int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.free == p.end {
		if err := p.takeBlock(); err != nil {
			return -1, err
		}
	}
	id := p.free
	p.free++
	return id, nil
}

func (p *producerIDs) takeBlock() error {
	if p.afterBlock > math.MaxInt64-producerIDBlock {
		return fmt.Errorf("all producer ids are used up")
	}
	f := producerIDFile{producerIDSchema, p.afterBlock + producerIDBlock}
	b, err := json.Marshal(f)
	if err == nil {
		err = replaceFile(p.disk, p.path, append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("%w: %w", log.ErrStorage, err)
	}
	p.free, p.end, p.afterBlock = p.afterBlock, f.Next, f.Next
	return nil
}
