package web

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"copyscope/internal/claim"
	"copyscope/internal/host"
	"copyscope/internal/locale"
	"copyscope/internal/spread"
	"copyscope/internal/trace"
)

// madeUp is a report as the speed-up's is.
func madeUp(cpu ...float64) *claim.Report {
	figure := func(v ...float64) claim.Figure {
		s := spread.Of(v)
		return claim.Figure{Provenance: trace.Measured, Spread: &s, Samples: v}
	}
	note := func(key string, args map[string]any) claim.Note {
		return claim.Note{Note: host.Note{Key: key, Args: args}}
	}
	none := claim.Figure{Provenance: trace.Unavailable, Reason: "nothing is sent"}
	return &claim.Report{Schema: trace.Schema, Claim: "speedup", At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Seconds: 12.4,
		Machine:  claim.Machine{Processor: "Fast <One>", Facts: host.Facts{Kernel: "6.18", CPUs: 2}, LastCacheBytes: 32 << 20},
		Findings: []claim.Note{note("claims.speedup.cpu", map[string]any{"Least": "1.20", "Most": "3.90", "Chunk": "64KiB", "Cache": "warm"})},
		Limits:   []claim.Note{note("claims.prediction.not-here", map[string]any{"Path": "ktls", "Reason": "nothing is sent"})},
		Tables: []claim.Table{{Name: "speedup", Keys: []string{"device", "cache", "chunk"}, Columns: []claim.Column{
			{Name: "cpu_read_write", Unit: "ms/GB"}, {Name: "cpu_sendfile", Unit: "ms/GB"}, {Name: "throughput_read_write", Unit: "MB/s"}, {Name: "throughput_sendfile", Unit: "MB/s"}},
			Rows: []claim.Row{
				{Labels: []string{"loopback", "warm", "4KiB"}, Figures: []claim.Figure{figure(cpu...), figure(1, 2, 3), none, figure(5)}},
				{Labels: []string{"loopback", "warm", "64KiB"}, Figures: []claim.Figure{figure(2345.6), figure(4), figure(6), figure(7)}}}}}}
}

// until waits for what a goroutine of the server does.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 500 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("after 5 s still not: %s", what)
}

