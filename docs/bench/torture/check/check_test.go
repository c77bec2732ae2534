package check_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"copyscope/docs/bench/torture/check"
	"copyscope/docs/bench/torture/history"
)

// story is a history in the making. Operations follow each other, a millisecond
// apart, unless they are said to overlap.
type story struct {
	ops    []history.Op
	now    time.Duration
	worker string
}

func (s *story) add(o history.Op) *story {
	s.now += time.Millisecond
	o.Number, o.Invoked = len(s.ops), s.now
	if o.Outcome == history.Open {
		o.Outcome = history.OK
	}
	s.now += time.Millisecond
	o.Completed = s.now
	if o.Worker == "" {
		o.Worker = cmp.Or(s.worker, "w")
	}
	if o.Txn != "" {
		o.TxnID = o.Worker
	}
	s.ops = append(s.ops, o)
	return s
}

// sent is a record that was acknowledged at the offset; -1: never answered.
func (s *story) sent(value string, offset int64, change ...func(*history.Op)) *story {
	o := history.Op{Kind: history.Produce, Topic: "t", Value: value, Promise: history.Once, Offset: offset}
	if offset < 0 {
		o.Outcome = history.Unknown
	}
	for _, f := range change {
		f(&o)
	}
	return s.add(o)
}

func in(txn string) func(*history.Op) {
	return func(o *history.Op) { o.Promise, o.Txn = history.InTxn, txn }
}

func to(partition int32) func(*history.Op) {
	return func(o *history.Op) { o.Partition = partition }
}

func plain(o *history.Op) { o.Promise = history.AtLeastOnce }

// ends asks to end a transaction.
func (s *story) ends(txn string, commits bool, what history.Outcome) *story {
	return s.add(history.Op{Kind: history.EndTxn, Txn: txn, Commits: commits, Outcome: what})
}

// has is a scan of all that a partition has; a word for each offset, "-" is a gap,
// "|" a marker.
func (s *story) has(partition int32, words string, change ...func(*history.Op)) *story {
	o := history.Op{Kind: history.Scan, Worker: "scan", Topic: "t", Partition: partition}
	for i, w := range strings.Fields(words) {
		o.End = int64(i + 1)
		if r := (history.Record{Offset: int64(i), Value: w}); w == "|" {
			o.Records = append(o.Records, history.Record{Offset: int64(i), Marker: true})
		} else if w != "-" {
			o.Records = append(o.Records, r)
		}
	}
	for _, f := range change {
		f(&o)
	}
	return s.add(o)
}

func committed(o *history.Op) { o.Committed = true }
func final(o *history.Op)     { o.Final = true }
func read(o *history.Op)      { o.Kind = history.Read }

func (s *story) fault(what string) *story {
	return s.add(history.Op{Kind: history.Fault, Worker: "faults", Fault: what})
}

func (s *story) commits(offset int64, what history.Outcome) *story {
	return s.add(history.Op{Kind: history.Commit, Group: "g", Topic: "t", Offset: offset, Outcome: what})
}

func (s *story) fetches(offset int64) *story {
	return s.add(history.Op{Kind: history.FetchOffset, Group: "g", Topic: "t", Offset: offset})
}

func (s *story) marks(high, stable int64) *story {
	return s.add(history.Op{Kind: history.ListOffsets, Topic: "t", High: high, Stable: stable})
}

func (s *story) wait(d time.Duration) *story {
	s.now += d
	return s
}

// overlap makes the last operation begin with the one before it.
func (s *story) overlap() *story {
	n := len(s.ops)
	s.ops[n-1].Invoked = s.ops[n-2].Invoked
	return s
}

// since makes the last operation begin with one that came before.
func (s *story) since(n int) *story {
	s.ops[len(s.ops)-1].Invoked = s.ops[n].Invoked
	return s
}

// by makes another the one who does what follows.
func (s *story) by(worker string) *story {
	s.worker = worker
	return s
}

