package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"copyscope/internal/trace"
)

// appended is what the broker tells of a batch of so many records.
func appended(records int64) trace.Appended {
	return trace.Appended{
		Seq: 1, Stands: 1, Began: time.Now(), Dur: 12_345, Topic: "orders", Partition: 3, Client: "rdkafka",
		Engine: "write", Bytes: records * 100, Records: records, SyscallsByName: map[string]int64{"pwrite64": 1},
	}
}

func TestBrowserShowsAppendsAndWhyTLSIsCopied(t *testing.T) {
	s, site := liveSite(t)
	b := browse(t)
	b.do(chromedp.Navigate(site + "/live?lang=en"))
	b.await(is(connected, "open"))
	b.await(is(`document.getElementById('appends-empty').hidden`, "false"))
	rows := `document.querySelectorAll('#appends tr').length`

	s.Appended(appended(5))
	b.await(is(rows, "1"))
	if got := text(b, `document.getElementById('appends-empty').hidden`); got != "true" {
		t.Error("the page still says that there is no append")
	}
	first := text(b, `document.getElementById('appends').innerText.replace(/\s+/g, ' ')`)
	if !strings.Contains(first, "orders-3 rdkafka") || !strings.Contains(first, "pwrite64 × 1") || strings.Contains(first, "sent before") || strings.Contains(first, "refused") {
		t.Errorf("the row reads %q", first)
	}
	again := appended(0)
	again.Duplicates = 1
	s.Appended(again)
	b.await(is(rows, "2"))
	refused := appended(0)
	refused.Err = "disk quota exceeded"
	s.Appended(refused)
	b.await(is(rows, "3"))
	if got := text(b, `document.getElementById('appends').innerText.replace(/\s+/g, ' ')`); !strings.Contains(got, "refused: disk quota exceeded") || !strings.Contains(got, "sent before") {
		t.Errorf("the rows read %q", got)
	}
	s.Appended(trace.Appended{Stands: 97, Began: appended(0).Began, Engine: "write", SyscallsByName: map[string]int64{"pwrite64": 97}})
	b.await(is(`document.querySelector('#append-totals [data-field="appends"]').textContent`, "100"))
	if got := text(b, rows); got != "3" {
		t.Errorf("a sum became a row: %s rows", got)
	}

	over := fetch("read-write", 1000)
	over.Why = "TLS: the records are sealed in user space, so they pass through it"
	s.Served(over)
	b.await(is(rowCount, "1"))
	if got := text(b, `document.querySelector('#fetches tbody [data-field="why"]').innerText`); !strings.HasPrefix(got, "not the topic's path: TLS:") {
		t.Errorf("the reason reads %q", got)
	}
	quiet(t, b)
}
