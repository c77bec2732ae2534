package broker

import (
	"context"
	"errors"
	"slices"

	"copyscope/broker/log"
)

// forget removes what a topic stored. What cannot be removed now stays under
// "deleting", for the next start or the next topic of the name.
func (c *catalogue) forget(name string, on topicOnFile, open []*log.Partition) {
	var disk map[int]topicID
	var err error
	if len(open) < on.Partitions || slices.Contains(open, nil) { // a look at the disk takes long if there is much
		var found []log.Found
		found, err = c.logs.Found()
		disk = onDisk(found)[name]
	}
	if err == nil {
		err = c.remove(name, on, open, disk)
	}
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

// remove removes the partitions of a topic: those that are open, and, of the
// others, what disk has of them. A directory that is of another topic stays.
func (c *catalogue) remove(name string, on topicOnFile, open []*log.Partition, disk map[int]topicID) error {
	id, err := decodeID(on.ID)
	if err != nil {
		return err
	}
	var failed []error
	for n := range on.Partitions {
		if n < len(open) && open[n] != nil {
			failed = append(failed, c.logs.Remove(open[n]))
			continue
		}
		if there, known := disk[n]; known && ours(there, id) {
			failed = append(failed, c.logs.Discard(log.Found{Topic: name, Partition: int32(n), ID: log.ID(there)}))
		}
	}
	return errors.Join(failed...)
}

// ours says whether a directory is of the topic: one without an id is of
// whichever has the name.
func ours(there, topic topicID) bool { return there == topic || there == topicID{} }

// drop removes a partition that was made a moment ago and is not needed.
func (c *catalogue) drop(p *log.Partition, topic string) {
	if err := c.logs.Remove(p); err != nil {
		c.log.Error("a partition that was not needed could not be removed", "topic", topic, "error", err)
	}
}
