package assignor

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
)

// TopicID is a topic's id (KIP-516). A topic that is deleted and made anew has
// another.
type TopicID = [16]byte

// Partition is one of a topic.
type Partition struct {
	Topic  TopicID
	Number int32
}

// Compare orders partitions by topic and number.
func Compare(a, b Partition) int {
	return cmp.Or(bytes.Compare(a.Topic[:], b.Topic[:]), cmp.Compare(a.Number, b.Number))
}

// Partitions is a set of them.
type Partitions map[Partition]struct{}

// Topics are the numbers of partitions, by topic.
type Topics map[TopicID]int32

func (t Topics) has(p Partition) bool { return p.Number >= 0 && p.Number < t[p.Topic] }

// Member is one of the group.
type Member struct {
	ID       string
	Instance string // group.instance.id, "" without
	// Topics are those that it is subscribed to, Has the partitions that it was
	// assigned before.
	Topics map[TopicID]bool
	Has    Partitions
}

// Assignment is what each member is to read, by member id. Every member is in it.
type Assignment map[string]Partitions

// Func assigns each partition of a topic that somebody is subscribed to, to one
// of its subscribers.
type Func func([]Member, Topics) Assignment

// all are in the order of Kafka's default of group.consumer.assignors, of which
// the first is used for groups that ask for none.
var all = []struct {
	name   string
	assign Func
}{
	{"uniform", Uniform},
	{"range", Range},
}

// Names are the assignors' names.
func Names() (names []string) {
	for _, a := range all {
		names = append(names, a.name)
	}
	return names
}

// Named is the assignor with the name, or nil.
func Named(name string) Func {
	for _, a := range all {
		if a.name == name {
			return a.assign
		}
	}
	return nil
}

// inOrder are the members by id.
func inOrder(members []Member) []Member {
	return slices.SortedFunc(slices.Values(members), func(a, b Member) int { return strings.Compare(a.ID, b.ID) })
}

// nothing is the assignment in which nobody has anything.
func nothing(members []Member) Assignment {
	a := Assignment{}
	for _, m := range members {
		a[m.ID] = Partitions{}
	}
	return a
}

// subscribers are the members' places by topic, of the topics that there are.
func subscribers(members []Member, topics Topics) map[TopicID][]int {
	of := map[TopicID][]int{}
	for i, m := range members {
		for t := range m.Topics {
			if topics[t] > 0 {
				of[t] = append(of[t], i)
			}
		}
	}
	return of
}

func byID(topics map[TopicID][]int) []TopicID {
	return slices.SortedFunc(maps.Keys(topics), func(a, b TopicID) int { return bytes.Compare(a[:], b[:]) })
}