func claimStateOf(t *testing.T, s *Server, name string) (out struct {
	Running, Queued bool
	Percent         int
}) {
	t.Helper()
	if err := json.Unmarshal([]byte(body(t, ask(s, "GET", "/claims/"+name+"/state", nil))), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// A claim's page explains and starts its experiment, shows how far it is, then what
// was found, with every round to download.
func TestClaimIsMeasured(t *testing.T) {
	asked, finish := make(chan claim.Options), make(chan *claim.Report)
	s := newServer(t, Config{Claims: func(ctx context.Context, name string, o claim.Options) (*claim.Report, error) {
		if name != "speedup" {
			t.Errorf("asked for %s", name)
		}
		asked <- o
		o.Progress(1, 4)
		return <-finish, nil
	}})
	page := body(t, ask(s, "GET", "/claims/speedup", nil))
	for _, want := range []string{"about 3 times", "A B A B", `action="/claims/speedup/run"`, "copyscope claims speedup"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	const never = "Not measured since"
	unmeasured := strings.Count(body(t, ask(s, "GET", "/claims", nil)), never)
	if got := ask(s, "GET", "/claims/speedup/rounds.csv", nil); got.StatusCode != http.StatusNotFound || !strings.Contains(body(t, got), "Nothing was measured yet") {
		t.Errorf("a download of nothing: %d", got.StatusCode)
	}
	form := func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = io.NopCloser(strings.NewReader("quick=1"))
	}
	if got := ask(s, "POST", "/claims/speedup/run", form); got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/claims/speedup#start" {
		t.Errorf("started: %d to %s", got.StatusCode, got.Header.Get("Location"))
	}
	ask(s, "POST", "/claims/speedup/run", nil) // it is under way: nothing more begins
	if o := <-asked; !o.Quick {
		t.Error("the quick try is none")
	}
	until(t, "a quarter is done", func() bool { st := claimStateOf(t, s, "speedup"); return st.Running && st.Percent == 25 })
	if page := body(t, ask(s, "GET", "/claims/speedup", nil)); !strings.Contains(page, `value="25"`) || strings.Contains(page, "/run") || !strings.Contains(page, "/claims/speedup/cancel") {
		t.Errorf("while it is under way the page has %s", page)
	}
	finish <- madeUp(1, 2, 3)
	until(t, "it is done", func() bool { return !claimStateOf(t, s, "speedup").Running })
	page = body(t, ask(s, "GET", "/claims/speedup", nil))
	for _, want := range []string{"read and write take 1.20 to 3.90 times the CPU", "2026-01-02 03:04:05 UTC, in 12 s", "Fast &lt;One&gt;", "32 MiB", "2,346", "1.50 – 2.50", "3 rounds", "prov-measured",
		`<span class="visually-hidden">nothing is sent</span>`, "/claims/speedup/curve.svg", "ktls does not run here"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	chinese := body(t, ask(s, "GET", "/claims/speedup?lang=zh", nil))
	for _, want := range []string{"read 加 write 每 GB 的 CPU 用量是 sendfile 的 1.20 至 3.90 倍（最大处：64KiB，热缓存）", "没有传输", "块大小", "ktls 不能在本机运行：没有传输"} {
		if !strings.Contains(chinese, want) {
			t.Errorf("the Chinese page lacks %q", want)
		}
	}
	lines, err := csv.NewReader(ask(s, "GET", "/claims/speedup/rounds.csv", nil).Body).ReadAll()
	if err != nil || len(lines) != 1+3+3+1+1+1+1+1+1 {
		t.Errorf("%d lines, %v", len(lines), err)
	}
	got := ask(s, "GET", "/claims/speedup/report.json", nil)
	var report claim.Report
	if err := json.NewDecoder(got.Body).Decode(&report); err != nil || !strings.Contains(report.Findings[0].Text, "On this host") || len(report.Tables[0].Rows[0].Figures[0].Samples) != 3 ||
		!strings.Contains(got.Header.Get("Content-Disposition"), "copyscope-speedup-report.json") {
		t.Errorf("%v: %+v", err, report)
	}
	if svg := body(t, ask(s, "GET", "/claims/speedup/curve.svg", nil)); !strings.Contains(svg, "<svg") || !strings.Contains(svg, "sendfile") {
		t.Errorf("the curve is %.200s", svg)
	}
	// It stands on each card of the claim, and among those that are measured.
	list := body(t, ask(s, "GET", "/claims", nil))
	if left := strings.Count(list, never); left >= unmeasured || strings.Count(list, "1.20 to 3.90") != unmeasured-left {
		t.Errorf("the list does not tell what was found: %d of %d are unmeasured", left, unmeasured)
	}

}

// What goes wrong is said; a cancelled measurement leaves the last one there.
func TestClaimEnds(t *testing.T) {
	fail := errors.New("nothing is sent")
	begun := make(chan bool)
	s := newServer(t, Config{Claims: func(ctx context.Context, name string, _ claim.Options) (*claim.Report, error) {
		switch name {
		case "headroom":
			return nil, fail
		case "speedup":
			return madeUp(1), nil
		}
		begun <- true
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}})
	ended := func(name string) {
		t.Helper()
		until(t, name+" ended", func() bool { return !claimStateOf(t, s, name).Running })
	}
	ask(s, "POST", "/claims/headroom/run", nil)
	ended("headroom")
	if page := body(t, ask(s, "GET", "/claims/headroom?lang=zh", nil)); !strings.Contains(page, "上一次尝试失败：没有传输") {
		t.Error("the failure is not told")
	}
	ask(s, "POST", "/claims/switches/run", nil)
	<-begun
	ask(s, "POST", "/claims/speedup/run", nil) // waits for its turn: one measurement at a time
	until(t, "speedup waits", func() bool { return claimStateOf(t, s, "speedup").Queued })
	ask(s, "POST", "/claims/switches/cancel", nil)
	ended("switches")
	if page := body(t, ask(s, "GET", "/claims/switches", nil)); !strings.Contains(page, "was cancelled") {
		t.Error("the cancelling is not told")
	}
	ended("speedup")
	if page := body(t, ask(s, "GET", "/claims/speedup", nil)); !strings.Contains(page, "Fast") {
		t.Error("what waited was not measured")
	}
	ask(s, "POST", "/claims/neighbour/run", nil) // the server's end ends it
	<-begun
}

// Only pages of this host, from this host, start anything.
func TestClaimsAreGuarded(t *testing.T) {
	claims := func(context.Context, string, claim.Options) (*claim.Report, error) {
		t.Error("it was measured")
		return nil, errors.New("refused")
	}
	remote := newServer(t, Config{Addr: "0.0.0.0:8080", Claims: claims})
	if page := body(t, ask(remote, "GET", "/claims/speedup", nil)); strings.Contains(page, "/run") || !strings.Contains(page, "copyscope claims speedup") {
		t.Error("a page that others reach offers to measure")
	}
	for _, action := range []string{"run", "cancel"} {
		if got := ask(remote, "POST", "/claims/speedup/"+action, nil); got.StatusCode != http.StatusForbidden {
			t.Errorf("%s from elsewhere: %d", action, got.StatusCode)
		}
	}
	s := newServer(t, Config{Claims: claims})
	for origin, want := range map[string]int{"https://evil.example": http.StatusForbidden, "null": http.StatusForbidden} {
		if got := ask(s, "POST", "/claims/speedup/run", func(r *http.Request) { r.Header.Set("Origin", origin) }); got.StatusCode != want {
			t.Errorf("from %s: %d", origin, got.StatusCode)
		}
	}
	if got := ask(s, "GET", "/claims/speedup", nil); got.Header.Get("Referrer-Policy") != "same-origin" {
		t.Error("a browser would not name the site that the form was sent from, and the guard refuse it")
	}
	for _, target := range []string{"/claims/miracles", "/claims/miracles/state"} {
		if got := ask(s, "GET", target, nil); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", target, got.StatusCode)
		}
	}
	if got := ask(s, "GET", "/claims/speedup/run", nil); got.StatusCode != http.StatusNotFound {
		t.Errorf("GET of what starts: %d", got.StatusCode)
	}
	elsewhere := newServer(t, Config{})
	if got := ask(elsewhere, "POST", "/claims/speedup/run", nil); got.StatusCode != http.StatusNotImplemented {
		t.Errorf("without Linux: %d", got.StatusCode)
	}
	if page := body(t, ask(elsewhere, "GET", "/claims/speedup", nil)); !strings.Contains(page, "need Linux") {
		t.Error("without Linux the page does not say so")
	}
}

// Every claim has its words in both languages.
func TestClaimsHaveWords(t *testing.T) {
	s := newServer(t, Config{Claims: func(context.Context, string, claim.Options) (*claim.Report, error) { return nil, nil }})
	for _, name := range append(claim.Names(), "") {
		for _, lang := range locale.Languages() {
			target := strings.TrimSuffix("/claims/"+name, "/") + "?lang=" + string(lang)
			if got := ask(s, "GET", target, nil); got.StatusCode != http.StatusOK || strings.Contains(body(t, got), "⟦") {
				t.Errorf("%s: %d, or a word is missing", target, got.StatusCode)
			}
		}
	}
}
