//go:build linux

package audience

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// watcher is one viewer: it notes when it was sent each state of the talk.
type watcher struct {
	conn *websocket.Conn
	mu   sync.Mutex // for at
	at   map[uint64]time.Time
}

// watch is the audience and the speaker of a plan.
func watch(text string) error {
	var p task
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return err
	}
	begun := time.Now()
	watchers, err := connect(p)
	if err != nil {
		return err
	}
	f := Figures{Connect: time.Since(begun)}
	var done sync.WaitGroup
	for _, w := range watchers[p.Deaf:] {
		done.Go(w.read)
	}
	time.Sleep(time.Second)
	sent, err := drive(p)
	if err != nil {
		return err
	}
	time.Sleep(time.Second)
	f.take(sent, watchers[p.Deaf:])
	if err := json.NewEncoder(os.Stdout).Encode(f); err != nil {
		return err
	}
	io.Copy(io.Discard, os.Stdin) // until the server has been looked at
	for _, w := range watchers {
		w.conn.Close()
	}
	done.Wait()
	return nil
}

// connect has all viewers in the room.
func connect(p task) ([]*watcher, error) {
	watchers, errs := make([]*watcher, p.Viewers), make([]error, p.Viewers)
	var connected sync.WaitGroup
	const together = 32 // connect at a time
	turns := make(chan struct{}, together)
	for i := range watchers {
		turns <- struct{}{}
		connected.Go(func() {
			defer func() { <-turns }()
			watchers[i] = &watcher{at: map[uint64]time.Time{}}
			watchers[i].conn, errs[i] = dial(p)
		})
	}
	connected.Wait()
	return watchers, errors.Join(errs...)
}

func dial(p task) (*websocket.Conn, error) {
	dialer := websocket.Dialer{ReadBufferSize: 512, WriteBufferSize: 512}
	conn, _, err := dialer.Dial("ws://"+p.Address+"/t/"+p.Code+"/ws", nil)
	return conn, err
}

func (w *watcher) read() {
	state, rev := []byte(`"talk.state"`), []byte(`"rev":`)
	for {
		_, text, err := w.conn.ReadMessage()
		now := time.Now()
		if err != nil {
			return
		}
		if !bytes.Contains(text, state) {
			continue
		}
		_, number, _ := bytes.Cut(text, rev)
		end := bytes.IndexFunc(number, func(r rune) bool { return r < '0' || r > '9' })
		if n, err := strconv.ParseUint(string(number[:max(end, 0)]), 10, 64); err == nil {
			w.mu.Lock()
			if _, known := w.at[n]; !known {
				w.at[n] = now
			}
			w.mu.Unlock()
		}
	}
}

// drive steps the talk and says when each state was sent.
func drive(p task) (map[uint64]time.Time, error) {
	conn, err := dial(p)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var mu sync.Mutex // for the connection
	say := func(kind string, body any) error {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		return conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"v":1,"type":%q,"body":%s}`, kind, text))
	}
	revs := make(chan uint64, 1024)
	go desk(conn, revs)
	if err := say("talk.hello", map[string]string{"token": p.Token, "desk": "bench"}); err != nil {
		return nil, err
	}
	time.Sleep(500 * time.Millisecond)
	stop := make(chan struct{})
	var pointing sync.WaitGroup
	if p.Pointer {
		pointing.Go(func() { point(say, stop) })
	}
	defer func() { close(stop); pointing.Wait() }()
	for len(revs) > 0 {
		<-revs
	}
	sent := map[uint64]time.Time{}
	last := uint64(0)
	for i := range p.Steps {
		at := time.Now()
		if err := say("talk.move", map[string]int{"by": 1 - 2*(i/30%2)}); err != nil {
			return nil, err
		}
		for rev := range revs {
			if rev > last {
				sent[rev], last = at, rev
				break
			}
		}
		time.Sleep(p.Every - time.Since(at))
	}
	if len(sent) < p.Steps {
		return nil, fmt.Errorf("the server closed the speaker's connection after %d of %d steps", len(sent), p.Steps)
	}
	return sent, nil
}

// desk hears which state the speaker's desk is told.
func desk(conn *websocket.Conn, revs chan<- uint64) {
	defer close(revs)
	for {
		var m struct {
			Type string
			Body struct{ Rev uint64 }
		}
		if conn.ReadJSON(&m) != nil {
			return
		}
		if m.Type == "talk.desk" {
			revs <- m.Body.Rev
		}
	}
}

// point moves the pointer 30 times a second.
func point(say func(kind string, body any) error, stop <-chan struct{}) {
	tick := time.NewTicker(time.Second / 30)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case <-tick.C:
			if say("talk.point", map[string]any{"on": true, "x": float64(i%100) / 100, "y": .5}) != nil {
				return // the next step says why
			}
		}
	}
}

// take tells how long the steps took.
func (f *Figures) take(sent map[uint64]time.Time, watchers []*watcher) {
	var all, whole []time.Duration
	for rev, at := range sent {
		longest := time.Duration(0)
		for _, w := range watchers {
			w.mu.Lock()
			got, ok := w.at[rev]
			w.mu.Unlock()
			if !ok {
				f.Missed++
				continue
			}
			all = append(all, got.Sub(at))
			longest = max(longest, got.Sub(at))
		}
		whole = append(whole, longest)
	}
	slices.Sort(all)
	slices.Sort(whole)
	f.P50, f.P99, f.StepP99 = share(all, .5), share(all, .99), share(whole, .99)
}

// share is the value below which so large a part of the sorted ones lies.
func share(of []time.Duration, part float64) time.Duration {
	if len(of) == 0 {
		return 0
	}
	return of[min(len(of)-1, int(part*float64(len(of))))]
}
