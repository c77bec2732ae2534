package broker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"copyscope/broker/log"
)

// forget removes what a topic stored. What cannot be removed now stays under
// "deleting", for the next start or the next topic of the name.
func (c *catalogue) forget(name string, on topicOnFile, open []*log.Partition) {
	err := c.remove(name, on, open, nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		delete(c.deleting, name)
		return
	}
	on.Configs = nil
	c.deleting[name] = on
	c.log.Error("the topic is deleted, but what it stored could not be removed; the next start tries again", "topic", name, "error", err)
}

// finishDeleting tries again to remove what stands in the way of the topics.
func (c *catalogue) finishDeleting(ctx context.Context, wanted []wantedTopic) {
	for _, w := range wanted {
		c.mu.RLock()
		on, leaving := c.deleting[w.name]
		c.mu.RUnlock()
		if leaving && ctx.Err() == nil {
			c.forget(w.name, on, nil)
		}
	}
}

// remove removes the partitions of a topic: those that are open, and those that
// are only on the disk. foreign, which may be nil, says that a directory of the
// topic's name is of another topic; it stays.
func (c *catalogue) remove(name string, on topicOnFile, open []*log.Partition, foreign func(n int) bool) error {
	id, err := decodeID(on.ID)
	if err != nil {
		return err
	}
	var failed []error
	for n := range on.Partitions {
		var p *log.Partition
		if n < len(open) {
			p = open[n]
		}
		if p == nil {
			if foreign != nil && foreign(n) {
				continue
			}
			if _, err := os.Lstat(c.partitionDir(name, n)); errors.Is(err, fs.ErrNotExist) {
				continue
			}
			// Only what is open can be removed: no directory goes that is not
			// known to be a partition of this topic.
			if p, _, err = c.logs.Open(context.Background(), name, log.ID(id), int32(n), c.configs(nil).partition()); err != nil {
				failed = append(failed, err)
				continue
			}
		}
		failed = append(failed, c.logs.Remove(p))
	}
	return errors.Join(failed...)
}

// drop removes a partition that was made a moment ago and is not needed.
func (c *catalogue) drop(p *log.Partition, topic string) {
	if err := c.logs.Remove(p); err != nil {
		c.log.Error("a partition that was not needed could not be removed", "topic", topic, "error", err)
	}
}

func (c *catalogue) partitionDir(topic string, n int) string {
	return filepath.Join(c.dir, fmt.Sprintf("%s-%d", topic, n))
}
