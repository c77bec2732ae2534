package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/templates"
)

// membersSample has figures of more processors than a page shows, of a device
// that goes after the first sample, and of connections.
func membersSample() func() (host.Sample, error) {
	n := 0
	return func() (host.Sample, error) {
		n++
		s := host.Sample{At: time.Now(), Interval: 100 * time.Millisecond, Unfollowed: 7}
		for i := range membersShown + 3 {
			s.Figures = append(s.Figures, host.Figure{Name: "cpu_busy", Of: fmt.Sprintf("cpu%d", i), Value: value(0.5), Unit: host.Ratio, Provenance: trace.Measured})
		}
		if n == 1 {
			s.Figures = append(s.Figures, host.Figure{Name: "disk_read", Of: "sdx", Value: value(1024), Unit: host.BytesPerSecond, Provenance: trace.Measured})
		}
		s.Connections = []host.Connection{{ID: 1, Peer: "192.0.2.1:4711", Congestion: "cubic", Figures: []host.Figure{
			{Name: "sent", Value: value(2048), Unit: host.BytesPerSecond, Provenance: trace.Measured},
			{Name: "rtt", Unit: host.Seconds, Provenance: trace.Unavailable, Reason: "TCP_INFO has no rtt on this kernel"},
		}}}
		return s, nil
	}
}

func TestFiguresOfDevicesComeAndGo(t *testing.T) {
	f := newFigures(NewHub(nil, "").Feed("live"), newPast(), membersSample(), time.Second)
	shown := func() (d templates.LiveData) {
		t.Helper()
		if err := f.sample(); err != nil {
			t.Fatal(err)
		}
		f.fill(&d)
		return d
	}
	first := shown()
	if len(first.Groups) != 2 || len(first.Groups[0].Figures) != membersShown || first.Groups[0].Hidden != 3 || first.Groups[1].Name != "disk" {
		t.Errorf("groups %+v, want %d processors of which 3 more are hidden, and a disk", first.Groups, membersShown)
	}
	if c := first.Connections; len(c) != 1 || first.Unfollowed != 7 || c[0].Figures[0].Text != "2.05 kB/s" || c[0].Figures[1].Reason.Chinese == "" || !han.MatchString(c[0].Figures[1].Reason.Chinese) {
		t.Errorf("connections %+v and %d more", c, first.Unfollowed)
	}
	if first.SampledOver != "100 ms" {
		t.Errorf("sampled over %q", first.SampledOver)
	}
	second := shown()
	if _, ok := second.State.History["disk_read sdx"]; ok || len(second.Groups) != 1 {
		t.Errorf("a device that went is still known: %+v", second.State.History)
	}
	if h := second.State.History["cpu_busy cpu0"]; len(h) != 2 {
		t.Errorf("history %v, want two samples", h)
	}
}

// A page chooses how often the host is sampled, and every page is told.
func TestSamplingRateIsChosen(t *testing.T) {
	s, url := serveLive(t, Config{Sample: membersSample(), SampleEvery: time.Hour})
	conn := follow(t, url+"/ws")
	if m := hear(t, conn); m.Type != "live.sample" {
		t.Fatalf("%s %s", m.Type, m.Body)
	}
	began := time.Now()
	say(t, conn, `{"v":1,"type":"live.rate","id":"r1","body":{"hz":10}}`)
	m := hear(t, conn)
	var told rateRequest
	if err := m.Decode(&told); err != nil || m.Type != "live.rate" || told.Hz != 10 {
		t.Errorf("%s %s, %v", m.Type, m.Body, err)
	}
	for range 3 { // at once, and two intervals later
		if m := hear(t, conn); m.Type != "live.sample" {
			t.Fatalf("%s %s", m.Type, m.Body)
		}
	}
	if took := time.Since(began); took < 190*time.Millisecond {
		t.Errorf("3 samples at 10 Hz in %v", took)
	}
	if html := body(t, ask(s, "GET", "/live?lang=en", nil)); !strings.Contains(html, `<option value="10" selected>`) {
		t.Error("the page does not say that 10 per second are taken")
	}
}

func TestSamplingRateIsRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		config Config
		body   string
		code   string
	}{
		{"too often", Config{Sample: steadySample}, `{"hz":11}`, "body"},
		{"never", Config{Sample: steadySample}, `{"hz":0}`, "body"},
		{"a fraction", Config{Sample: steadySample}, `{"hz":0.5}`, "body"},
		{"without figures", Config{}, `{"hz":5}`, "unavailable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.config.SampleEvery = time.Hour
			_, url := serveLive(t, c.config)
			conn := dial(t, url+"/ws")
			say(t, conn, `{"v":1,"type":"live.rate","id":"r1","body":`+c.body+`}`)
			m := hear(t, conn)
			var p Problem
			if err := m.Decode(&p); err != nil || m.Type != "error" || m.ID != "r1" || p.Code != c.code || p.Remedy == "" {
				t.Errorf("%s %s, %v; want an error %s", m.Type, m.Body, err, c.code)
			}
		})
	}
	t.Run("pages that others can reach", func(t *testing.T) {
		s := newServer(t, Config{Addr: "192.0.2.1:8080", Sample: steadySample, SampleEvery: time.Hour})
		err := s.live.rate(t.Context(), nil, Message{Type: "live.rate", Body: []byte(`{"hz":5}`)})
		if p, ok := err.(Problem); !ok || p.Code != "unavailable" {
			t.Errorf("%v, want it refused", err)
		}
	})
}
