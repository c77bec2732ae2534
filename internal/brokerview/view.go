// Package brokerview is what the pages see of a broker of this process: the
// broker's words in those of the pages.
package brokerview

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"

	"copyscope/broker"
	"copyscope/broker/log"
	"copyscope/internal/batchview"
	"copyscope/internal/host"
	"copyscope/web"
)

// View shows a broker.
type View struct{ b *broker.Broker }

var _ web.BrokerStore = View{}

// Of shows the broker.
func Of(b *broker.Broker) View { return View{b} }

// Listeners are the addresses that are bound.
func (v View) Listeners() (all []web.BrokerListener) {
	plain, sealed := v.b.Protocols()
	anyone, anyoneSealed := v.b.Anonymous()
	if a := v.b.PlainAddr(); a != nil {
		all = append(all, web.BrokerListener{Protocol: plain, Addr: a.String(), Anonymous: anyone})
	}
	if a := v.b.TLSAddr(); a != nil {
		all = append(all, web.BrokerListener{Protocol: sealed, Addr: a.String(), Anonymous: anyoneSealed})
	}
	return all
}

// StoredTopics are all topics by name.
func (v View) StoredTopics(context.Context) (all []web.StoredTopic, _ error) {
	free := sync.OnceValue(v.b.UsableBytes) // a full disk has many topics
	for _, t := range v.b.Topics() {
		all = append(all, v.topic(t, free))
	}
	return all, nil
}

func (v View) topic(t broker.TopicInfo, free func() int64) web.StoredTopic {
	out := web.StoredTopic{Name: t.Name, ID: t.ID, Internal: broker.Internal(t.Name), FetchPath: t.Configs["copyscope.fetch.path"], Engine: t.Configs["copyscope.append.engine"]}
	for _, p := range t.Partitions {
		out.Partitions = append(out.Partitions, web.StoredPartition(p))
	}
	if t.FullSince != 0 {
		out.Full = &web.FullDisk{Since: t.FullSince, Dir: v.b.Dir(), Free: free()}
	}
	return out
}

// StoredTopic is one topic and its configs.
func (v View) StoredTopic(_ context.Context, name string) (web.StoredTopic, []web.TopicConfig, error) {
	t, c, ok := v.b.Topic(name)
	if !ok {
		return web.StoredTopic{}, nil, web.ErrNoTopic
	}
	return v.topic(t, v.b.UsableBytes), configs(c), nil
}

// TopicDefaults are the configs of a topic that sets none.
func (v View) TopicDefaults() []web.TopicConfig { return configs(v.b.TopicDefaults()) }

func configs(all []broker.ConfigInfo) (out []web.TopicConfig) {
	for _, c := range all {
		out = append(out, web.TopicConfig{Name: c.Name, Value: c.Value, Default: c.Default, Set: c.Set, Choices: c.Choices, Effect: c.Effect})
	}
	return out
}

// Segments are the newest of a partition's.
func (v View) Segments(_ context.Context, name string, partition int32, most, cells int) (all []web.StoredSegment, total int, err error) {
	p, err := v.partition(name, partition)
	if err != nil {
		return nil, 0, err
	}
	files := p.SegmentFiles()
	total = len(files)
	for _, s := range files[max(0, total-most):] {
		out := web.StoredSegment{Name: filepath.Base(s.Log), Base: s.Base, Next: s.Next, Bytes: s.Bytes, First: s.First, Latest: s.Latest, Active: s.Active}
		for _, f := range []struct {
			path  string
			cells int
			to    *host.FilePages
		}{{s.Log, cells, &out.Log}, {s.Index, 0, &out.Index}, {s.TimeIndex, 0, &out.TimeIndex}} {
			*f.to, err = host.LookAtFile(f.path, f.cells)
			if errors.Is(err, fs.ErrNotExist) {
				out.Gone = true
			} else if err != nil {
				return nil, 0, err
			}
		}
		all = append(all, out)
	}
	return all, total, nil
}

