package web

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/templates"
)

// Between two readings the broker's figures are rates; processor time is told for
// what was sent, if that is enough to say anything.
func TestTrafficFigures(t *testing.T) {
	before := Traffic{Paths: map[string]PathTraffic{"sendfile": {Bytes: 1e9, Syscalls: 1000}}, CPU: time.Second}
	now := Traffic{Paths: map[string]PathTraffic{"sendfile": {Bytes: 2e9, Syscalls: 2000}, "splice": {Bytes: 1e9, Syscalls: 3000}},
		Fetches: 500, Received: 100, CPU: 1200 * time.Millisecond}
	got := map[string]string{}
	for _, f := range trafficFigures(before, now, 2*time.Second) {
		got[f.Name] = figureText(f) + " " + string(f.Provenance)
	}
	for name, want := range map[string]string{
		"broker_sent": "1 GB/s measured", "broker_received": "50 B/s measured", "broker_fetches": "250/s measured",
		"broker_syscalls": "2,000/s measured", "broker_mode_switches": "4,000/s derived", "broker_cpu_per_gb": "100 ms/GB derived",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	for what, figures := range map[string]float64{"the first reading": 0, "a few bytes": 1} {
		few := now
		few.Paths = map[string]PathTraffic{"sendfile": {Bytes: 1e9 + 10}}
		for _, f := range trafficFigures(before, few, time.Duration(figures*float64(time.Second))) {
			if f.Name == "broker_cpu_per_gb" && (f.Value != nil || f.Reason == "" || f.Provenance != trace.Unavailable) {
				t.Errorf("%s: CPU for each GB is %+v", what, f)
			}
		}
	}
}

// Every chart and each of its lines has words in both languages.
func TestEveryChartHasWords(t *testing.T) {
	for _, lang := range locale.Languages() {
		known := locale.IDs(lang)
		for _, c := range charts {
			ids := []string{"live.chart." + c.Name, "live.chart." + c.Name + ".note", "live.unit." + c.Unit}
			for _, name := range c.Figures {
				ids = append(ids, "live.series."+name, "live.figure."+name)
			}
			for _, id := range ids {
				if !slices.Contains(known, id) {
					t.Errorf("%s: there is no %s", lang, id)
				}
			}
		}
	}
}

// What is kept for the charts is bounded, and told oldest first.
func TestPastIsBounded(t *testing.T) {
	p := newPast()
	p.names = []string{"broker_sent"}
	now := time.Now().UnixMilli()
	for i := range samplesKept + 100 {
		v := float64(i)
		p.add(now+int64(i), []templates.Figure{{Name: "broker_sent", Value: &v}, {Name: "other", Value: &v}})
	}
	for range marksKept + 5 {
		p.annotate(mark{Kind: "path", Path: "splice"})
	}
	b := p.body()
	if len(b.At) != samplesKept || b.At[0] != now+100 || string(b.Series["broker_sent"][0]) != "100" || len(b.Marks) != marksKept || len(b.Series) != 1 {
		t.Errorf("%d samples from %d (%s), %d marks", len(b.At), b.At[0]-now, b.Series["broker_sent"][0], len(b.Marks))
	}
	p.add(now+1e6, nil) // a figure that lacks
	if b := p.body(); string(b.Series["broker_sent"][samplesKept-1]) != "null" {
		t.Errorf("a gap is told as %s", b.Series["broker_sent"][samplesKept-1])
	}
}

func TestHistoryIsServed(t *testing.T) {
	s := newServer(t, Config{Sample: steadySample, SampleEvery: time.Hour})
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var b pastBody
		if err := json.Unmarshal([]byte(body(t, ask(s, "GET", "/live/history.json", nil))), &b); err != nil {
			t.Fatal(err)
		}
		if len(b.At) == 1 && len(b.Series["memory_page_cache"]) == 1 && string(b.Series["memory_page_cache"][0]) == "3.22123e+09" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the history is %+v", b)
		}
	}
}
