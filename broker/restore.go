package broker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"

	"copyscope/broker/log"
)

// openCatalogue reads topics.json and recovers the topics in it, until the
// context ends. Nothing is made or changed before the whole file was found to
// be good. Then
//
//   - what is under "deleting" is removed,
//   - partitions on the disk that the file does not have are adopted,
//   - all partitions are opened, those that are missing are made.
//
// A partition that cannot be opened is offline; its files stay as they are.
func openCatalogue(ctx context.Context, dir string, cfg Config) (*catalogue, error) {
	base, err := cfg.Defaults.resolve()
	if err != nil {
		return nil, err
	}
	progress := &recoveryProgress{}
	disk := cfg.Files
	c := &catalogue{disk: disk, dir: dir, maxPartitions: cfg.MaxPartitions, base: base, log: cfg.Log, topics: map[string]*topic{}, ids: map[topicID]*topic{}, deleting: map[string]topicOnFile{}}
	f, err := readCatalogue(disk, c.path(), cfg.MaxPartitions)
	if err != nil {
		return nil, err
	}
	options := cfg.Defaults.logs()
	options.FS, options.Now, options.Log, options.Read = disk, cfg.Now, cfg.Log, progress.read
	if c.logs, err = log.OpenDir(ctx, dir, options); err != nil {
		return nil, err
	}
	if err := c.restore(ctx, f, progress); err != nil {
		return nil, errors.Join(fmt.Errorf("data directory %q: %w", dir, err), c.close())
	}
	return c, nil
}

func (c *catalogue) restore(ctx context.Context, f catalogueFile, progress *recoveryProgress) error {
	found, err := c.logs.Found()
	if err != nil {
		return err
	}
	disk := onDisk(found)
	if len(f.Deleting) > 0 {
		c.deleteAgain(&f, disk)
	}
	// What was copied in is read too, but a run that had no partitions had no stop to tell of.
	unclean := f.partitions() > 0 && !c.logs.StoppedClean()
	if err := c.adopt(&f, disk); err != nil {
		return err
	}
	progress.begin(c.log, f.partitions(), unclean)
	var jobs []*opening
	of := map[string][]*opening{}
	for _, name := range slices.Sorted(maps.Keys(f.Topics)) {
		on := f.Topics[name]
		id, err := decodeID(on.ID)
		if err != nil {
			return fmt.Errorf("topic %q: %w", name, err)
		}
		on.Configs = c.usable(name, on.Configs)
		f.Topics[name] = on
		of[name] = openings(name, id, 0, on.Partitions, c.configs(on.Configs).partition())
		for _, o := range of[name] {
			o.progress = progress
		}
		jobs = append(jobs, of[name]...)
	}
	c.open(ctx, jobs)
	if err := ctx.Err(); err != nil {
		return err
	}
	for name, all := range of {
		partitions, _ := opened(all)
		for _, o := range all {
			c.report(o)
		}
		c.add(newTopicOf(name, all[0].id, partitions, c.configs(f.Topics[name].Configs)))
	}
	progress.end()
	return nil
}

// report logs what the opening of a partition at start came upon.
func (c *catalogue) report(o *opening) {
	switch r := o.recovery; {
	case o.err != nil:
		c.log.Error("the partition is offline: it could not be opened; its files stay as they are, and a restart tries again", "topic", o.topic, "partition", o.n, "error", o.err)
	case r.Cut > 0:
		c.log.Warn("the log did not end with a whole, valid batch; the rest was cut off",
			"topic", o.topic, "partition", o.n, "at_byte", r.Bytes, "cut_bytes", r.Cut, "next_offset", r.Next, "reason", r.Reason)
	}
}

// usable are the configs that are valid here: the directory may come from
// another system, which has other paths.
func (c *catalogue) usable(topic string, set map[string]string) map[string]string {
	good := c.configs(nil)
	for _, key := range slices.Sorted(maps.Keys(set)) {
		value := set[key]
		next, err := good.with(key, &value)
		if err != nil {
			c.log.Warn("a topic's config is not valid here; its default is used", "topic", topic, "error", err)
			continue
		}
		good = next
	}
	return good.set
}

// onDisk are the partitions on the disk by topic and number.
func onDisk(found []log.Found) map[string]map[int]topicID {
	disk := map[string]map[int]topicID{}
	for _, p := range found {
		if disk[p.Topic] == nil {
			disk[p.Topic] = map[int]topicID{}
		}
		disk[p.Topic][int(p.Partition)] = topicID(p.ID)
	}
	return disk
}

