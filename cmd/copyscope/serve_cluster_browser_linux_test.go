package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/internal/chromium"
	"copyscope/internal/host"
	"copyscope/internal/kafkajars"
	"copyscope/internal/process"
)

// realKafka is a real Apache Kafka of one broker on this host, and its address.
func realKafka(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"java", "mvn"} {
		if _, err := exec.LookPath(program); err != nil {
			chromium.Absent(t, "no "+program+" in PATH: install a JDK and Maven to see a real Apache Kafka in the pages")
		}
	}
	t.Chdir("../..") // where Kafka's jars are looked for
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	if err := kafkajars.Collect(ctx); err != nil {
		t.Fatal(err)
	}
	var addresses [2]string
	for i := range addresses {
		address, err := process.FreeAddress()
		if err != nil {
			t.Fatal(err)
		}
		addresses[i] = address
	}
	b := kafkajars.Broker{Dir: t.TempDir(), Controller: addresses[1], Flags: []string{"-Xmx512m", "-XX:+UseSerialGC"},
		Lines: fmt.Sprintf("listeners=PLAINTEXT://%s,CONTROLLER://%s\nlistener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n", addresses[0], addresses[1])}
	p, err := b.Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop(syscall.SIGKILL) })
	if err := p.Accepts(ctx, addresses[0]); err != nil {
		t.Fatalf("%v; it said %s", err, p.Said())
	}
	return addresses[0]
}

