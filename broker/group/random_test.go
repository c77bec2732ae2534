package group_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"copyscope/broker/group"
)

// Whatever members do, in whatever order: nothing panics or waits for ever, the
// generations of those who joined only grow, and each has one leader, who alone
// sees the members.
func TestRandomCalls(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			run(t, func(t *testing.T, c *group.Coordinator, _ *memory) { randomCalls(t, c, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

func randomCalls(t *testing.T, c *group.Coordinator, dice *rand.Rand) {
	leaders := map[int32]string{}
	last := map[string]int32{}
	known := []group.Joined{{Member: "nobody"}}
	var waiting []<-chan group.Joined
	collect := func() {
		var still []<-chan group.Joined
		for _, w := range waiting {
			select {
			case j := <-w:
				if j.Err != nil {
					continue
				}
				known = append(known, j)
				if leader, ok := leaders[j.Generation]; ok && leader != j.Leader {
					t.Fatalf("generation %d has the leaders %s and %s", j.Generation, leader, j.Leader)
				}
				leaders[j.Generation] = j.Leader
				if (j.Leader == j.Member) != (len(j.Members) > 0) {
					t.Fatalf("%+v: the leader sees the members, the others do not", j)
				}
				if j.Generation < last[j.Member] {
					t.Fatalf("member %s went from generation %d to %d", j.Member, last[j.Member], j.Generation)
				}
				last[j.Member] = j.Generation
			default:
				still = append(still, w)
			}
		}
		waiting = still
	}
	for range 60 {
		who := known[dice.IntN(len(known))]
		switch dice.IntN(8) {
		case 0:
			waiting = append(waiting, begin(t, c, asks()))
		case 1, 2:
			waiting = append(waiting, begin(t, c, asks(as(who.Member))))
		case 3, 4:
			done := make(chan struct{})
			go func() { lead(t, c, who); close(done) }()
		case 5:
			c.Heartbeat(identity(who))
		case 6:
			c.Leave("g", []group.Leaver{{Member: who.Member}})
		case 7:
			c.Commit(identity(who), map[group.TopicPartition]group.Offset{{Topic: "t"}: {Offset: 1}})
		}
		time.Sleep(time.Duration(dice.Int64N(int64(4 * time.Second))))
		synctest.Wait()
		collect()
	}
	time.Sleep(time.Hour) // everybody is silent
	synctest.Wait()
	collect()
	if len(waiting) > 0 {
		t.Errorf("%d still wait to join", len(waiting))
	}
	if d := c.Describe("g"); d.State != group.Empty && d.State != group.Dead {
		t.Errorf("the group is %s, want it without members or gone", d.State)
	}
}
