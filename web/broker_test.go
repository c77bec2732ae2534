package web_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
	"copyscope/internal/brokerview"
	"copyscope/web"
)

// brokerSite is a real broker and the pages that show it.
type brokerSite struct {
	t                *testing.T
	url, kafka, data string
	broker           *broker.Broker
}

// serveBroker serves the pages as if they were reached at addr, which is the
// listener's own if it is empty.
func serveBroker(t *testing.T, addr string) *brokerSite {
	t.Helper()
	return serveStore(t, addr, func(v brokerview.View) web.BrokerStore { return v })
}

// serveStore is serveBroker with pages that see the broker as shown says.
func serveStore(t *testing.T, addr string, shown func(brokerview.View) web.BrokerStore) *brokerSite {
	t.Helper()
	site := &brokerSite{t: t, data: t.TempDir()}
	b, err := broker.Open(t.Context(), broker.Config{Listen: "127.0.0.1:0", Dir: site.data})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Serve(ctx) }()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if addr == "" {
		addr = listener.Addr().String()
	}
	s, err := web.New(web.Config{Addr: addr, Version: "test", Store: shown(brokerview.Of(b))})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s.Handler()}
	go server.Serve(listener)
	t.Cleanup(func() {
		s.Close()
		server.Close()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the broker ended: %v", err)
		}
	})
	site.url, site.kafka, site.broker = "http://"+listener.Addr().String(), b.Addr().String(), b
	return site
}

// client is a Kafka client of the broker.
func (s *brokerSite) client(options ...kgo.Opt) *kgo.Client {
	s.t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(s.kafka), kgo.RecordPartitioner(kgo.ManualPartitioner())}, options...)...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(cl.Close)
	return cl
}

// produce sends the records as one batch.
func (s *brokerSite) produce(cl *kgo.Client, topic string, records ...*kgo.Record) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	for _, r := range records {
		r.Topic = topic
	}
	if err := cl.ProduceSync(ctx, records...).FirstErr(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *brokerSite) create(name string, partitions int, configs map[string]string) {
	s.t.Helper()
	if err := s.broker.CreateTopic(s.t.Context(), name, partitions, configs); err != nil {
		s.t.Fatal(err)
	}
}

// get gives a page and its status.
func (s *brokerSite) get(path string) (string, int) {
	s.t.Helper()
	resp, err := http.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b), resp.StatusCode
}

// page is a page that there is.
func (s *brokerSite) page(path string) string {
	s.t.Helper()
	text, status := s.get(path)
	if status != http.StatusOK {
		s.t.Fatalf("%s: %d\n%s", path, status, text)
	}
	return text
}