func tell() *story { return &story{} }

var forced = check.Durability{Forced: true}

// Each class of violation is found in a history that has it, and in the one beside
// it, which lacks nothing but it, nothing is found.
func TestJudge(t *testing.T) {
	aged := check.Durability{Age: 2 * time.Second}
	for _, c := range []struct {
		name     string
		promised check.Durability
		story    *story
		want     check.Class // "": all is well
	}{
		{"all is stored", forced, tell().sent("a", 0).sent("b", 1).has(0, "a b"), ""},
		{"one is missing at the end", forced, tell().sent("a", 0).sent("b", 1).has(0, "a"), check.Lost},
		{"another has its offset", forced, tell().sent("a", 0).sent("b", -1).has(0, "b"), check.Lost},
		{"one offset for two", forced, tell().sent("a", 0).sent("b", 0, plain), check.Lost},
		{"what nobody was told of may be missing", forced, tell().sent("a", 0).sent("b", -1).has(0, "a"), ""},
		{"or be there", forced, tell().sent("a", 0).sent("b", -1).has(0, "a b"), ""},
		{"what is acknowledged while it is read may be missing", forced, tell().has(0, "").sent("a", 0).overlap(), ""},
		{"a kill takes nothing", forced, tell().sent("a", 0).fault(history.Kill).has(0, ""), check.Lost},

		{"an idempotent producer's twice", forced, tell().sent("a", 0).has(0, "a a"), check.Duplicated},
		{"its twice, in two reads", forced, tell().sent("a", -1).has(0, "a", read).has(0, "- a", read), check.Duplicated},
		{"a plain producer's twice", forced, tell().sent("a", 1, plain).has(0, "a a"), ""},
		{"a transaction's twice", forced, tell().sent("a", 0, in("x")).has(0, "a a"), check.Duplicated},
		{"a reader goes back", forced, tell().sent("a", 0).has(0, "a", read, func(o *history.Op) { o.Start = 1 }), check.Duplicated},

		{"the later one has the lower offset", forced, tell().sent("a", 1).sent("b", 0).has(0, "b a"), check.Reordered},
		{"of two partitions", forced, tell().sent("a", 1, to(1)).sent("b", 0).has(0, "b"), ""},
		{"in the order of their sending", forced, tell().sent("a", 0).sent("b", 1).has(0, "a b"), ""},

		{"what nobody sent", forced, tell().sent("a", 0).has(0, "a z"), check.Phantom},
		{"what was sent elsewhere", forced, tell().sent("a", 0, to(1)).has(0, "a"), check.Phantom},
		{"before it was sent", forced, tell().has(0, "a", read).sent("a", 0), check.Phantom},
		{"while it is sent", forced, tell().sent("a", 0).has(0, "a", read).overlap(), ""},

		{"an empty offset", forced, tell().sent("a", 0).sent("b", 2).has(0, "a - b"), check.Gap},
		{"a marker is no gap", forced, tell().sent("a", 0, in("x")).ends("x", true, history.OK).sent("b", 2).has(0, "a | b"), ""},
		{"the end is said to be farther", forced, tell().sent("a", 0).has(0, "a -"), check.Gap},

		{"an offset with something else", forced, tell().sent("a", -1).sent("b", -1).has(0, "a", read).has(0, "b", read), check.Changed},
		{"the same again", forced, tell().sent("a", -1).has(0, "a", read).has(0, "a", read), ""},

		{"a committed transaction", forced, tell().sent("a", 0, in("x")).ends("x", true, history.OK).has(0, "a |", committed), ""},
		{"an aborted one is seen", forced, tell().sent("a", 0, in("x")).ends("x", false, history.OK).has(0, "a |", committed), check.Uncommitted},
		{"an aborted one is not seen", forced, tell().sent("a", 0, in("x")).ends("x", false, history.OK).has(0, "- |", committed), ""},
		{"an open one is seen", forced, tell().sent("a", 0, in("x")).has(0, "a", committed, read).ends("x", true, history.OK), check.Uncommitted},
		{"by who reads everything", forced, tell().sent("a", 0, in("x")).has(0, "a", read).ends("x", true, history.OK), ""},
		{"while it is committed", forced, tell().sent("a", 0, in("x")).ends("x", true, history.OK).has(0, "a", committed, read).overlap(), ""},
		{"a refused one is seen", forced, tell().sent("a", 0, in("x")).ends("x", true, history.Fail).has(0, "a |", committed), check.Uncommitted},
		{"in doubt, seen", forced, tell().sent("a", 0, in("x")).ends("x", true, history.Unknown).has(0, "a |", committed, final), ""},
		{"in doubt, not seen", forced, tell().sent("a", 0, in("x")).ends("x", true, history.Unknown).has(0, "- |", committed, final), ""},
		{"committed, and not seen", forced, tell().sent("a", 0, in("x")).ends("x", true, history.OK).has(0, "- |", committed), check.Lost},
		{"committed, and above the last stable offset", forced, tell().sent("a", 0, in("x")).ends("x", true, history.OK).has(0, "", committed), ""},
		{"half of a partition", forced, tell().sent("a", 0, in("x")).sent("b", 1, in("x")).ends("x", true, history.OK).has(0, "a - |", committed), check.Half},
		{"half in doubt", forced, tell().sent("a", 0, in("x")).sent("b", 1, in("x")).ends("x", true, history.Unknown).has(0, "- b |", committed), check.Half},
		{"half of the partitions, at the end", forced, tell().sent("a", 0, in("x")).sent("b", 0, in("x"), to(1)).ends("x", true, history.Unknown).has(0, "a |", committed, final).has(1, "- |", committed, final), check.Half},
		{"half of the partitions, on the way", forced, tell().sent("a", 0, in("x")).sent("b", 0, in("x"), to(1)).ends("x", true, history.Unknown).has(0, "a |", committed).has(1, "", committed), ""},

		{"a group goes on", forced, tell().commits(5, history.OK).commits(7, history.OK).fetches(7), ""},
		{"a group goes back", forced, tell().commits(5, history.OK).commits(7, history.OK).fetches(5), check.Backwards},
		{"its commit is in doubt", forced, tell().commits(5, history.OK).commits(7, history.Unknown).fetches(5), ""},
		{"or was done", forced, tell().commits(5, history.OK).commits(7, history.Unknown).fetches(7), ""},
		{"it has forgotten all", forced, tell().commits(5, history.OK).fetches(-1), check.Backwards},
		{"it is told what it never committed", forced, tell().commits(5, history.OK).fetches(6), check.Phantom},

		{"the high watermark rises", forced, tell().marks(5, 4).marks(6, 4), ""},
		{"the high watermark goes back", forced, tell().marks(5, 4).marks(4, 4), check.MarkBack},
		{"the last stable offset goes back", forced, tell().marks(5, 4).marks(6, 3), check.MarkBack},
		{"asked at the same time", forced, tell().marks(5, 5).marks(4, 4).overlap(), ""},

		{"a forced log loses its end to a cut", forced, tell().sent("a", 0).fault(history.PowerCut).has(0, ""), check.Lost},
		{"another may", check.Durability{}, tell().sent("a", 0).sent("b", 1).fault(history.PowerCut).has(0, "a"), ""},
		{"and take new records there", check.Durability{}, tell().sent("a", 0).sent("b", 1).fault(history.PowerCut).sent("c", 1).has(0, "a c").has(0, "a c"), ""},
		{"or before the broker is known to be back", check.Durability{}, tell().sent("a", 0).fault(history.PowerCut).sent("b", 0).has(0, "b").sent("c", 1).has(0, "b c"), ""},
		{"but lose those no more", check.Durability{}, tell().sent("a", 0).fault(history.PowerCut).sent("b", 0).has(0, "b").has(0, ""), check.Lost},
		{"nor before the first look", check.Durability{}, tell().fault(history.PowerCut).sent("b", 0).has(0, ""), check.Lost},
		{"nor its middle", check.Durability{}, tell().sent("a", 0).sent("b", -1).sent("c", 2).fault(history.PowerCut).has(0, "b - c"), check.Gap},
		{"nor a hole that is filled", check.Durability{}, tell().sent("a", 0).sent("b", 1).sent("z", -1).fault(history.PowerCut).has(0, "z b"), check.Gap},
		{"a marker may be another", check.Durability{}, tell().sent("a", 0).sent("z", -1).has(0, "a |", read).fault(history.PowerCut).has(0, "z |"), ""},
		{"who was not answered sends again", check.Durability{}, tell().sent("a", 0).sent("z", -1).sent("b", -1).has(0, "a b", read).fault(history.PowerCut).has(0, "z b"), ""},
		{"nor what a clean stop has forced", check.Durability{}, tell().sent("a", 0).fault(history.Stop).fault(history.PowerCut).has(0, ""), check.Lost},
		{"nor what was old", aged, tell().sent("a", 0).wait(3*time.Second).fault(history.PowerCut).has(0, ""), check.Lost},
		{"what is young may go", aged, tell().sent("a", 0).wait(time.Second).fault(history.PowerCut).has(0, ""), ""},
		{"what a cut took comes back", check.Durability{}, tell().sent("a", 0).sent("b", 1).fault(history.PowerCut).has(0, "a").fault(history.Kill).has(0, "a b"), check.Changed},
		{"what a cut took once and left once", check.Durability{}, tell().sent("a", 1, plain).has(0, "a a").fault(history.PowerCut).has(0, "a").has(0, "a"), ""},
		{"an answer of before it comes late", check.Durability{}, tell().fault(history.PowerCut).has(0, "").sent("a", 0).since(0).sent("b", 0).has(0, "b"), ""},
		{"one of after it does not", check.Durability{}, tell().fault(history.PowerCut).has(0, "").sent("a", 0).sent("b", 0).has(0, "b"), check.Lost},
		{"it comes late, of what the cut left", check.Durability{}, tell().fault(history.PowerCut).has(0, "a").sent("a", 0).since(0).fault(history.Kill).has(0, ""), check.Lost},
		{"a read of before it comes late", check.Durability{}, tell().sent("a", 0).fault(history.PowerCut).has(0, "").has(0, "a", read).since(1).sent("b", 0).has(0, "b"), ""},
		{"one of after it does not", check.Durability{}, tell().sent("a", 0).fault(history.PowerCut).has(0, "").has(0, "a", read), check.Changed},
		{"a kill is no cut", check.Durability{}, tell().sent("a", 0).fault(history.Kill).has(0, ""), check.Lost},
		{"a cut forgets commits", check.Durability{}, tell().commits(5, history.OK).fault(history.PowerCut).fetches(-1), ""},
		{"and marks", check.Durability{}, tell().marks(5, 5).fault(history.PowerCut).marks(3, 3), ""},
		{"who was sending begins anew", check.Durability{}, tell().sent("a", -1).fault(history.PowerCut).overlap().has(0, "a a"), ""},
		{"but not who sends later", check.Durability{}, tell().fault(history.PowerCut).sent("a", -1).has(0, "a a"), check.Duplicated},
		{"a cut forgets an abort, and the next commit is of both", check.Durability{}, tell().sent("a", 0, in("x")).ends("x", false, history.OK).fault(history.PowerCut).ends("y", true, history.OK).has(0, "a |", committed), ""},
		{"but not without one", check.Durability{}, tell().sent("a", 0, in("x")).ends("x", false, history.OK).fault(history.PowerCut).ends("y", false, history.OK).has(0, "a |", committed), check.Uncommitted},
		{"nor with that of before the cut", check.Durability{}, tell().sent("a", 0, in("x")).ends("x", false, history.OK).ends("y", true, history.OK).fault(history.PowerCut).has(0, "a |", committed), check.Uncommitted},
		{"nor with somebody else's", check.Durability{}, tell().sent("a", 0, in("x")).ends("x", false, history.OK).fault(history.PowerCut).by("v").ends("y", true, history.OK).has(0, "a |", committed), check.Uncommitted},
		{"nor an abort that was old", aged, tell().sent("a", 0, in("x")).ends("x", false, history.OK).wait(3*time.Second).fault(history.PowerCut).ends("y", true, history.OK).has(0, "a |", committed), check.Uncommitted},
		{"nor where all is forced", forced, tell().sent("a", 0, in("x")).ends("x", false, history.OK).fault(history.PowerCut).ends("y", true, history.OK).has(0, "a |", committed), check.Uncommitted},
		{"a cut forgets the end of a commit, which is done again", check.Durability{}, tell().ends("x", true, history.OK).sent("a", 0, in("y")).fault(history.PowerCut).ends("y", false, history.Unknown).has(0, "a |", committed), ""},
		{"and where nobody ends what follows", check.Durability{}, tell().ends("x", true, history.OK).sent("a", 0, in("y")).fault(history.PowerCut).has(0, "a |", committed), ""},
		{"but not the commit before another abort", check.Durability{}, tell().ends("w", true, history.OK).ends("x", false, history.OK).sent("a", 0, in("y")).fault(history.PowerCut).has(0, "a |", committed), check.Uncommitted},
		{"nor where what follows was old", aged, tell().ends("x", true, history.OK).sent("a", 0, in("y")).wait(3*time.Second).fault(history.PowerCut).has(0, "a |", committed), check.Uncommitted},
		{"nor where it began after the cut", check.Durability{}, tell().ends("x", true, history.OK).fault(history.PowerCut).sent("a", 0, in("y")).has(0, "a |", committed), check.Uncommitted},
		{"but commits nothing", check.Durability{}, tell().sent("a", 0, in("x")).fault(history.PowerCut).has(0, "a", committed), check.Uncommitted},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := check.Judge(c.story.ops, c.promised)
			switch {
			case c.want == "" && len(found) > 0:
				t.Errorf("nothing is wrong, and this was found: %v", found)
			case c.want != "" && !slices.ContainsFunc(found, func(v check.Violation) bool { return v.Class == c.want }):
				t.Errorf("%s was not found, but: %v", c.want, found)
			}
		})
	}
}

// What is told of a violation is what shows it, with the faults in between, and
// not the rest of the history.
func TestJudgeTellsTheLeast(t *testing.T) {
	s := tell()
	for i := range 100 {
		s.sent(fmt.Sprint("before-", i), int64(i))
	}
	s.sent("lost", 100).fault(history.Kill).sent("after", -1).fault(history.Pause)
	var words []string
	for i := range 100 {
		words = append(words, fmt.Sprint("before-", i))
	}
	s.has(0, strings.Join(words, " ")).sent("more", 100)
	found := check.Judge(s.ops, forced)
	if len(found) == 0 || found[0].Class != check.Lost {
		t.Fatalf("found %v", found)
	}
	var told []string
	for _, o := range found[len(found)-1].Ops {
		told = append(told, string(o.Kind))
	}
	for _, v := range found {
		if len(v.Ops) > 5 {
			t.Errorf("%d operations are told for %s", len(v.Ops), v.Class)
		}
	}
	text := found[len(found)-1].String()
	if !strings.Contains(text, "lost") || !strings.Contains(text, history.Kill) || strings.Contains(text, "before-7") {
		t.Errorf("it says %s (%v)", text, told)
	}
}
