//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
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
	at   map[uint64]time.Time
}

// watch is the audience and the speaker of a plan.
func watch(text string) {
	var p plan
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		log.Fatal(err)
	}
	begun := time.Now()
	watchers := make([]*watcher, p.Viewers)
	var done, connected sync.WaitGroup
	const together = 32 // connect at a time
	turns := make(chan struct{}, together)
	for i := range watchers {
		connected.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			w := &watcher{conn: dial(p), at: map[uint64]time.Time{}}
			watchers[i] = w
		})
	}
	connected.Wait()
	for i, w := range watchers {
		if i >= p.Deaf { // the others never read
			done.Go(w.read)
		}
	}
	out := json.NewEncoder(os.Stdout)
	f := figures{Connect: time.Since(begun)}
	out.Encode(f)
	time.Sleep(time.Second)
	sent := drive(p)
	time.Sleep(time.Second)
	f.figuresOf(p, sent, watchers[p.Deaf:])
	out.Encode(f)
	io.Copy(io.Discard, os.Stdin) // until the server has been looked at
	for _, w := range watchers {
		w.conn.Close()
	}
	done.Wait()
}

func dial(p plan) *websocket.Conn {
	dialer := websocket.Dialer{ReadBufferSize: 512, WriteBufferSize: 512}
	conn, _, err := dialer.Dial("ws://"+p.Address+"/t/"+p.Code+"/ws", nil)
	if err != nil {
		log.Fatal(err)
	}
	return conn
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
			if _, known := w.at[n]; !known {
				w.at[n] = now
			}
		}
	}
}

// drive steps the talk and says when each state was sent.
func drive(p plan) map[uint64]time.Time {
	conn := dial(p)
	say := func(kind string, body any) {
		text, _ := json.Marshal(body)
		if err := conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"v":1,"type":%q,"body":%s}`, kind, text)); err != nil {
			log.Fatal(err)
		}
	}
	revs := make(chan uint64, 1024)
	go func() {
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
	}()
	say("talk.hello", map[string]string{"token": p.Token, "desk": "bench"})
	time.Sleep(500 * time.Millisecond)
	stop := make(chan struct{})
	var pointing sync.WaitGroup
	var mu sync.Mutex // for the connection
	if p.Pointer {
		pointing.Go(func() {
			tick := time.NewTicker(time.Second / 30)
			defer tick.Stop()
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				case <-tick.C:
					mu.Lock()
					say("talk.point", map[string]any{"on": true, "x": float64(i%100) / 100, "y": .5})
					mu.Unlock()
				}
			}
		})
	}
	for len(revs) > 0 {
		<-revs
	}
	sent := map[uint64]time.Time{}
	last := uint64(0)
	for i := range p.Steps {
		mu.Lock()
		at := time.Now()
		say("talk.move", map[string]int{"by": 1 - 2*(i/30%2)})
		mu.Unlock()
		for rev := range revs {
			if rev > last {
				sent[rev], last = at, rev
				break
			}
		}
		time.Sleep(p.Every - time.Since(at))
	}
	close(stop)
	pointing.Wait()
	return sent
}

// figuresOf tells how long the steps took.
func (f *figures) figuresOf(p plan, sent map[uint64]time.Time, watchers []*watcher) {
	var all, whole []time.Duration
	for rev, at := range sent {
		longest := time.Duration(0)
		for _, w := range watchers {
			got, ok := w.at[rev]
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
	share := func(of []time.Duration, part float64) time.Duration {
		if len(of) == 0 {
			return 0
		}
		return of[min(len(of)-1, int(part*float64(len(of))))]
	}
	f.P50, f.P99, f.StepP99 = share(all, .5), share(all, .99), share(whole, .99)
}
