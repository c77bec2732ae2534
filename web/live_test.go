package web

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"copyscope/internal/host"
	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/templates"
)

type fakeBroker struct{ topics []Topic }

func (fakeBroker) Addr() string      { return "127.0.0.1:19092" }
func (b fakeBroker) Topics() []Topic { return b.topics }

func value(v float64) *float64 { return &v }

func steadySample() (host.Sample, error) {
	return host.Sample{At: time.Now(), Interval: time.Second, Figures: []host.Figure{
		{Name: "cpu_user", Value: value(0.1234), Unit: host.Ratio, Provenance: trace.Measured},
		{Name: "memory_page_cache", Value: value(3 << 30), Unit: host.Bytes, Provenance: trace.Measured},
		{Name: "process_voluntary_switches", Unit: host.PerSecond, Provenance: trace.Unavailable, Reason: "the first sample: a rate needs two"},
	}}, nil
}

func servedOnce(path string, bytes int64) trace.Served {
	return trace.Served{
		Began: time.Date(2024, 5, 6, 7, 8, 9, 123e6, time.Local), Dur: 1_234_567, Topic: "orders", Partition: 3, Client: "rdkafka",
		Path: path, Bytes: bytes, Chunk: 64 << 10, SyscallsByName: map[string]int64{"sendfile": 16, "poll": 2},
	}
}

// follow connects to the live feed from its oldest message.
func follow(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	conn := dial(t, url)
	greet(t, conn, "", "live", 0)
	return conn
}

// hearFetches takes messages until one of fetches comes.
func hearFetches(t *testing.T, conn *websocket.Conn) fetched {
	t.Helper()
	for {
		if m := hear(t, conn); m.Type == "live.fetches" {
			var f fetched
			if err := json.Unmarshal(m.Body, &f); err != nil {
				t.Fatal(err)
			}
			return f
		}
	}
}

func serveLive(t *testing.T, config Config) (*Server, string) {
	t.Helper()
	s := newServer(t, config)
	return s, listen(t, s)
}

func TestFetchAppearsAsItHappens(t *testing.T) {
	s, url := serveLive(t, Config{Broker: fakeBroker{}})
	conn := follow(t, url+"/ws")
	began := time.Now()
	s.Served(servedOnce("sendfile", 1<<20))
	f := hearFetches(t, conn)
	t.Logf("after %v", time.Since(began))
	if len(f.Rows) != 1 {
		t.Fatalf("rows %+v", f.Rows)
	}
	row := f.Rows[0]
	want := templates.FetchRow{Number: 1, Time: "07:08:09.123", Where: "orders-3", Client: "rdkafka", Path: "sendfile", Bytes: "1 MiB",
		Syscalls: "sendfile × 16, poll × 2", Duration: "1.23 ms", Twin: row.Twin}
	if row != want {
		t.Errorf("row %+v\nwant %+v", row, want)
	}
	text, ok := strings.CutPrefix(row.Twin, "/scope?a=")
	twin, err := lab.ParseScenario(text, lab.Scenario{DMA: true, SG: true})
	if !ok || err != nil || twin.Path != "sendfile" || twin.Side != trace.Sim || twin.Model != lab.Linux || twin.Size != 1<<20 ||
		twin.Chunk != 64<<10 || twin.Cache != lab.Warm || twin.Net != lab.Loopback {
		t.Errorf("twin %q: %+v, %v", row.Twin, twin, err)
	}
	html := body(t, ask(s, "GET", "/live?lang=en", nil))
	for _, words := range []string{"orders-3", "sendfile × 16, poll × 2", "07:08:09.123", row.Twin} {
		if !strings.Contains(html, words) {
			t.Errorf("the page without scripts lacks %q", words)
		}
	}
	if strings.Contains(html, "No fetch yet") && !regexp.MustCompile(`id="fetches-empty"[^>]* hidden`).MatchString(html) {
		t.Error("the page still says that there is no fetch")
	}
}