// deleteAgain removes what a deletion left behind when it was cut short.
func (c *catalogue) deleteAgain(f *catalogueFile, disk map[string]map[int]topicID) {
	for _, name := range slices.Sorted(maps.Keys(f.Deleting)) {
		on := f.Deleting[name]
		if err := c.remove(name, on, nil, disk[name]); err != nil {
			c.log.Error("what a deleted topic stored could not be removed; the next start tries again", "topic", name, "error", err)
			c.deleting[name] = on
			delete(disk, name) // it is not adopted
			continue
		}
		c.log.Info("what a deleted topic stored was removed", "topic", name)
		id, _ := decodeID(on.ID) // checked when it was read
		maps.DeleteFunc(disk[name], func(n int, there topicID) bool { return n < on.Partitions && ours(there, id) })
	}
	f.Deleting = c.deleting
	if err := f.write(c.disk, c.path()); err != nil {
		c.log.Error("the topics' file could not be written; the next start looks again for what deleted topics left", "error", err)
	}
}

// adopt takes partitions into the file that are on the disk and not in it: those
// that Kafka, or another broker of ours, wrote, and that were copied here.
func (c *catalogue) adopt(f *catalogueFile, disk map[string]map[int]topicID) error {
	adopted := 0
	for _, name := range slices.Sorted(maps.Keys(disk)) {
		numbers := slices.Sorted(maps.Keys(disk[name]))
		on, known := f.Topics[name]
		if len(numbers) == 0 || numbers[len(numbers)-1] < on.Partitions {
			continue
		}
		if err := checkTopicName(name); err != nil {
			return fmt.Errorf("the partition directory %s-%d cannot be adopted: %w; move it away", name, numbers[0], err)
		}
		id, err := decodeID(on.ID)
		if known && err != nil {
			return fmt.Errorf("topic %q: %w", name, err)
		}
		for n := on.Partitions; n <= numbers[len(numbers)-1]; n++ {
			theirs, there := disk[name][n]
			switch {
			case !there:
				return fmt.Errorf("topic %q cannot be adopted: there is a directory %s-%d, but none of partition %d; bring what is missing, or move the others away", name, name, numbers[len(numbers)-1], n)
			case id == topicID{}:
				id = theirs
			case theirs != topicID{} && theirs != id:
				return fmt.Errorf("topic %q cannot be adopted: the directory %s-%d is of the topic id %s, the others of %s; move it away", name, name, n, encodeID(theirs), encodeID(id))
			}
		}
		if id == (topicID{}) {
			id = newID()
		}
		for other, of := range f.Topics {
			if other != name && of.ID == encodeID(id) {
				return fmt.Errorf("topic %q cannot be adopted: its partition.metadata has the topic id %s of %q, of which it is a copy; remove partition.metadata from %s-%d and its others to have it as a topic of its own, or move them away", name, of.ID, other, name, numbers[0])
			}
		}
		on.ID, on.Partitions = encodeID(id), numbers[len(numbers)-1]+1
		f.Topics[name] = on
		adopted++
		c.log.Info("a topic that was on the disk is adopted", "topic", name, "id", on.ID, "partitions", on.Partitions, "new", !known)
	}
	if adopted == 0 {
		return nil
	}
	if err := f.check(c.maxPartitions); err != nil {
		return fmt.Errorf("with the partitions on the disk: %w; move some away, or allow more", err)
	}
	return f.write(c.disk, c.path())
}

// opening is a partition that is to be opened, and what became of it.
type opening struct {
	topic    string
	id       topicID
	n        int
	config   log.Config
	progress *recoveryProgress // nil for a partition that is new

	partition *log.Partition
	recovery  log.Recovery
	err       error
}

// openings are the partitions from to below the end.
func openings(topic string, id topicID, from, end int, cfg log.Config) []*opening {
	var all []*opening
	for n := from; n < end; n++ {
		all = append(all, &opening{topic: topic, id: id, n: n, config: cfg})
	}
	return all
}

// open opens the partitions, as many at a time as there are processors: what is
// recovered is read and summed up.
func (c *catalogue) open(ctx context.Context, jobs []*opening) {
	next := make(chan *opening)
	var workers sync.WaitGroup
	for range min(len(jobs), runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for o := range next {
				o.partition, o.recovery, o.err = c.logs.Open(ctx, o.topic, log.ID(o.id), int32(o.n), o.config)
				o.progress.opened(o.recovery, o.err)
			}
		})
	}
	for _, o := range jobs {
		next <- o
	}
	close(next)
	workers.Wait()
}

// opened are the partitions by number, nil for what could not be opened, and
// the first reason.
func opened(jobs []*opening) (all []*log.Partition, err error) {
	for _, o := range jobs {
		all = append(all, o.partition)
		if err == nil {
			err = o.err
		}
	}
	return all, err
}
