package clusterview

import (
	"cmp"
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"copyscope/web"
)

// settled is how long a change may take until every broker tells of it, and settle how
// often that is asked.
const (
	settled = 3 * time.Second
	settle  = 50 * time.Millisecond
)

// CreateTopic makes a topic of as many replicas as the cluster's default has, and waits
// until it is told of.
func (v *View) CreateTopic(ctx context.Context, name string, partitions int, set map[string]string) error {
	c, cancel := within(ctx)
	defer cancel()
	values := map[string]*string{}
	for config, value := range set {
		values[config] = &value
	}
	if partitions == 0 {
		partitions = -1 // the cluster's default (KIP-464)
	}
	made, err := v.admin.CreateTopic(c, int32(partitions), -1, values, name)
	if err != nil {
		return asked(ctx, withMessage(err, made.ErrMessage))
	}
	v.await(ctx, func(t kadm.TopicDetail, there bool) bool { return there && allLed(t) }, name)
	return nil
}

// allLed: every partition has a leader.
func allLed(t kadm.TopicDetail) bool {
	for _, p := range t.Partitions {
		if p.Leader < 0 || p.Err != nil {
			return false
		}
	}
	return len(t.Partitions) > 0
}

// await waits until the cluster tells what a change has made, not for ever: a page that
// is too early says what it is told, and is refreshed.
func (v *View) await(ctx context.Context, so func(t kadm.TopicDetail, there bool) bool, name string) {
	c, cancel := context.WithTimeout(ctx, settled)
	defer cancel()
	for c.Err() == nil {
		m, err := v.admin.Metadata(c, name)
		if t, there := m.Topics[name]; err == nil && so(t, there && t.Err == nil) {
			break
		}
		select {
		case <-time.After(settle):
		case <-c.Done():
		}
	}
	_ = v.refresh(c) // told by State
}

// AlterTopic sets configs, all or none (KIP-339).
func (v *View) AlterTopic(ctx context.Context, name string, set map[string]*string) error {
	if !named(name) {
		return web.ErrNoTopic
	}
	if len(set) == 0 {
		return nil
	}
	c, cancel := within(ctx)
	defer cancel()
	var all []kadm.AlterConfig
	for config, value := range set {
		op := kadm.SetConfig
		if value == nil {
			op = kadm.DeleteConfig
		}
		all = append(all, kadm.AlterConfig{Op: op, Name: config, Value: value})
	}
	done, err := v.admin.AlterTopicConfigs(c, all, name)
	if err != nil {
		return asked(ctx, err)
	}
	for _, one := range done {
		if one.Err != nil {
			return asked(ctx, withMessage(one.Err, one.ErrMessage))
		}
	}
	return nil
}

// GrowTopic gives a topic more partitions, up to the number.
func (v *View) GrowTopic(ctx context.Context, name string, partitions int) error {
	if !named(name) {
		return web.ErrNoTopic
	}
	c, cancel := within(ctx)
	defer cancel()
	done, err := v.admin.UpdatePartitions(c, partitions, name)
	if err != nil {
		return asked(ctx, err)
	}
	if one, err := done.On(name, nil); err != nil || one.Err != nil {
		return asked(ctx, withMessage(cmp.Or(one.Err, err), one.ErrMessage))
	}
	v.await(ctx, func(t kadm.TopicDetail, there bool) bool {
		return there && len(t.Partitions) >= partitions && allLed(t)
	}, name)
	return nil
}

// DeleteTopic deletes a topic, and waits until it is told of no more.
func (v *View) DeleteTopic(ctx context.Context, name string) error {
	if !named(name) {
		return web.ErrNoTopic
	}
	c, cancel := within(ctx)
	defer cancel()
	done, err := v.admin.DeleteTopic(c, name)
	if err != nil {
		return asked(ctx, withMessage(err, done.ErrMessage))
	}
	v.await(ctx, func(_ kadm.TopicDetail, there bool) bool { return !there }, name)
	return nil
}