// Rows are sampled above a rate; totals and the second's count stay exact.
func TestManyFetchesAreSampledAndTotalsStayExact(t *testing.T) {
	const many, writers = 5000, 8
	clock := time.Date(2024, 5, 6, 7, 8, 9, 0, time.Local)
	feed := NewHub(nil, "").Feed("live")
	f := newFetches(feed, func() time.Time { return clock })
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for range many / writers {
				f.served(servedOnce("sendfile", 1000))
			}
		})
	}
	all.Wait()
	var d templates.LiveData
	f.fill(&d)
	if len(d.Fetches) != rowsPerSecond || d.Window == nil || d.Window.Shown != rowsPerSecond || d.Window.Served != many || d.Window.Time != "07:08:09" {
		t.Errorf("%d rows, window %+v; want %d of %d", len(d.Fetches), d.Window, rowsPerSecond, many)
	}
	if got := d.Totals[0]; got.Fetches != "5,000" || got.Bytes != "4.77 MiB" || got.Syscalls != "sendfile × 80,000, poll × 10,000" {
		t.Errorf("totals %+v", got)
	}
	clock = clock.Add(time.Second)
	f.served(servedOnce("splice", 1000))
	d = templates.LiveData{}
	f.fill(&d)
	if len(d.Fetches) != rowsPerSecond+1 || d.Fetches[0].Path != "splice" || d.Window.Served != many {
		t.Errorf("the next second: %d rows, newest %+v, window %+v", len(d.Fetches), d.Fetches[0], d.Window)
	}
	if len(d.Totals) != 2 || d.Totals[1].Path != "splice" || d.Totals[1].Fetches != "1" {
		t.Errorf("totals %+v", d.Totals)
	}
}

func TestFetchThatMovedNothingHasNoTwin(t *testing.T) {
	nothing, unknown, failed := servedOnce("sendfile", 0), servedOnce("portable", 10), servedOnce("sendfile", 10)
	failed.Err = "the receiver closed the connection"
	out := rows([]row{{1, nothing}, {2, unknown}, {3, failed}})
	if out[0].Twin != "" || out[1].Twin != "" || out[2].Twin == "" || out[2].Error.English != failed.Err {
		t.Errorf("rows %+v", out)
	}
}

func TestSamplesAreShownWithTheirProvenance(t *testing.T) {
	s, url := serveLive(t, Config{Sample: steadySample, SampleEvery: 10 * time.Millisecond})
	conn := follow(t, url+"/ws")
	for range 3 {
		m := hear(t, conn)
		var got sampled
		if err := m.Decode(&got); err != nil || m.Type != "live.sample" || len(got.Figures) != 3 {
			t.Fatalf("%s %s, %v", m.Type, m.Body, err)
		}
		if f := got.Figures[0]; f.Text != "12.3 %" || *f.Value != 0.1234 || f.Provenance != "measured" {
			t.Errorf("figure %+v", f)
		}
		if f := got.Figures[2]; f.Text != "–" || f.Value != nil || f.Reason.English == "" || f.Reason.Chinese == f.Reason.English {
			t.Errorf("an unavailable figure must be a dash with a reason: %+v", f)
		}
	}
	html := body(t, ask(s, "GET", "/live?lang=zh", nil))
	for _, words := range []string{"12.3 %", "3 GiB", "页缓存", "prov-measured", "prov-unavailable", "第一个样本", "<polyline"} {
		if !strings.Contains(html, words) {
			t.Errorf("the page lacks %q", words)
		}
	}
}

func TestFigureTexts(t *testing.T) {
	for _, c := range []struct {
		value float64
		unit  host.Unit
		want  string
	}{
		{0, host.PerSecond, "0/s"}, {0.001, host.PerSecond, "0/s"}, {1, host.PerSecond, "1/s"}, {2.999, host.PerSecond, "3/s"},
		{45.67, host.PerSecond, "45.7/s"}, {12345.6, host.PerSecond, "12,346/s"},
		{0.1234, host.Ratio, "12.3 %"}, {1, host.Ratio, "100.0 %"},
		{12.3, host.PagesPerSecond, "12.3/s"}, {0.000045, host.Seconds, "45 µs"}, {10, host.Number, "10"}, {1.5, host.Number, "1.5"},
		{1536, host.Bytes, "1.5 KiB"}, {0, host.BytesPerSecond, "0 B/s"}, {2_310_000_000, host.BytesPerSecond, "2.31 GB/s"}, {116.4, perGB, "116 ms/GB"},
	} {
		if got := figureText(host.Figure{Value: &c.value, Unit: c.unit}); got != c.want {
			t.Errorf("%v %s is written %q, want %q", c.value, c.unit, got, c.want)
		}
	}
}