func (v View) partition(name string, n int32) (*log.Partition, error) {
	p, err := v.b.Partition(name, n)
	if errors.Is(err, broker.ErrTopicUnknown) {
		err = fmt.Errorf("%w: %w", web.ErrNoTopic, err)
	}
	return p, err
}

// Browse visits the batches of a partition.
func (v View) Browse(ctx context.Context, name string, partition int32, from int64, visit func(web.StoredBatch) bool) error {
	p, err := v.partition(name, partition)
	if err != nil {
		return err
	}
	return p.Browse(ctx, from, func(b log.StoredBatch) bool { return visit(batchview.Of(b)) })
}

// OffsetAt finds the first record at or after a time.
func (v View) OffsetAt(_ context.Context, name string, partition int32, ms int64) (int64, bool, error) {
	p, err := v.partition(name, partition)
	if err != nil {
		return 0, false, err
	}
	at, ok, err := p.AtTime(ms)
	return at.Offset, ok, err
}

// Groups are the consumer groups.
func (v View) Groups(_ context.Context, most int) (all []web.ConsumerGroup, total int, _ error) {
	groups, total := v.b.Groups(most)
	for _, g := range groups {
		all = append(all, group(g))
	}
	return all, total, nil
}

// Group is one group.
func (v View) Group(_ context.Context, id string) (web.ConsumerGroup, error) {
	g, ok := v.b.Group(id)
	if !ok {
		return web.ConsumerGroup{}, web.ErrNoGroup
	}
	return group(g), nil
}

func group(g broker.GroupInfo) web.ConsumerGroup {
	out := web.ConsumerGroup{ID: g.ID, Type: g.Type, State: g.State, ProtocolType: g.ProtocolType, Protocol: g.Protocol}
	for _, m := range g.Members {
		of := web.GroupMember{ID: m.ID, ClientID: m.ClientID, Host: m.Host, Instance: m.Instance, Known: m.Known}
		for _, a := range m.Assigned {
			of.Assigned = append(of.Assigned, web.AssignedTopic(a))
		}
		out.Members = append(out.Members, of)
	}
	for _, o := range g.Offsets {
		out.Offsets = append(out.Offsets, web.CommittedOffset(o))
	}
	return out
}

// Connections are those that are open, with what the kernel tells of each.
func (v View) Connections() (all []web.BrokerConnection, _ error) {
	for _, c := range v.b.ConnectionInfos() {
		out := web.BrokerConnection{Peer: c.Peer, Protocol: c.Protocol, Principal: c.Principal, Since: c.Since, ClientID: c.ClientID, Software: c.Software, Version: c.Version,
			API: c.API, Requests: c.Requests, ThrottledUntil: c.ThrottledUntil, Path: c.Path, Regions: c.Regions, Bytes: c.Bytes}
		if asked, ok := host.AskConnection(c.Conn); ok {
			out.Congestion, out.Figures = asked.Congestion, asked.Figures
		}
		all = append(all, out)
	}
	return all, nil
}

// CreateTopic makes a topic.
func (v View) CreateTopic(ctx context.Context, name string, partitions int, set map[string]string) error {
	return v.b.CreateTopic(ctx, name, partitions, set)
}

// AlterTopic sets configs.
func (v View) AlterTopic(_ context.Context, name string, set map[string]*string) error {
	return unknown(v.b.AlterTopic(name, set))
}

// GrowTopic gives a topic more partitions.
func (v View) GrowTopic(ctx context.Context, name string, partitions int) error {
	return unknown(v.b.GrowTopic(ctx, name, partitions))
}

// DeleteTopic deletes a topic.
func (v View) DeleteTopic(_ context.Context, name string) error {
	return unknown(v.b.DeleteTopic(name))
}

func unknown(err error) error {
	if errors.Is(err, broker.ErrTopicUnknown) {
		return fmt.Errorf("%w: %w", web.ErrNoTopic, err)
	}
	return err
}