// post sends a form, as a program does that sends no Origin, unless change says
// otherwise, and follows no redirection.
func (s *brokerSite) post(path string, form url.Values, change func(*http.Request)) (*http.Response, string) {
	s.t.Helper()
	r, err := http.NewRequest("POST", s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if change != nil {
		change(r)
	}
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := stay.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, string(b)
}

func mustHave(t *testing.T, page string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestBrokerPagesWithoutABroker(t *testing.T) {
	site := serve(t, nil)
	resp, err := http.Get(site + "/broker")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	mustHave(t, string(b), "copyscope serve")
	if missing, err := http.Get(site + "/broker/topics/x"); err != nil || missing.StatusCode != http.StatusNotFound {
		t.Errorf("a topic's page: %v, %v", missing, err)
	}
}

// An empty broker says what to do next, with its own address.
func TestEmptyBrokerSaysWhatToDo(t *testing.T) {
	s := serveBroker(t, "")
	mustHave(t, s.page("/broker"), "kcat -P -b "+s.kafka+" -t first", "kcat -b "+s.kafka+" -G readers first", `action="/broker/topics"`, "PLAINTEXT")
	mustHave(t, s.page("/broker/connections"), "kcat -C -b "+s.kafka)
	s.create("first", 1, nil)
	mustHave(t, s.page("/broker/topics/first/0"), "kcat -P -b "+s.kafka+" -t first -p 0")
}

func TestTopicsAndSegments(t *testing.T) {
	s := serveBroker(t, "")
	s.create("orders", 2, map[string]string{"segment.bytes": "20000", "copyscope.fetch.path": "read-write"})
	cl := s.client(kgo.ProducerBatchCompression(kgo.NoCompression()))
	for i := range 5 {
		s.produce(cl, "orders", &kgo.Record{Value: []byte(strings.Repeat(strconv.Itoa(i), 9000))})
	}
	overview := s.page("/broker")
	mustHave(t, overview, `href="/broker/topics/orders"`, "<code>read-write</code>", ">5</td>")
	page := s.page("/broker/topics/orders")
	mustHave(t, page, "00000000000000000000.log", "00000000000000000002.log", "00000000000000000004.log", `class="strip"`, "<dd>0 – 1</dd>", "<dd>4 – 4</dd>",
		"pages of 4 KiB in the page cache (100 %)", `data-live`, "(19.5 KiB)")
	if !regexp.MustCompile(`Asked with (cachestat|mincore)\(2\)`).MatchString(page) {
		t.Error("the page does not say who told of the page cache")
	}
	for _, missing := range []string{"/broker/topics/none", "/broker/topics/orders/2", "/broker/topics/orders/-1", "/broker/topics/orders/x", "/broker/topics/..%2F..%2Fetc", "/broker/groups/none", "/broker/groups?id=.."} {
		if _, status := s.get(missing); status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", missing, status)
		}
	}
	if page := s.page("/broker?q=zzz"); strings.Contains(page, `href="/broker/topics/orders"`) || !strings.Contains(page, "zzz") {
		t.Error("the filter shows what does not fit it, or does not say what it looked for")
	}
}

// The page of a compacted topic tells how far the log cleaner is; that of another
// has no such figures.
func TestTopicsTellWhatIsClean(t *testing.T) {
	s := serveBroker(t, "127.0.0.1:8080")
	s.create("plain", 1, nil)
	if page := s.page("/broker/topics/plain"); strings.Contains(page, "Clean up to") {
		t.Error("a topic that is not compacted has them")
	}
	s.create("compacted", 1, map[string]string{"cleanup.policy": "compact", "segment.bytes": "2000"})
	page := s.page("/broker/topics/compacted")
	mustHave(t, page, "Clean up to", "To clean", `<td class="num">0</td><td class="num">0.0 %</td>`)
	cl := s.client(kgo.ProducerBatchCompression(kgo.NoCompression()))
	for range 3 {
		s.produce(cl, "compacted", &kgo.Record{Key: []byte("k"), Value: make([]byte, 1500)})
	}
	// The first two batches are segments that wait, once they are on the disk.
	for began := time.Now(); !strings.Contains(page, `<td class="num">0</td><td class="num">100.0 %</td>`); page = s.page("/broker/topics/compacted") {
		if time.Since(began) > patience {
			t.Fatal("nothing waits to be cleaned")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// The records of batches of every codec are read, with keys, headers, times.
func TestRecordsOfEveryCodec(t *testing.T) {
	s := serveBroker(t, "")
	s.create("codecs", 1, nil)
	codecs := map[string]kgo.CompressionCodec{"not compressed": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()}
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	for name, codec := range codecs {
		cl := s.client(kgo.ProducerBatchCompression(codec))
		s.produce(cl, "codecs", &kgo.Record{Key: []byte("key of " + name), Value: []byte(name + " " + strings.Repeat("text ", 100)), Timestamp: at,
			Headers: []kgo.RecordHeader{{Key: "trace", Value: []byte("abc " + name)}, {Key: "nothing"}}})
	}
	page := s.page("/broker/topics/codecs/0?from=0")
	for name := range codecs {
		mustHave(t, page, `<span class="chip">`+name+`</span>`, "key of "+name, "abc "+name, name+" text text")
	}
	mustHave(t, page, "2026-01-02 03:04:05.678 UTC", "producer ", ">null</span>")
	if n := strings.Count(page, `<article class="record"`); n != len(codecs) {
		t.Errorf("%d records are shown, want %d", n, len(codecs))
	}
}

var offsetShown = regexp.MustCompile(`aria-label="Record ([0-9,]+)"`)
var linkOf = map[string]*regexp.Regexp{
	"next":     regexp.MustCompile(`data-action="records-next" href="([^"]+)"`),
	"previous": regexp.MustCompile(`data-action="records-previous" href="([^"]+)"`),
}

// walk follows a link from page to page and tells the offsets of each.
func (s *brokerSite) walk(from, link string) (pages [][]int) {
	for at := from; at != "" && len(pages) < 100; {
		page := s.page(at)
		var offsets []int
		for _, m := range offsetShown.FindAllStringSubmatch(page, -1) {
			n, _ := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
			offsets = append(offsets, n)
		}
		pages = append(pages, offsets)
		at = ""
		if m := linkOf[link].FindStringSubmatch(page); m != nil {
			at = strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	return pages
}

// Paging shows each record once, in order, forwards and backwards, whatever the
// batches' sizes are.
func TestRecordsPaging(t *testing.T) {
	s := serveBroker(t, "")
	s.create("pages", 1, map[string]string{"segment.bytes": "3000"})
	cl := s.client()
	n := 0
	for _, size := range []int{1, 25, 3, 40, 1, 1, 12} {
		var batch []*kgo.Record
		for range size {
			batch = append(batch, &kgo.Record{Value: fmt.Appendf(nil, "value %d", n), Timestamp: time.UnixMilli(1_700_000_000_000 + int64(n)*1000)})
			n++
		}
		s.produce(cl, "pages", batch...)
	}
	var want []int
	for i := range n {
		want = append(want, i)
	}
	if got := slices.Concat(s.walk("/broker/topics/pages/0?from=oldest&n=10", "next")...); !slices.Equal(got, want) {
		t.Errorf("forwards: %v", got)
	}
	back := s.walk("/broker/topics/pages/0?from=newest&n=10", "previous")
	if first := back[0]; len(first) != 10 || first[9] != n-1 {
		t.Errorf("the newest are %v of %d", first, n)
	}
	seen := slices.Concat(back...)
	slices.Sort(seen)
	if got := slices.Compact(seen); !slices.Equal(got, want) {
		t.Errorf("backwards: %v", got)
	}
	// By time: the first record at or after it.
	for _, c := range []struct {
		time  string
		first string
	}{{"1700000030000", "Record 30"}, {"2023-11-14 22:13:50", "Record 30"}, {"2023-11-14T22:13:50Z", "Record 30"}} {
		page := s.page("/broker/topics/pages/0?n=1&time=" + url.QueryEscape(c.time))
		if c.time == "1700000030000" {
			mustHave(t, page, `aria-label="`+c.first+`"`)
		} else {
			mustHave(t, page, `aria-label="Record 30"`)
		}
	}
	mustHave(t, s.page("/broker/topics/pages/0?time=2031-01-01"), "No record is as late as", "Record "+strconv.Itoa(n-1))
	mustHave(t, s.page("/broker/topics/pages/0?from=999999"), "Offset 999,999 is not written yet")
	for _, bad := range []string{"from=x", "from=-1", "from=99999999999999999999", "time=yesterday", "from=%3Cscript%3E"} {
		if page, status := s.get("/broker/topics/pages/0?" + bad); status != http.StatusBadRequest || !strings.Contains(page, `role="alert"`) || strings.Contains(page, "<script>") {
			t.Errorf("%s: status %d", bad, status)
		}
	}
}

// Offsets that are gone are explained, and the log goes on where it begins.
func TestDeletedOffsetsAreExplained(t *testing.T) {
	s := serveBroker(t, "")
	s.create("cut", 1, nil)
	cl := s.client()
	for i := range 6 {
		s.produce(cl, "cut", &kgo.Record{Value: fmt.Appendf(nil, "value %d", i)})
	}
	var below kadm.Offsets
	below.Add(kadm.Offset{Topic: "cut", Partition: 0, At: 4})
	if _, err := kadm.NewClient(cl).DeleteRecords(t.Context(), below); err != nil {
		t.Fatal(err)
	}
	page := s.page("/broker/topics/cut/0?from=1")
	mustHave(t, page, "Offsets 1 to 3 are not stored any more", "the log now begins at 4", "value 4", "value 5")
	if strings.Contains(page, "value 3") {
		t.Error("a deleted record is shown")
	}
}

// A damaged batch is shown as one, and what follows it is read.
func TestDamageIsShown(t *testing.T) {
	s := serveBroker(t, "")
	s.create("hurt", 1, nil)
	cl := s.client(kgo.ProducerBatchCompression(kgo.NoCompression()))
	for i := range 4 {
		s.produce(cl, "hurt", &kgo.Record{Value: fmt.Appendf(nil, "value-%d", i)})
	}
	name := filepath.Join(s.data, "hurt-0", "00000000000000000000.log")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("X"), int64(strings.Index(string(b), "value-1"))); err != nil {
		t.Fatal(err)
	}
	page := s.page("/broker/topics/hurt/0?from=0")
	mustHave(t, page, "value-0", "Damaged: consumers get an error here.", "CRC-32C", "Batch 1 – 1", "value-2", "value-3")
	if strings.Contains(page, "Xalue-1") {
		t.Error("a record of a damaged batch is shown as if it were one")
	}
}

func TestGroupsAndConnections(t *testing.T) {
	s := serveBroker(t, "")
	s.create("orders", 1, nil)
	var batch []*kgo.Record
	for i := range 10 {
		batch = append(batch, &kgo.Record{Value: fmt.Appendf(nil, "order %d", i)})
	}
	s.produce(s.client(), "orders", batch...)
	const id = "a/b <i>\u202e\"" // a group's id is its client's word
	cl := s.client(kgo.ConsumerGroup(id), kgo.ConsumeTopics("orders"), kgo.ClientID("till <b>7"), kgo.SoftwareNameAndVersion("tills", "1.2"),
		kgo.DisableAutoCommit(), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for got := 0; got < 10; {
		fetched := cl.PollFetches(ctx)
		if err := fetched.Err0(); err != nil {
			t.Fatal(err)
		}
		got += fetched.NumRecords()
	}
	if err := cl.CommitRecords(ctx, &kgo.Record{Topic: "orders", Offset: 6}); err != nil {
		t.Fatal(err)
	}
	overview := s.page("/broker")
	mustHave(t, overview, `href="/broker/groups/a%2Fb%20%3Ci%3E%E2%80%AE%22"`, `a/b &lt;i&gt;\u{202E}&#34;`, "stable", `behind">3<`)
	group := s.page("/broker/groups/a%2Fb%20%3Ci%3E%E2%80%AE%22")
	mustHave(t, group, "stable", "orders</bdi></a>: 0", "/broker/topics/orders/0?from=7", `<td class="num">7</td>`, `<td class="num">10</td>`, "till &lt;b&gt;7")
	member := s.client(kgo.ConsumerGroup("modern"), kgo.ServerSideBalancer(), kgo.ConsumeTopics("orders"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if fetched := member.PollFetches(ctx); fetched.Err0() != nil {
		t.Fatal(fetched.Err0())
	}
	mustHave(t, s.page("/broker"), "classic (members assign)", "consumer (the broker assigns)")
	mustHave(t, s.page("/broker/groups/modern"), "consumer (the broker assigns)", "uniform", "stable", "orders</bdi></a>: 0")
	connections := s.page("/broker/connections")
	mustHave(t, connections, "till &lt;b&gt;7", "tills 1.2", "Fetch", "sendfile", "TCP_INFO: tcpi_rtt")
	if strings.Contains(overview+group+connections, "<i>") || strings.Contains(overview+group+connections, "\u202e") {
		t.Error("a client's words are in a page as they came")
	}
}

// A client that is over its quota is shown as one that waits.
func TestThrottledConnectionsSaySo(t *testing.T) {
	s := serveBroker(t, "")
	s.create("orders", 1, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cl := s.client(kgo.ClientID("hasty"), kgo.DefaultProduceTopic("orders"))
	if err := cl.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	const waits = "waits: over its quota"
	if strings.Contains(s.page("/broker/connections"), waits) {
		t.Error("without a quota a client is shown to wait")
	}
	name := "hasty"
	alter := &kmsg.AlterClientQuotasRequest{Entries: []kmsg.AlterClientQuotasRequestEntry{{
		Entity: []kmsg.AlterClientQuotasRequestEntryEntity{{Type: "client-id", Name: &name}},
		Ops:    []kmsg.AlterClientQuotasRequestEntryOp{{Key: "producer_byte_rate", Value: 1}},
	}}}
	if _, err := alter.RequestWith(ctx, cl); err != nil {
		t.Fatal(err)
	}
	if err := cl.ProduceSync(ctx, kgo.StringRecord("x")).FirstErr(); err != nil {
		t.Fatal(err)
	}
	mustHave(t, s.page("/broker/connections"), "hasty", waits)
}

// What clients send is shown harmlessly: no markup, nothing that turns the
// writing, no raw control character, and never too much of it.
func TestHostileRecordsAreHarmless(t *testing.T) {
	s := serveBroker(t, "")
	s.create("hostile", 1, map[string]string{"max.message.bytes": "20000000"})
	cl := s.client(kgo.ProducerBatchMaxBytes(4 << 20))
	nest := func(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }
	values := []struct{ name, value, shown string }{
		{"script", `<script>alert(1)</script>`, `&lt;script&gt;alert(1)&lt;/script&gt;`},
		{"attribute", `" onmouseover="alert(1)`, `&#34; onmouseover=&#34;alert(1)`},
		{"bidi", "safe \u202Eevil\u2066 name that is long enough to be text", `safe \u{202E}evil\u{2066} name`},
		{"separators", "one\u2028two\u2029three\u0085four is text too, mostly", `one\u{2028}two\u{2029}three\u{0085}four`},
		{"terminal", "red \x1b[31m and bell \x07 in a text that is long enough", `red \x1b[31m and bell \x07`},
		{"invalid", "caf\xe9 is no UTF-8, but mostly a text", `caf\xe9 is no UTF-8`},
		{"binary", "\x00\x01\x02\xff\xfe", "00000000  00 01 02 ff fe"},
		{"json", `{"a":"</pre><script>x</script>","b":[1,2]}`, "{\n  &#34;a&#34;: &#34;&lt;/pre&gt;"},
		{"deep", nest(100_000), "Cut: showing the first"},
		{"deep JSON", nest(9_000), "Cut: showing the first 2,048 of 18,000 bytes"},
		{"deep JSON in width", strings.Repeat(nest(30)+",", 1000) + "1", "Cut: showing the first"},
		{"large JSON", "[" + strings.Repeat("1,", 40_000) + "1]", "Cut: showing the first 2,048 of 80,003 bytes"}, // it is not parsed
		{"large", strings.Repeat("<b>", 1<<20/3), "Cut: showing the first 2,048 of 1,048,575 bytes"},
		{"large line breaks", strings.Repeat("\n", 1<<20), "Cut: showing the first 2,048 of 1,048,576 bytes"},
		{"cut in a character", strings.Repeat("字", 1000), "Cut: showing the first 2,046 of 3,000 bytes"},
		{"null byte", "text\x00text, and more of it that is printable", `text\x00text`},
	}
	for _, c := range values {
		s.produce(cl, "hostile", &kgo.Record{Key: []byte(c.value[:min(len(c.value), 1000)]), Value: []byte(c.value), Headers: []kgo.RecordHeader{{Key: c.value[:min(len(c.value), 300)], Value: []byte(c.value[:min(len(c.value), 5000)])}}})
	}
	many := &kgo.Record{Value: nil}
	for i := range 500 {
		many.Headers = append(many.Headers, kgo.RecordHeader{Key: strconv.Itoa(i), Value: []byte("v")})
	}
	s.produce(cl, "hostile", many)
	mustHave(t, s.page("/broker/topics/hostile/0?n=1&from="+strconv.Itoa(len(values))), "Showing 16 of 500.", ">null</span>")
	for i, c := range values {
		for _, as := range []string{"auto", "text", "json", "hex"} {
			page := s.page(fmt.Sprintf("/broker/topics/hostile/0?n=10&from=%d&as=%s", i, as))
			if as == "auto" && !strings.Contains(page, c.shown) {
				t.Errorf("%s: the page lacks %q", c.name, c.shown)
			}
			if len(page) > 1<<20 {
				t.Errorf("%s as %s: a page of %d bytes", c.name, as, len(page))
			}
			body := page[strings.Index(page, "<main"):strings.Index(page, "</main>")]
			for _, bad := range []string{"<script", "onmouseover=\"", "<b>", "\u202e", "\u2066", "\u2028", "\x1b", "\x00", "\x07"} {
				if strings.Contains(body, bad) {
					t.Errorf("%s as %s: the page has %q", c.name, as, bad)
				}
			}
		}
		resp, err := http.Get(fmt.Sprintf("%s/broker/topics/hostile/0/value?offset=%d", s.url, i))
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		h := resp.Header
		if string(got) != c.value || h.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment;") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: the download has %d bytes, %v", c.name, len(got), h)
		}
	}
	for _, bad := range []string{"value?offset=9999", "value?offset=-1", "value", "other?offset=0", "header?offset=0&i=7", "header?offset=0"} {
		if _, status := s.get("/broker/topics/hostile/0/" + bad); status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", bad, status)
		}
	}
}

// endOfTransaction has control batches where the log has batches of one record: the
// broker itself takes none, but a log of Kafka's may have them.
type endOfTransaction struct{ brokerview.View }

func (s endOfTransaction) Browse(ctx context.Context, topic string, partition int32, from int64, visit func(web.StoredBatch) bool) error {
	return s.View.Browse(ctx, topic, partition, from, func(b web.StoredBatch) bool {
		if b.Records == 1 {
			b.Control = true
			b.Each = func(visit func(web.StoredRecord) error) error {
				return visit(web.StoredRecord{Offset: b.Base, Key: []byte{0, 0, 0, 1}, Value: []byte{0, 0, 0, 0, 0, 0}})
			}
		}
		return visit(b)
	})
}

func TestControlBatchesAreShownAsSuch(t *testing.T) {
	s := serveStore(t, "", func(v brokerview.View) web.BrokerStore { return endOfTransaction{v} })
	s.create("paid", 1, nil)
	cl := s.client()
	s.produce(cl, "paid", &kgo.Record{Value: []byte("one")}, &kgo.Record{Value: []byte("two")})
	s.produce(cl, "paid", &kgo.Record{Value: []byte("three")})
	mustHave(t, s.page("/broker/topics/paid/0?from=0"), "two", "control batch", "marks the end of a transaction", "<code>COMMIT</code>", "Batch 2 – 2")
}