// fillKafka makes a topic with 50 records and a group that has read 20 of them.
func fillKafka(t *testing.T, addr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ProducerBatchCompression(kgo.Lz4Compression()), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	admin := kadm.NewClient(cl)
	if _, err := admin.CreateTopic(ctx, 1, 1, nil, "orders"); err != nil {
		t.Fatal(err)
	}
	var all []*kgo.Record
	for i := range 50 {
		all = append(all, &kgo.Record{Topic: "orders", Value: fmt.Appendf(nil, `{"order": %d}`, i)})
	}
	if err := cl.ProduceSync(ctx, all...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	var offsets kadm.Offsets
	offsets.Add(kadm.Offset{Topic: "orders", At: 20, LeaderEpoch: -1})
	if err := admin.CommitAllOffsets(ctx, "readers", offsets); err != nil {
		t.Fatal(err)
	}
}

// page is a tab of a real browser; each step fails the test.
type page struct {
	chromium.Tab
	t *testing.T
}

func open(t *testing.T, browser context.Context) page {
	t.Helper()
	tab, done, err := chromium.NewTab(browser)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(done)
	return page{tab, t}
}

func (p page) to(url string) {
	p.t.Helper()
	if err := chromedp.Do(p.Ctx, chromedp.Navigate(url)); err != nil {
		p.t.Fatal(err)
	}
}

func (p page) await(expression string) {
	p.t.Helper()
	if err := p.Await(expression, 30*time.Second); err != nil {
		text, _ := chromedp.Run(p.Ctx, chromedp.Evaluate[string](`location.href + ' ' + (document.querySelector('main')?.innerText ?? '').slice(0, 2000)`))
		p.t.Fatalf("%v\n%s", err, text)
	}
}

func (p page) click(selector string) {
	p.t.Helper()
	find := fmt.Sprintf("document.querySelector(%q)", selector)
	p.await(find + " && !" + find + ".disabled")
	if err := chromedp.Do(p.Ctx, chromedp.Evaluate[chromedp.Void](find+".click()")); err != nil {
		p.t.Fatal(err)
	}
}

func (p page) text(selector string) string {
	p.t.Helper()
	text, err := chromedp.Run(p.Ctx, chromedp.Evaluate[string](fmt.Sprintf("document.querySelector(%q)?.textContent ?? ''", selector)))
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

// The pages beside a real Apache Kafka: topics, records, a group's lag, segments and the
// page cache of the broker on this host, a load, and what the witness says of the
// broker's process while it runs, beside the simulation.
func TestPagesBesideARealKafka(t *testing.T) {
	browser, stop, err := chromium.Start()
	if err != nil {
		chromium.Absent(t, err.Error())
	}
	t.Cleanup(stop)
	kafka := realKafka(t)
	fillKafka(t, kafka)
	s := startServe(t, "--kafka", kafka)
	at := s.ready["web"]
	if want := "cluster " + kafka; !strings.Contains(s.stdout.String(), want) {
		t.Errorf("it prints %q, want %q in it", s.stdout, want)
	}

	p := open(t, browser)
	p.to(at + "/broker?lang=en")
	p.await(`[...document.querySelectorAll('#broker-live tr')].some(r => r.innerText.startsWith('readers') && r.innerText.trim().endsWith('30'))`)
	if text := p.text(".cluster-brokers"); !strings.Contains(text, "java (pid ") || !strings.Contains(text, kafka) {
		t.Errorf("the brokers are %q", text)
	}
	p.click(`a[href="/broker/topics/orders"]`)
	p.await(`location.pathname === '/broker/topics/orders' && document.querySelector('svg.strip')`)
	if text := p.text("#topic-live"); !strings.Contains(text, "00000000000000000000.log") || !strings.Contains(text, "pages of 4 KiB in the page cache") {
		t.Errorf("the segments are %q", text)
	}
	p.click(`a[href="/broker/topics/orders/0"]`)
	p.await(`location.pathname === '/broker/topics/orders/0' && document.querySelectorAll('pre.as-json').length === 20`)
	if text := p.text(".batch"); !strings.Contains(text, "lz4") || !strings.Contains(text, "Kafka’s protocol does not tell") {
		t.Errorf("the first batch is %q", text)
	}
	p.to(at + "/broker/groups/readers?lang=en")
	p.await(`document.querySelector('#group-live').innerText.includes('30')`)

	p.to(at + "/live?lang=en")
	p.await(`!document.querySelector('#load').hidden`)
	if err := chromedp.Do(p.Ctx, chromedp.Evaluate[chromedp.Void](`document.querySelector('#load-seconds').value = '60'`)); err != nil { // it is stopped below
		t.Fatal(err)
	}
	p.click(`[data-action="load-start"]`)
	p.await(`document.querySelector('#load-state').textContent.startsWith('fetch: copyscope-load-')`)
	p.await(`[...document.querySelectorAll('#load-rows tr')].some(r => r.innerText.startsWith('fetch') && /B\/s/.test(r.innerText))`)
	if watched := host.Attachable(t.Context()); watched.Status != host.Active {
		t.Logf("the broker's process is not watched: %s", watched.Why)
	} else {
		watchRealKafka(t, open(t, browser), at, p)
	}
	p.click(`[data-action="load-stop"]`)
	p.await(`document.querySelector('#load-state').textContent.includes('was deleted')`)
	p.to(at + "/broker?lang=en")
	p.await(`document.querySelector('#broker-live') && !document.querySelector('#broker-live').innerText.includes('copyscope-load-')`)
	if code := s.end(t); code != 0 {
		t.Errorf("it ends with %d and says %s", code, s.stderr)
	}
}

// watchRealKafka follows the live page's link to the witness, and watches the broker
// while the load runs.
func watchRealKafka(t *testing.T, w page, at string, live page) {
	t.Helper()
	link, err := chromedp.Run(live.Ctx, chromedp.Evaluate[string](`document.querySelector('[data-watch-broker]').getAttribute('href')`))
	if err != nil {
		t.Fatal(err)
	}
	w.to(at + link + "&lang=en")
	w.await(`document.querySelector('#attach-form') && !document.querySelector('#attach-form').hidden`)
	if err := chromedp.Do(w.Ctx, chromedp.Evaluate[chromedp.Void](`document.querySelector('#attach-form').seconds.value = '3'`)); err != nil {
		t.Fatal(err)
	}
	w.click(`#attach-form button[type="submit"]`)
	w.await(`document.querySelector('#attach-now').dataset.phase === 'done'`)
	w.await(`document.querySelector('.attach-verdict').dataset.verdict === 'yes'`)
	if text := w.text(".sentence"); !strings.Contains(text, "sendfile") {
		t.Errorf("the witness says %q", text)
	}
	w.await(`!document.querySelector('#attach-beside').hidden`)
	if text := w.text(".attach-beside tbody"); strings.Count(text, "the same") < 1 || !strings.Contains(text, "modelled") || !strings.Contains(text, "0.00") {
		t.Errorf("beside the simulation it is %q", text)
	}
	w.click("#attach-scope-beside")
	w.await(`location.pathname === '/scope' && document.querySelector('.scope')?.dataset.ready === 'true' && document.querySelector('#lane-b')`)
}
