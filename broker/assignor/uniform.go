package assignor

import (
	"cmp"
	"maps"
	"slices"
)

// Uniform gives members as many partitions as each other, as far as their
// subscriptions allow, and lets them keep what they have: a partition moves only
// if that makes it more even.
func Uniform(members []Member, topics Topics) Assignment {
	if len(members) == 0 {
		return Assignment{}
	}
	members = inOrder(members)
	for _, m := range members[1:] {
		if !maps.Equal(m.Topics, members[0].Topics) {
			return heterogeneous(members, topics)
		}
	}
	return homogeneous(members, topics)
}

// homogeneous is for members that are subscribed to the same: each gets as many
// as the other, or one more.
func homogeneous(members []Member, topics Topics) Assignment {
	out := nothing(members)
	total := 0
	for t := range members[0].Topics {
		total += int(topics[t])
	}
	each, more := total/len(members), total%len(members)
	taken := keepQuota(members, topics, each, &more, out)

	// Those who have too little take turns, which spreads a topic's partitions.
	var short []string
	for _, m := range members {
		if len(out[m.ID]) < each {
			short = append(short, m.ID)
		}
	}
	var oneMore []string
	for _, m := range members {
		if len(out[m.ID]) <= each && len(oneMore) < more {
			oneMore = append(oneMore, m.ID)
		}
	}
	for _, t := range byID(subscribers(members[:1], topics)) {
		for n := range topics[t] {
			p := Partition{t, n}
			if taken[p] {
				continue
			}
			if len(short) == 0 {
				short = oneMore
			}
			to := short[0]
			out[to][p] = struct{}{}
			if short = short[1:]; len(out[to]) < each {
				short = append(short, to)
			}
		}
	}
	return out
}

// keepQuota lets each member keep what it has, up to its quota: those who have
// most are the ones who keep one more, as long as there are such.
func keepQuota(members []Member, topics Topics, each int, more *int, out Assignment) (taken map[Partition]bool) {
	taken = map[Partition]bool{}
	type keeper struct {
		id  string
		has []Partition
	}
	var keepers []keeper
	for _, m := range members {
		k := keeper{id: m.ID}
		for p := range m.Has {
			if topics.has(p) && m.Topics[p.Topic] && !taken[p] {
				taken[p] = true
				k.has = append(k.has, p)
			}
		}
		slices.SortFunc(k.has, Compare)
		keepers = append(keepers, k)
	}
	slices.SortStableFunc(keepers, func(a, b keeper) int { return cmp.Compare(len(b.has), len(a.has)) })
	for _, k := range keepers {
		quota := each
		if len(k.has) > each && *more > 0 {
			quota++
			*more--
		}
		for i, p := range k.has {
			if i < quota {
				out[k.id][p] = struct{}{}
			} else {
				delete(taken, p)
			}
		}
	}
	return taken
}

// heterogeneous is for members that are subscribed to different topics.
func heterogeneous(members []Member, topics Topics) Assignment {
	w := newWeights(members, topics)
	w.keep()
	w.handOut()
	w.balance()
	out := nothing(members)
	for t, held := range w.held {
		for i, numbers := range held {
			for _, n := range numbers {
				out[members[i].ID][Partition{t, n}] = struct{}{}
			}
		}
	}
	return out
}

// weights are how many partitions members have, while they are assigned.
type weights struct {
	members []Member
	topics  Topics
	readers map[TopicID][]int
	// order is that of the topics, those first that fewest members can take.
	order []TopicID
	load  []int // by place of the member
	held  map[TopicID]map[int][]int32
}

func newWeights(members []Member, topics Topics) *weights {
	w := &weights{members: members, topics: topics, readers: subscribers(members, topics), load: make([]int, len(members)), held: map[TopicID]map[int][]int32{}}
	w.order = byID(w.readers)
	slices.SortStableFunc(w.order, func(a, b TopicID) int { return cmp.Compare(len(w.readers[a]), len(w.readers[b])) })
	for _, t := range w.order {
		w.held[t] = map[int][]int32{}
	}
	return w
}

func (w *weights) give(t TopicID, n int32, to int) {
	w.held[t][to] = append(w.held[t][to], n)
	w.load[to]++
}

// keep leaves members what they have and may still read.
func (w *weights) keep() {
	taken := map[Partition]bool{}
	for i, m := range w.members {
		for _, p := range slices.SortedFunc(maps.Keys(m.Has), Compare) {
			if w.topics.has(p) && m.Topics[p.Topic] && !taken[p] {
				taken[p] = true
				w.give(p.Topic, p.Number, i)
			}
		}
	}
}

// handOut gives what nobody has to who has least.
func (w *weights) handOut() {
	for _, t := range w.order {
		taken := map[int32]bool{}
		for _, numbers := range w.held[t] {
			for _, n := range numbers {
				taken[n] = true
			}
		}
		for n := range w.topics[t] {
			if !taken[n] {
				w.give(t, n, w.least(t))
			}
		}
	}
}

func (w *weights) least(t TopicID) int {
	return slices.MinFunc(w.readers[t], func(a, b int) int { return cmp.Compare(w.load[a], w.load[b]) })
}

// most is who has most of those who have partitions of the topic; -1 if nobody
// has.
func (w *weights) most(t TopicID) int {
	most := -1
	for _, i := range w.readers[t] {
		if len(w.held[t][i]) > 0 && (most < 0 || w.load[i] > w.load[most]) {
			most = i
		}
	}
	return most
}

// maxRounds bounds the balancing. Each move makes the loads more even, so it
// ends by itself; few rounds do nearly all of it.
const maxRounds = 100

// balance moves partitions from who has at least two more to who has less.
func (w *weights) balance() {
	for range maxRounds {
		moved := false
		for _, t := range w.order {
			for w.move(t) {
				moved = true
			}
		}
		if !moved {
			return
		}
	}
}

func (w *weights) move(t TopicID) bool {
	from, to := w.most(t), w.least(t)
	if from < 0 || w.load[from]-w.load[to] < 2 {
		return false
	}
	numbers := w.held[t][from]
	last := len(numbers) - 1
	w.give(t, numbers[last], to)
	w.held[t][from] = numbers[:last]
	w.load[from]--
	return true
}