// Every figure that the sampler gives has a group and a name in both languages.
func TestEveryFigureHasANameAndAGroup(t *testing.T) {
	names := host.FigureNames()
	if len(names) == 0 {
		t.Fatal("the sampler gives no figures")
	}
	for _, name := range names {
		if groupOf(name) == "other" {
			t.Errorf("%s belongs to no group", name)
		}
		for _, lang := range locale.Languages() {
			if !slices.Contains(locale.IDs(lang), "live.figure."+name) {
				t.Errorf("%s: %s has no name", lang, name)
			}
		}
	}
}

func TestSampleThatFailsIsToldOnceAndShown(t *testing.T) {
	broken := errors.New("open /proc/stat: permission denied")
	f := newFigures(NewHub(nil, "").Feed("live"), newPast(), func() (host.Sample, error) { return host.Sample{}, broken }, time.Second)
	if err := f.sample(); !errors.Is(err, broken) {
		t.Errorf("the first failure: %v", err)
	}
	if err := f.sample(); err != nil {
		t.Errorf("the same failure again is no news: %v", err)
	}
	var d templates.LiveData
	f.fill(&d)
	if d.NoSample != broken.Error() {
		t.Errorf("the page says %q", d.NoSample)
	}
}

func TestEmptyStatesSayWhatToDo(t *testing.T) {
	without := body(t, ask(newServer(t, Config{}), "GET", "/live?lang=en", nil))
	if !strings.Contains(without, "without --no-broker") {
		t.Error("without a broker the page must say how to get one")
	}
	empty := body(t, ask(newServer(t, Config{Broker: fakeBroker{}}), "GET", "/live?lang=en", nil))
	for _, words := range []string{"kcat -b 127.0.0.1:19092 -P -t demo", "kcat -b 127.0.0.1:19092 -C -e -t demo"} {
		if !strings.Contains(empty, words) {
			t.Errorf("without topics the page lacks %q", words)
		}
	}
	filled := body(t, ask(newServer(t, Config{Broker: fakeBroker{[]Topic{{Name: "orders", Partitions: 2, Records: 1234567, Bytes: 1 << 20, FetchPath: "splice"}}}}), "GET", "/live?lang=en", nil))
	for _, words := range []string{"-C -e -t orders", "1,234,567", "1 MiB", "splice"} {
		if !strings.Contains(filled, words) {
			t.Errorf("with a topic the page lacks %q", words)
		}
	}
	if strings.Contains(filled, "-P -t demo") {
		t.Error("with a topic there is no need to produce first")
	}
}

// growing is a broker whose topics change.
type growing struct {
	mu     sync.Mutex
	topics []Topic
}

func (*growing) Addr() string { return "127.0.0.1:19092" }

func (g *growing) Topics() []Topic {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.topics
}

func TestTopicsArePublishedWhenTheyChange(t *testing.T) {
	b := &growing{}
	_, url := serveLive(t, Config{Broker: b, SampleEvery: 5 * time.Millisecond})
	conn := follow(t, url+"/ws")
	b.mu.Lock()
	b.topics = []Topic{{Name: "orders", Partitions: 1, FetchPath: "sendfile"}}
	b.mu.Unlock()
	m := hear(t, conn)
	var list topicList
	if err := m.Decode(&list); err != nil || m.Type != "live.topics" || len(list.Topics) != 1 || list.Topics[0].Name != "orders" {
		t.Errorf("%s %s, %v", m.Type, m.Body, err)
	}
}
