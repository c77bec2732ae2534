package broker

import (
	"context"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.DescribeLogDirs, 0, 4, whole(describeLogDirs)) }

// DescribeLogDirs, API key 35, versions 0 to 4: the data directory, the bytes
// of the batches of each partition in it (all, or those asked for), and the
// room on its file system. Partitions that there are not, or that are offline,
// are left out, as with Kafka. Each is told once.
//
// Source: DescribeLogDirsRequest.json, ReplicaManager.describeLogDirs.
func describeLogDirs(ctx context.Context, c *connection, req *kmsg.DescribeLogDirsRequest, resp *kmsg.DescribeLogDirsResponse) error {
	dir := kmsg.NewDescribeLogDirsResponseDir()
	dir.Dir = c.b.dir.path
	dir.TotalBytes, dir.UsableBytes = diskSpace(dir.Dir)
	tell := func(t *topic, wanted func(n int32) bool) {
		out := kmsg.NewDescribeLogDirsResponseDirTopic()
		out.Topic = t.name
		for n, p := range t.all() {
			if p == nil || !wanted(int32(n)) {
				continue
			}
			about := kmsg.NewDescribeLogDirsResponseDirTopicPartition()
			about.Partition, about.Size = int32(n), p.Bytes()
			out.Partitions = append(out.Partitions, about)
		}
		if len(out.Partitions) > 0 {
			dir.Topics = append(dir.Topics, out)
		}
	}
	if req.Topics == nil {
		for _, t := range c.b.topics.all() {
			tell(t, func(int32) bool { return true })
		}
	}
	asked := map[string]map[int32]bool{}
	for _, t := range req.Topics {
		if asked[t.Topic] == nil {
			asked[t.Topic] = map[int32]bool{}
		}
		for _, n := range t.Partitions {
			asked[t.Topic][n] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if t := c.b.topics.get(name); t != nil {
			tell(t, func(n int32) bool { return asked[name][n] })
		}
	}
	resp.Dirs = append(resp.Dirs, dir)
	return nil
}
