package group

import (
	"maps"
	"slices"
	"time"

	"copyscope/broker/assignor"
	"copyscope/broker/consumerrecord"
)

// Topics are the broker's, as far as assignments need them.
type Topics interface {
	// Changes counts creations, deletions and growths. What was read after it, is
	// as new as it or newer.
	Changes() uint64
	// Topic is the one with the name.
	Topic(name string) (Topic, bool)
	// Names are those of all topics.
	Names() []string
}

// Topic is one of them.
type Topic struct {
	ID         assignor.TopicID
	Partitions int32
}

// noTopics is for a coordinator that was told of none.
type noTopics struct{}

func (noTopics) Changes() uint64            { return 0 }
func (noTopics) Topic(string) (Topic, bool) { return Topic{}, false }
func (noTopics) Names() []string            { return nil }

// follow looks again at which topics the members are subscribed to, if they, or
// the topics, may have changed; if what there is did, it begins a new epoch.
func (ch *change) follow(subscriptions bool) {
	mg, topics := ch.mg, ch.mg.g.c.cfg.Topics
	changes := topics.Changes()
	if mg.known && mg.changes == changes && !subscriptions && !ch.raised {
		return
	}
	known, before := mg.known, mg.changes
	mg.known, mg.changes = true, changes
	ch.undo = append(ch.undo, func() { mg.known, mg.changes = known, before })
	ch.resolve(!known || before != changes)
	next := map[string]Topic{}
	for name := range mg.subscribed() {
		if t, ok := topics.Topic(name); ok {
			next[name] = t
		}
	}
	if maps.Equal(next, mg.topics) {
		return
	}
	was := mg.topics
	mg.topics = next
	ch.undo = append(ch.undo, func() { mg.topics = was })
	ch.put(consumerrecord.KindTopics, "", topicsValue(next))
	ch.raise()
}

// resolve matches the members' expressions with the topics, those that are new
// or, if the topics changed, all; and forgets those that nobody has any more.
func (ch *change) resolve(all bool) {
	mg := ch.mg
	used := map[string]bool{}
	for _, m := range mg.members {
		if m.pattern != "" {
			used[m.pattern] = true
		}
	}
	was := mg.patterns
	next := map[string]*pattern{}
	for _, expression := range slices.Sorted(maps.Keys(used)) {
		p := was[expression]
		if p == nil || p.topics == nil || all {
			p = ch.match(expression, p)
		}
		next[expression] = p
	}
	for _, expression := range slices.Sorted(maps.Keys(was)) {
		if next[expression] == nil {
			ch.tombstone(consumerrecord.KindRegularExpression, expression)
		}
	}
	mg.patterns = next
	ch.undo = append(ch.undo, func() { mg.patterns = was })
}

func (ch *change) match(expression string, was *pattern) *pattern {
	next := &pattern{topics: []string{}}
	if was != nil && was.expression != nil {
		next.expression = was.expression
	} else if p, err := compile(expression); err == nil { // it was one when a member came with it
		next.expression = p.expression
	}
	for _, name := range ch.mg.g.c.cfg.Topics.Names() {
		if next.expression != nil && next.expression.MatchString(name) {
			next.topics = append(next.topics, name)
		}
	}
	if was == nil || !slices.Equal(was.topics, next.topics) {
		v := consumerrecord.RegularExpression{Topics: next.topics, Version: int64(ch.mg.changes), TimestampMs: time.Now().UnixMilli()}
		ch.put(consumerrecord.KindRegularExpression, expression, v.Bytes())
	}
	return next
}

// subscribed are the names of all topics that members are subscribed to.
func (mg *modernGroup) subscribed() map[string]bool {
	names := map[string]bool{}
	for _, m := range mg.members {
		for _, name := range m.names {
			names[name] = true
		}
	}
	for _, p := range mg.patterns {
		for _, name := range p.topics {
			names[name] = true
		}
	}
	return names
}

// reads are the topics that the member is subscribed to, of those there are.
func (mg *modernGroup) reads(m *modernMember) map[assignor.TopicID]bool {
	ids := map[assignor.TopicID]bool{}
	add := func(names []string) {
		for _, name := range names {
			if t, ok := mg.topics[name]; ok {
				ids[t.ID] = true
			}
		}
	}
	add(m.names)
	if p := mg.patterns[m.pattern]; p != nil {
		add(p.topics)
	}
	return ids
}
