package group

import (
	"fmt"
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
func (ch *change) follow(subscriptions bool) error {
	mg, topics := ch.mg, ch.mg.g.c.cfg.Topics
	changes := topics.Changes()
	if mg.known && mg.changes == changes && !subscriptions && !ch.raised {
		return nil
	}
	known, before := mg.known, mg.changes
	mg.known, mg.changes = true, changes
	ch.undo = append(ch.undo, func() { mg.known, mg.changes = known, before })
	if err := ch.resolve(!known || before != changes); err != nil {
		return err
	}
	next := map[string]Topic{}
	for name := range mg.subscribed() {
		if t, ok := topics.Topic(name); ok {
			next[name] = t
		}
	}
	if maps.Equal(next, mg.topics) {
		return nil
	}
	was := mg.topics
	mg.topics = next
	ch.undo = append(ch.undo, func() { mg.topics = was })
	ch.put(consumerrecord.KindTopics, "", topicsValue(next))
	ch.raise()
	return nil
}

// resolve matches the members' expressions with the topics, those that are new
// or, if the topics changed, all; and forgets those that nobody has any more. If
// that is too much, a new one is refused; if it is because of new topics, the
// expressions go on to match what they did.
func (ch *change) resolve(all bool) error {
	mg := ch.mg
	was, next := mg.patterns, map[string]*pattern{}
	due, isNew := []string{}, false
	var instructions int64
	for _, m := range mg.inOrder() {
		if m.pattern == "" || next[m.pattern] != nil {
			continue
		}
		p := was[m.pattern]
		isNew = isNew || p == nil
		if p == nil || all {
			due = append(due, m.pattern)
			p = compiled(m.pattern, p)
		}
		next[m.pattern] = p
		instructions += p.instructions
	}
	if len(due) > 0 {
		names := mg.g.c.cfg.Topics.Names()
		err := mg.tooMuch(instructions, names)
		switch {
		case err == nil:
			for _, expression := range due {
				next[expression] = ch.match(expression, was[expression], next[expression], names)
			}
		case isNew:
			return err
		default:
			mg.g.c.cfg.Log.Warn("a consumer group's expressions are not matched with new topics", "group", mg.g.id, "error", err)
		}
	}
	if by := matchedBytes(next) - mg.matched; isNew && mg.g.c.bytes.Load()+by > mg.g.c.cfg.MaxBytes {
		return fmt.Errorf("%w: what the group's expressions match would take %d bytes more", ErrFull, by)
	}
	for _, expression := range slices.Sorted(maps.Keys(was)) {
		if next[expression] == nil {
			ch.tombstone(consumerrecord.KindRegularExpression, expression)
		}
	}
	mg.patterns = next
	ch.undo = append(ch.undo, func() { mg.patterns = was })
	return nil
}

// tooMuch says why so many instructions are not matched with the names, if they are
// not.
func (mg *modernGroup) tooMuch(instructions int64, names []string) error {
	bytes := int64(0)
	for _, name := range names {
		bytes += int64(len(name))
	}
	if instructions*bytes <= mostSteps {
		return nil
	}
	return fmt.Errorf("%w: the group's expressions take %d instructions and the topics' names %d bytes; at most %d is possible as their product", ErrExpression, instructions, bytes, mostSteps)
}

// compiled is an expression that was one when a member came with it, with what it
// matched.
func compiled(expression string, was *pattern) *pattern {
	if was != nil && was.expression != nil {
		return was
	}
	p, err := compile(expression)
	if err != nil {
		p = &pattern{}
	}
	if was != nil {
		p.topics = was.topics
	}
	return p
}

func (ch *change) match(expression string, was, as *pattern, names []string) *pattern {
	next := *as
	next.topics = []string{}
	for _, name := range names {
		if next.expression != nil && next.expression.MatchString(name) {
			next.topics = append(next.topics, name)
		}
	}
	if was == nil || !slices.Equal(was.topics, next.topics) {
		v := consumerrecord.RegularExpression{Topics: next.topics, Version: int64(ch.mg.changes), TimestampMs: time.Now().UnixMilli()}
		ch.put(consumerrecord.KindRegularExpression, expression, v.Bytes())
	}
	return &next
}

// matchedBytes is what the lists of topics that expressions match take in memory,
// about.
func matchedBytes(patterns map[string]*pattern) (n int64) {
	const perTopic = 16
	for _, p := range patterns {
		n += perTopic * int64(len(p.topics))
	}
	return n
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
