package txn_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"copyscope/broker/txn"
)

// What lives is written anew once much was stored, the rest is cut off, and a
// restart finds the same.
func TestTidying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		c := w.open(t)
		defer func() { c.Close() }()
		var many []txn.TopicPartition
		for n := range int32(5000) {
			many = append(many, at(n))
		}
		idle, err := c.Init("idle", time.Minute, nil)
		ok(t, err)
		ongoing, err := c.Init("ongoing", 15*time.Minute, nil)
		ok(t, err)
		ok(t, c.Add("ongoing", ongoing, ats(0, 1), txn.V2))
		p := begin(t, c)
		for round := 0; w.trimmed() == 0; round++ {
			if round > 1000 {
				t.Fatal("nothing is cut off")
			}
			ok(t, c.Add("x", p, many, txn.V0))
			_, err := c.End("x", p, round%2 == 0, txn.V0)
			ok(t, err)
			synctest.Wait()
		}
		before := c.List()
		if n := w.left(); n > 100 {
			t.Errorf("%d records are left", n)
		}
		c.Close()
		c = w.open(t)
		if after := c.List(); !slices.EqualFunc(before, after, func(a, b txn.Description) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
			t.Errorf("there are %+v, before %+v", after, before)
		}
		if d, err := c.Describe("ongoing"); err != nil || d.Producer != ongoing || !slices.Equal(d.Partitions, ats(0, 1)) {
			t.Errorf("%+v, %v", d, err)
		}
		ok(t, c.Add("idle", idle, ats(0), txn.V0))
	})
}
