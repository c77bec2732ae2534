package assignor_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"copyscope/broker/assignor"
)

func topic(n byte) assignor.TopicID { return assignor.TopicID{n} }

func member(id string, topics ...byte) assignor.Member {
	m := assignor.Member{ID: id, Topics: map[assignor.TopicID]bool{}}
	for _, t := range topics {
		m.Topics[topic(t)] = true
	}
	return m
}

// shows is an assignment as text: each member with its partitions.
func shows(a assignor.Assignment) string {
	out := ""
	for _, id := range slices.Sorted(maps.Keys(a)) {
		out += id + ":"
		for _, p := range slices.SortedFunc(maps.Keys(a[id]), assignor.Compare) {
			out += fmt.Sprintf(" %d/%d", p.Topic[0], p.Number)
		}
		out += "; "
	}
	return out
}

func TestRange(t *testing.T) {
	static := func(m assignor.Member, instance string) assignor.Member {
		m.Instance = instance
		return m
	}
	for _, k := range []struct {
		name    string
		members []assignor.Member
		topics  assignor.Topics
		want    string
	}{
		{"even", []assignor.Member{member("a", 1), member("b", 1)}, assignor.Topics{topic(1): 4}, "a: 1/0 1/1; b: 1/2 1/3; "},
		{"one more for the first", []assignor.Member{member("b", 1), member("a", 1)}, assignor.Topics{topic(1): 3}, "a: 1/0 1/1; b: 1/2; "},
		{"topics that are alike are cut alike", []assignor.Member{member("a", 1, 2), member("b", 1, 2)}, assignor.Topics{topic(1): 2, topic(2): 2}, "a: 1/0 2/0; b: 1/1 2/1; "},
		{"static ones first", []assignor.Member{member("a", 1), static(member("z", 1), "i")}, assignor.Topics{topic(1): 2}, "a: 1/1; z: 1/0; "},
		{"more members than partitions", []assignor.Member{member("a", 1), member("b", 1)}, assignor.Topics{topic(1): 1}, "a: 1/0; b:; "},
		{"a topic that is not there", []assignor.Member{member("a", 1, 9)}, assignor.Topics{topic(1): 1}, "a: 1/0; "},
		{"nobody", nil, assignor.Topics{topic(1): 1}, ""},
	} {
		if got := shows(assignor.Range(k.members, k.topics)); got != k.want {
			t.Errorf("%s: got %s want %s", k.name, got, k.want)
		}
	}
}

// group is a random one, whose members come and go, subscribe anew and have what
// they were assigned.
type group struct {
	dice    *rand.Rand
	uneven  bool // members are subscribed to different topics
	members []assignor.Member
	topics  assignor.Topics
	named   int
}

func (g *group) change() {
	if len(g.members) == 0 || g.dice.IntN(3) > 0 {
		m := member(fmt.Sprint("m", g.named))
		g.named++
		for n := range byte(6) {
			if !g.uneven || g.dice.IntN(2) == 0 {
				m.Topics[topic(n)] = true
			}
		}
		g.members = append(g.members, m)
		return
	}
	if i := g.dice.IntN(len(g.members)); g.dice.IntN(2) == 0 {
		g.members = slices.Delete(g.members, i, i+1)
		return
	}
	n := byte(g.dice.IntN(6))
	g.topics[topic(n)] += int32(g.dice.IntN(3))
	if g.dice.IntN(4) == 0 {
		delete(g.topics, topic(n))
	}
}

// Whatever a group goes through: each partition that somebody is subscribed to
// has one owner, a subscriber; what could be more even by one move is not left;
// and nothing moves if nothing changes.
func TestUniformOfRandomGroups(t *testing.T) {
	for seed := range uint64(60) {
		dice := rand.New(rand.NewPCG(seed, 2))
		g := &group{dice: dice, uneven: seed%2 == 0, topics: assignor.Topics{topic(0): 7, topic(1): 1, topic(2): 12}}
		for range 40 {
			g.change()
			a := assignor.Uniform(g.members, g.topics)
			checkWhole(t, g, a)
			checkEven(t, g, a)
			for i := range g.members {
				g.members[i].Has = a[g.members[i].ID]
			}
			if again := assignor.Uniform(g.members, g.topics); shows(again) != shows(a) {
				t.Fatalf("seed %d: without a change\n%s\nbecame\n%s", seed, shows(a), shows(again))
			}
		}
	}
}

func checkWhole(t *testing.T, g *group, a assignor.Assignment) {
	t.Helper()
	owner := map[assignor.Partition]string{}
	for _, m := range g.members {
		for p := range a[m.ID] {
			if other, twice := owner[p]; twice || !m.Topics[p.Topic] || p.Number >= g.topics[p.Topic] {
				t.Fatalf("%s has %v, %q too", m.ID, p, other)
			}
			owner[p] = m.ID
		}
	}
	for id, partitions := range g.topics {
		if slices.ContainsFunc(g.members, func(m assignor.Member) bool { return m.Topics[id] }) {
			for n := range partitions {
				if owner[assignor.Partition{Topic: id, Number: n}] == "" {
					t.Fatalf("nobody has partition %d of topic %d", n, id[0])
				}
			}
		}
	}
}

func checkEven(t *testing.T, g *group, a assignor.Assignment) {
	t.Helper()
	for _, from := range g.members {
		for _, to := range g.members {
			if len(a[from.ID])-len(a[to.ID]) < 2 {
				continue
			}
			for p := range a[from.ID] {
				if to.Topics[p.Topic] {
					t.Fatalf("%s has %d and %s has %d, which could take %v", from.ID, len(a[from.ID]), to.ID, len(a[to.ID]), p)
				}
			}
		}
	}
}

// When a member comes or goes, no more partitions move than have to.
func TestUniformIsSticky(t *testing.T) {
	topics := assignor.Topics{topic(1): 60, topic(2): 60}
	var members []assignor.Member
	assign := func() (moved int) {
		a := assignor.Uniform(members, topics)
		for i, m := range members {
			for p := range a[m.ID] {
				if _, had := m.Has[p]; !had {
					moved++
				}
			}
			members[i].Has = a[m.ID]
		}
		return moved
	}
	for i := range 10 {
		members = append(members, member(fmt.Sprint("m", i), 1, 2))
		if moved, want := assign(), 120/(i+1); moved > want {
			t.Errorf("the %d. member moved %d partitions, want %d", i+1, moved, want)
		}
	}
	members = members[1:]
	if moved := assign(); moved != 12 {
		t.Errorf("a member's end moved %d partitions, want the 12 that it had", moved)
	}
}

// What a member had may be of any kind: what there is none of is nobody's, and
// takes nobody's share.
func TestPartitionsThatThereAreNot(t *testing.T) {
	had := func(m assignor.Member, numbers ...int32) assignor.Member {
		m.Has = assignor.Partitions{}
		for _, n := range numbers {
			m.Has[assignor.Partition{Topic: topic(1), Number: n}] = struct{}{}
		}
		return m
	}
	topics := assignor.Topics{topic(1): 2, topic(2): 1}
	for name, k := range map[string]struct {
		members []assignor.Member
		want    string
	}{
		"alike":     {[]assignor.Member{had(member("a", 1), -1, -2, 2), member("b", 1)}, "a: 1/0; b: 1/1; "},
		"different": {[]assignor.Member{had(member("a", 1), -1, -2, 2), member("b", 1, 2)}, "a: 1/0 1/1; b: 2/0; "},
	} {
		if got := shows(assignor.Uniform(k.members, topics)); got != k.want {
			t.Errorf("%s: got %s want %s", name, got, k.want)
		}
	}
}
