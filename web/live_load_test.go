package web

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"copyscope/templates"
)

// pretendLoad is a load that moves nothing but its own counters: 1 GB/s by the
// path that is set.
type pretendLoad struct {
	mu      sync.Mutex
	path    string
	set     []string // what the path was set to
	fetches bool
	moved   map[string]PathTraffic
	at      time.Time
	fill    error
}

func (*pretendLoad) Paths() []string {
	return []string{"read-write", "mmap-write", "sendfile", "splice"}
}

func (l *pretendLoad) SetFetchPath(_ context.Context, topic, path string) (string, error) {
	if topic != labTopic {
		return "", errors.New("there is no topic " + topic)
	}
	l.traffic()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.set = append(l.set, path)
	l.path = path
	return "", nil
}

func (l *pretendLoad) Fill(context.Context, string, int64) error { return l.fill }

func (l *pretendLoad) Fetch(ctx context.Context, _ string, _ int64, d time.Duration) (string, error) {
	l.mu.Lock()
	l.fetches, l.at = true, time.Now()
	l.mu.Unlock()
	defer func() {
		l.traffic()
		l.mu.Lock()
		l.fetches = false
		l.mu.Unlock()
	}()
	select {
	case <-ctx.Done():
		return "cubic", context.Cause(ctx)
	case <-time.After(d):
		return "cubic", nil
	}
}

func (l *pretendLoad) traffic() Traffic {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.moved == nil {
		l.moved = map[string]PathTraffic{}
	}
	t := Traffic{Paths: map[string]PathTraffic{}}
	if l.fetches {
		p := l.moved[l.path]
		grown := time.Since(l.at) &^ (1<<20 - 1) // whole MiB, of four calls each
		p.Bytes += int64(grown)
		p.Syscalls = p.Bytes >> 18
		l.moved[l.path], l.at = p, l.at.Add(grown)
	}
	for name, p := range l.moved {
		t.Paths[name] = p
		t.CPU += time.Duration(p.Bytes / 5)
	}
	return t
}

func (l *pretendLoad) paths() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.set)
}

func loadConfig(l *pretendLoad) Config {
	return Config{Broker: fakeBroker{[]Topic{{Name: labTopic, FetchPath: "sendfile"}}}, Traffic: l.traffic, Load: l, SampleEvery: time.Hour}
}

// hearLoad takes messages until the load stands as wanted.
func hearLoad(t *testing.T, conn *websocket.Conn, want func(templates.LoadState) bool) templates.LoadState {
	t.Helper()
	for {
		m := hear(t, conn)
		if m.Type == "error" {
			t.Fatalf("%s", m.Body)
		}
		if m.Type != "live.load" {
			continue
		}
		var s templates.LoadState
		if err := m.Decode(&s); err != nil {
			t.Fatal(err)
		}
		if want(s) {
			return s
		}
	}
}

// A load runs, is flipped and stopped; each path has its medians, the charts have
// their marks, and the topic has its own setting again.
func TestLoadIsFlippedAndPutsThePathBack(t *testing.T) {
	l := &pretendLoad{}
	s, url := serveLive(t, loadConfig(l))
	conn := follow(t, url+"/ws")
	say(t, conn, `{"v":1,"type":"live.load.start","id":"r1","body":{"seconds":30}}`)
	hearLoad(t, conn, func(s templates.LoadState) bool { return s.Phase == "running" && s.Path == "sendfile" })
	hearLoad(t, conn, func(s templates.LoadState) bool { return len(s.Rows) == 1 && s.Rows[0].Path == "sendfile" })
	say(t, conn, `{"v":1,"type":"live.path","id":"r2","body":{"topic":"copyscope-lab","path":"read-write"}}`)
	hearLoad(t, conn, func(s templates.LoadState) bool { return s.Path == "read-write" && len(s.Rows) == 2 })
	say(t, conn, `{"v":1,"type":"live.load.stop","id":"r3"}`)
	done := hearLoad(t, conn, func(s templates.LoadState) bool { return s.Phase == "done" })
	if done.Congestion != "cubic" || len(done.Rows) != 2 || done.Rows[0].Path != "read-write" {
		t.Errorf("it ended as %+v", done)
	}
	for _, r := range done.Rows {
		if r.Cost != "200 ms/GB" || r.Calls != "4" || r.Switches != "8" || !strings.HasSuffix(r.Rate, "B/s") || r.Intervals == 0 {
			t.Errorf("row %+v", r)
		}
	}
	if got := fmt.Sprint(l.paths()); got != "[sendfile read-write ]" {
		t.Errorf("the path was set to %s", got)
	}
	var kinds []string
	for _, m := range s.live.past.body().Marks {
		kinds = append(kinds, m.Kind+" "+m.Path)
	}
	if got := strings.Join(kinds, ", "); got != "begin sendfile, path read-write, end sendfile" {
		t.Errorf("marks %s", got)
	}
}

