package web

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"copyscope/internal/trace"
	"copyscope/templates"
)

func appendedOnce(records int64) trace.Appended {
	return trace.Appended{
		Seq: 1, Stands: 1, Began: time.Date(2024, 5, 6, 7, 8, 9, 123e6, time.Local), Dur: 12_345, Topic: "orders", Partition: 3, Client: "rdkafka",
		Engine: "write", Bytes: records * 100, Records: records, SyscallsByName: map[string]int64{"pwrite64": 1},
	}
}

func TestAppendAppearsAsItHappens(t *testing.T) {
	s, url := serveLive(t, Config{Broker: fakeBroker{}})
	conn := follow(t, url+"/ws")
	hear1 := func() (now appendedNow) {
		t.Helper()
		for {
			if m := hear(t, conn); m.Type == "live.appends" {
				if err := json.Unmarshal(m.Body, &now); err != nil {
					t.Fatal(err)
				}
				return now
			}
		}
	}
	s.Appended(appendedOnce(5))
	now := hear1()
	want := templates.AppendRow{Time: "07:08:09.123", Where: "orders-3", Client: "rdkafka", Engine: "write", Bytes: "500 B", Records: "5",
		Syscalls: "pwrite64 × 1", Duration: "12.3 µs"}
	if len(now.Rows) != 1 || now.Rows[0] != want {
		t.Fatalf("rows %+v\nwant %+v", now.Rows, want)
	}
	again := appendedOnce(0)
	again.Duplicates, again.SyscallsByName = 1, nil
	s.Appended(again)
	for now = hear1(); len(now.Rows) < 2; now = hear1() {
	}
	if !now.Rows[0].Duplicate || now.Rows[1].Duplicate || now.Totals[0].Appends != "2" || now.Totals[0].Duplicates != "1" || now.Totals[0].Records != "5" {
		t.Errorf("after a duplicate: %+v", now)
	}
	refused := appendedOnce(0)
	refused.Err = "disk quota exceeded"
	s.Appended(refused)
	for now = hear1(); len(now.Rows) < 3; now = hear1() {
	}
	for lang, words := range map[string][]string{
		"en": {"Appends", "orders-3", "pwrite64 × 1", "sent before", "refused: disk quota exceeded"},
		"zh": {"追加", "orders-3", "此前已发送", "拒绝：超出磁盘配额"},
	} {
		html := body(t, ask(s, "GET", "/live?lang="+lang, nil))
		for _, word := range words {
			if !strings.Contains(html, word) {
				t.Errorf("the page in %s lacks %q", lang, word)
			}
		}
	}
}

// A sum becomes no row; it counts in the totals and in the notice of its second.
func TestSumsOfEventsCountAndAreNoRows(t *testing.T) {
	clock := time.Date(2024, 5, 6, 7, 8, 9, 0, time.Local)
	now := func() time.Time { return clock }
	feed := NewHub(nil, "").Feed("live")
	a, f := newAppends(feed, now), newFetches(feed, now)
	a.appended(appendedOnce(5))
	f.served(servedOnce("sendfile", 1000))
	clock = clock.Add(time.Second)
	a.appended(trace.Appended{Stands: 400, Began: clock.Add(-500 * time.Millisecond), Engine: "write", Bytes: 4000, Records: 40, SyscallsByName: map[string]int64{"pwrite64": 400}})
	f.served(trace.Served{Stands: 300, Began: clock.Add(-500 * time.Millisecond), Path: "sendfile", Bytes: 3000, SyscallsByName: map[string]int64{"sendfile": 300}})
	var d templates.LiveData
	a.fill(&d)
	f.fill(&d)
	if len(d.Appends) != 1 || d.AppendWindow == nil || *d.AppendWindow != (templates.Window{Time: "07:08:09", Shown: 1, Served: 401}) {
		t.Errorf("appends %+v, notice %+v", d.Appends, d.AppendWindow)
	}
	if got := d.AppendTotals[0]; got.Appends != "401" || got.Records != "45" || got.Syscalls != "pwrite64 × 401" {
		t.Errorf("totals of appends %+v", got)
	}
	if len(d.Fetches) != 1 || d.Window == nil || *d.Window != (templates.Window{Time: "07:08:09", Shown: 1, Served: 301}) {
		t.Errorf("fetches %+v, notice %+v", d.Fetches, d.Window)
	}
	if got := d.Totals[0]; got.Fetches != "301" || got.Bytes != "3.91 KiB" {
		t.Errorf("totals of fetches %+v", got)
	}
}

// A broker that tells fewer events one by one than become rows tells the rest of
// a second in a sum, which comes when the next second's rows have begun.
func TestSumOfTheSecondBeforeIsNoticed(t *testing.T) {
	clock := time.Date(2024, 5, 6, 7, 8, 9, 0, time.Local)
	sum := func(began time.Time) trace.Appended {
		return trace.Appended{Stands: 400, Began: began, Engine: "write"}
	}
	notice := func(a *appends) templates.Window {
		t.Helper()
		var d templates.LiveData
		a.fill(&d)
		if d.AppendWindow == nil {
			t.Fatal("no notice")
		}
		return *d.AppendWindow
	}
	a := newAppends(NewHub(nil, "").Feed("live"), func() time.Time { return clock })
	a.appended(appendedOnce(5))
	clock = clock.Add(time.Second)
	a.appended(appendedOnce(5))
	a.appended(sum(clock.Add(-time.Second)))
	a.appended(sum(clock.Add(-time.Second))) // by the other engine, say
	if got, want := notice(a), (templates.Window{Time: "07:08:09", Shown: 1, Served: 801}); got != want {
		t.Errorf("notice %+v, want %+v", got, want)
	}
	a.appended(sum(clock))
	a.appended(sum(clock.Add(-time.Second))) // never back to an older second
	if got, want := notice(a), (templates.Window{Time: "07:08:10", Shown: 1, Served: 401}); got != want {
		t.Errorf("notice %+v, want %+v", got, want)
	}
}

func TestFetchOverTLSSaysWhyItIsCopied(t *testing.T) {
	s, _ := serveLive(t, Config{Broker: fakeBroker{}})
	over := servedOnce("read-write", 1000)
	over.Why = "TLS: the records are sealed in user space, so they pass through it"
	s.Served(over)
	for lang, words := range map[string]string{"en": "not the topic&#39;s path: TLS: the records are sealed", "zh": "未用主题设定的路径：TLS：记录要在用户空间加密"} {
		if html := body(t, ask(s, "GET", "/live?lang="+lang, nil)); !strings.Contains(html, words) {
			t.Errorf("the page in %s lacks %q", lang, words)
		}
	}
}
