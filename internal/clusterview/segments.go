package clusterview

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"

	"copyscope/broker/log"
	"copyscope/internal/host"
	"copyscope/web"
)

// Segments are those of the leader's replica, if its process is on this host and this
// user may look into it. That the directory is the broker's own is the cluster's word, so
// it counts only if the process that listens at the broker's port has one of its files
// open.
func (v *View) Segments(ctx context.Context, topic string, partition int32, most, cells int) (all []web.StoredSegment, total int, err error) {
	c, cancel := within(ctx)
	defer cancel()
	dir, end, err := v.directory(c, topic, partition)
	if err != nil {
		return nil, 0, err
	}
	bases, err := segmentBases(dir)
	if err != nil {
		return nil, 0, &web.Unknown{Reason: fmt.Sprintf("the broker's directory cannot be read: %v; run copyscope as root or as the broker's user", err)}
	}
	total = len(bases)
	for i, base := range bases {
		if i < total-most {
			continue
		}
		s := web.StoredSegment{Base: base, Next: end, First: -1, Latest: -1, Active: i == total-1}
		if !s.Active {
			s.Next = bases[i+1]
		}
		name := filepath.Join(dir, fmt.Sprintf("%020d", base))
		s.Name = filepath.Base(name) + ".log"
		for _, f := range []struct {
			ending string
			cells  int
			to     *host.FilePages
		}{{".log", cells, &s.Log}, {".index", 0, &s.Index}, {".timeindex", 0, &s.TimeIndex}} {
			*f.to, err = host.LookAtFile(name+f.ending, f.cells)
			if errors.Is(err, fs.ErrNotExist) {
				s.Gone = s.Gone || f.ending == ".log"
			} else if err != nil {
				return nil, 0, &web.Unknown{Reason: fmt.Sprintf("the broker's files cannot be read: %v; run copyscope as root or as the broker's user", err)}
			}
		}
		s.Bytes = s.Log.Size
		if !s.Gone {
			s.First = firstTime(name+".log", s.Bytes)
		}
		all = append(all, s)
	}
	return all, total, nil
}

// directory is that of a partition's leader on this host, and where its log ends. An
// *Unknown says why there is none.
func (v *View) directory(ctx context.Context, topic string, partition int32) (dir string, end int64, err error) {
	if !named(topic) {
		return "", 0, web.ErrNoTopic
	}
	m, err := v.admin.Metadata(ctx, topic)
	if err != nil {
		return "", 0, asked(ctx, err)
	}
	p, ok := m.Topics[topic].Partitions[partition]
	if !ok {
		return "", 0, web.ErrNoTopic
	}
	unknown := func(format string, args ...any) error {
		return &web.Unknown{Reason: fmt.Sprintf(format, args...)}
	}
	b, ok := v.broker(p.Leader)
	switch {
	case !ok:
		return "", 0, unknown("no broker leads this partition now")
	case b.PID == 0:
		return "", 0, unknown("Kafka's protocol does not tell of segments and the page cache; they are read on the broker's own host. Broker %d: %s", b.ID, b.NotHere)
	}
	set := kadm.TopicsSet{}
	set.Add(topic, partition)
	dirs, err := v.admin.DescribeBrokerLogDirs(ctx, b.ID, set)
	if err != nil {
		return "", 0, unknown("the broker does not tell its log directories: %v", err)
	}
	for _, d := range dirs {
		if r, ok := d.Topics[topic][partition]; ok && !r.IsFuture {
			dir = filepath.Join(d.Dir, fmt.Sprintf("%s-%d", topic, partition))
		}
	}
	if dir == "" {
		return "", 0, unknown("the broker tells of no log directory with this partition")
	}
	if err := opened(b.PID, dir); err != nil {
		return "", 0, unknown("the broker names the directory %q, but %v", dir, err)
	}
	ends, err := v.admin.ListEndOffsets(ctx, topic)
	if err != nil && len(ends) == 0 {
		return "", 0, asked(ctx, err)
	}
	found, _ := ends.Lookup(topic, partition)
	return dir, found.Offset, nil
}

// segmentBases are the base offsets of a directory's segments, ascending.
func segmentBases(dir string) (all []int64, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		digits, is := strings.CutSuffix(e.Name(), ".log")
		if base, err := strconv.ParseInt(digits, 10, 64); is && len(digits) == 20 && err == nil && e.Type().IsRegular() {
			all = append(all, base)
		}
	}
	slices.Sort(all)
	return all, nil
}

// firstTime is the first batch's time in ms; -1 where there is none.
func firstTime(path string, size int64) int64 {
	f, err := os.Open(path)
	if err != nil {
		return -1
	}
	defer f.Close()
	first := int64(-1)
	_ = log.DumpSegment(f, size, func(b log.BatchInfo, _ func(func(log.RecordInfo) error) error) error {
		if first = b.BaseTimestamp; b.DeleteHorizon >= 0 { // then the base has another meaning (KIP-534)
			first = b.Timestamp
		}
		return io.EOF // one is enough
	})
	return first
}