// In turns every path serves for its part.
func TestLoadInTurns(t *testing.T) {
	l := &pretendLoad{}
	_, url := serveLive(t, loadConfig(l))
	conn := follow(t, url+"/ws")
	say(t, conn, `{"v":1,"type":"live.load.start","id":"r1","body":{"seconds":4,"turns":true}}`)
	done := hearLoad(t, conn, func(s templates.LoadState) bool { return s.Phase == "done" })
	if got := fmt.Sprint(l.paths()); got != "[read-write mmap-write sendfile splice ]" || len(done.Rows) != 4 {
		t.Errorf("the path was set to %s, rows %+v", got, done.Rows)
	}
}

// The server ends a load that is under way, and puts the path back before it does.
func TestLoadEndsWithTheServer(t *testing.T) {
	l := &pretendLoad{}
	s, url := serveLive(t, loadConfig(l))
	conn := follow(t, url+"/ws")
	say(t, conn, `{"v":1,"type":"live.load.start","id":"r1","body":{}}`)
	hearLoad(t, conn, func(s templates.LoadState) bool { return s.Phase == "running" })
	began := time.Now()
	s.Close()
	if got := l.paths(); time.Since(began) > 3*time.Second || got[len(got)-1] != "" {
		t.Errorf("after %v the path was set to %v", time.Since(began), got)
	}
}

func TestLoadThatIsRefused(t *testing.T) {
	l := &pretendLoad{}
	_, url := serveLive(t, loadConfig(l))
	conn := dial(t, url+"/ws")
	for _, c := range []struct{ name, kind, body, code string }{
		{"too long", "live.load.start", `{"seconds":61}`, "field"},
		{"no such topic", "live.load.start", `{"topic":"nothing"}`, "topic"},
		{"a path into the file system", "live.load.start", `{"topic":"../etc"}`, "topic"},
		{"none to stop", "live.load.stop", `{}`, "stop"},
		{"no such path", "live.path", `{"topic":"copyscope-lab","path":"io-uring"}`, "field"},
		{"the path of no topic", "live.path", `{"topic":"nothing","path":"splice"}`, "topic"},
	} {
		t.Run(c.name, func(t *testing.T) {
			say(t, conn, `{"v":1,"type":"`+c.kind+`","id":"r1","body":`+c.body+`}`)
			m := hear(t, conn)
			var p Problem
			if err := m.Decode(&p); err != nil || m.Type != "error" || p.Code != c.code || p.Remedy == "" {
				t.Errorf("%s %s, %v; want an error %s", m.Type, m.Body, err, c.code)
			}
		})
	}
	say(t, conn, `{"v":1,"type":"live.load.start","id":"r2","body":{"seconds":20}}`)
	if m := hear(t, conn); m.Type != "live.load.started" {
		t.Fatalf("%s %s", m.Type, m.Body)
	}
	other := dial(t, url+"/ws")
	say(t, other, `{"v":1,"type":"live.load.start","id":"r3","body":{}}`)
	if m := hear(t, other); m.Type != "error" || !strings.Contains(string(m.Body), "busy") {
		t.Errorf("a second load: %s %s", m.Type, m.Body)
	}
	t.Run("pages that others can reach", func(t *testing.T) {
		config := loadConfig(l)
		config.Addr = "192.0.2.1:8080"
		s := newServer(t, config)
		for _, handle := range []HandlerFunc{s.live.startLoad, s.live.stopLoad, s.live.flipPath} {
			err := handle(t.Context(), nil, Message{Body: []byte(`{}`)})
			if p, ok := err.(Problem); !ok || p.Code != "local" {
				t.Errorf("%v, want it refused", err)
			}
		}
		if html := body(t, ask(s, "GET", "/live?lang=en", nil)); strings.Contains(html, `id="load"`) {
			t.Error("the page offers a load")
		}
	})
}

// What goes wrong is told in the reader's language.
func TestLoadThatFails(t *testing.T) {
	_, url := serveLive(t, loadConfig(&pretendLoad{fill: errors.New("copyscope bench produce: exit status 1")}))
	conn := follow(t, url+"/ws")
	say(t, conn, `{"v":1,"type":"live.load.start","id":"r1","body":{}}`)
	failed := hearLoad(t, conn, func(s templates.LoadState) bool { return s.Phase == "failed" })
	if !strings.Contains(failed.Error.English, "exit status 1") || !strings.Contains(failed.Error.Chinese, "：") {
		t.Errorf("it says %+v", failed.Error)
	}
}

// An interval in which two paths served, or next to nothing, is of neither.
func TestTallyLeavesOutMixedIntervals(t *testing.T) {
	var tally loadTally
	was := Traffic{}
	mixed := Traffic{Paths: map[string]PathTraffic{"sendfile": {Bytes: 1 << 30}, "splice": {Bytes: 1 << 30}}}
	little := Traffic{Paths: map[string]PathTraffic{"sendfile": {Bytes: 100}}}
	tally.add(was, mixed, time.Second)
	tally.add(was, little, time.Second)
	tally.add(was, was, time.Second)
	if rows := tally.rows([]string{"sendfile", "splice"}); len(rows) != 0 {
		t.Errorf("rows %+v", rows)
	}
}
