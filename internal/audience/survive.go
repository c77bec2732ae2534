//go:build linux

package audience

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

// Loss is what is to be done with a talk that several servers give: the audience
// watches by way of a balancer, the speaker's page is connected to one of the servers,
// and that one is killed in the middle of the steps.
type Loss struct {
	Viewers, Steps int
	Every          time.Duration // between two steps
	// Front is the balancer, Server the one that is killed, as HOST:PORT, and PID its
	// process.
	Front, Server string
	PID           int
	// Code is the talk's, Token the speaker's.
	Code, Token string
}

// Survived are what came of it.
type Survived struct {
	// Lost is how many viewers the killed server had. P50, P99 and Max are of the time
	// from the kill until such a viewer has a message from another server.
	Lost          int
	P50, P99, Max time.Duration
	// Speaker is how long the speaker's page took until its next step was taken.
	Speaker time.Duration
	// StepP50 and StepP99 are of the time from when a step was sent until a viewer had
	// it, but for the step under way at the kill.
	StepP50, StepP99 time.Duration
	// Missed, Twice and Disordered are steps of single viewers.
	Missed, Twice, Disordered int
}

const lossArgument = "-loss"

// Survive has a second process be the audience, and kill.
func Survive(ctx context.Context, l Loss) (s Survived, err error) {
	raise()
	text, err := json.Marshal(l)
	if err != nil {
		return s, err
	}
	child := exec.CommandContext(ctx, "/proc/self/exe", lossArgument, string(text))
	child.Stderr = os.Stderr
	out, err := child.Output()
	if err != nil {
		return s, errors.Join(err, context.Cause(ctx))
	}
	return s, json.Unmarshal(out, &s)
}

// survivor is a viewer who comes back, as the pages' script does.
type survivor struct {
	mu    sync.Mutex
	revs  []uint64 // of the steps, as they came
	at    map[uint64]time.Time
	back  time.Time // when a connection after the first one brought its first message
	fault error
}

// A page's first try after a loss comes between these, and then its pauses double.
const (
	soonest   = 100 * time.Millisecond
	spread    = 1500 * time.Millisecond
	firstWait = 500 * time.Millisecond
)

func pause(failures int) time.Duration {
	if failures == 0 {
		return soonest + rand.N(spread)
	}
	return time.Duration(float64(firstWait<<min(failures-1, 4)) * (.5 + rand.Float64()))
}

func socket(host, code, after string) (*websocket.Conn, error) {
	dialer := websocket.Dialer{ReadBufferSize: 512, WriteBufferSize: 512, HandshakeTimeout: 5 * time.Second}
	conn, _, err := dialer.Dial("ws://"+host+"/t/"+code+"/ws"+after, nil)
	return conn, err
}

// watch is connected until stop is closed. ready is told of the first connection.
func (w *survivor) watch(l Loss, ready *sync.WaitGroup, stop <-chan struct{}) {
	once := sync.OnceFunc(ready.Done)
	defer once()
	server, offset := "", int64(-1)
	for failures, first := 0, true; ; {
		after := ""
		if offset >= 0 {
			after = fmt.Sprintf("?after=%s.%d", server, offset)
		}
		conn, err := socket(l.Front, l.Code, after)
		if err == nil {
			failures = 0
			ended := make(chan struct{})
			go func() {
				select {
				case <-stop:
				case <-ended:
				}
				conn.Close()
			}()
			conn.WriteMessage(websocket.TextMessage, []byte(`{"v":1,"type":"talk.hello","id":"h","body":{}}`))
			once()
			w.read(conn, first, &server, &offset)
			close(ended)
			first = false
		} else if first {
			w.fault = err
			return
		}
		select {
		case <-stop:
			return
		case <-time.After(pause(failures)):
			failures++
		}
	}
}

// read takes what comes on one connection.
func (w *survivor) read(conn *websocket.Conn, first bool, server *string, offset *int64) {
	for told := first; ; told = true {
		_, text, err := conn.ReadMessage()
		now := time.Now()
		if err != nil {
			return
		}
		w.mu.Lock()
		if !told && w.back.IsZero() {
			w.back = now
		}
		switch {
		case bytes.Contains(text, []byte(`"talk.welcome"`)):
			var m struct{ Body struct{ Server string } }
			if json.Unmarshal(text, &m) == nil {
				*server = m.Body.Server
			}
		case bytes.Contains(text, []byte(`"talk.state"`)):
			rev := number(text, `"rev":`)
			*offset = int64(number(text, `"offset":`))
			w.revs = append(w.revs, rev)
			if _, known := w.at[rev]; !known {
				w.at[rev] = now
			}
		}
		w.mu.Unlock()
	}
}

// number is that after a name in a message.
func number(text []byte, name string) uint64 {
	_, rest, _ := bytes.Cut(text, []byte(name))
	end := bytes.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	n, _ := strconv.ParseUint(string(rest[:max(end, 0)]), 10, 64)
	return n
}

// lose is the second process.
func lose(text string) error {
	var l Loss
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		return err
	}
	watchers := make([]*survivor, l.Viewers)
	stop := make(chan struct{})
	var ready, done sync.WaitGroup
	for i := range watchers {
		watchers[i] = &survivor{at: map[uint64]time.Time{}}
		ready.Add(1)
		done.Go(func() { watchers[i].watch(l, &ready, stop) })
		if i%32 == 31 {
			time.Sleep(5 * time.Millisecond) // they come in one after the other
		}
	}
	ready.Wait()
	time.Sleep(time.Second)
	sent, killed, took, err := lead(l)
	if err != nil {
		return err
	}
	last := slices.Max(revsOf(sent))
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end) && !allHave(watchers, last); {
		time.Sleep(20 * time.Millisecond)
	}
	close(stop)
	done.Wait()
	s := Survived{Speaker: took}
	if err := s.take(watchers, sent, killed); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(s)
}

func revsOf(sent map[uint64]time.Time) (revs []uint64) {
	for rev := range sent {
		revs = append(revs, rev)
	}
	slices.Sort(revs)
	return revs
}

func allHave(watchers []*survivor, rev uint64) bool {
	for _, w := range watchers {
		w.mu.Lock()
		_, has := w.at[rev]
		w.mu.Unlock()
		if !has {
			return false
		}
	}
	return true
}

// take counts what each viewer was sent.
func (s *Survived) take(watchers []*survivor, sent map[uint64]time.Time, killed time.Time) error {
	var back, all []time.Duration
	revs := revsOf(sent)
	under, _ := slices.BinarySearchFunc(revs, killed, func(rev uint64, at time.Time) int { return sent[rev].Compare(at) })
	for i, w := range watchers {
		if w.fault != nil {
			return fmt.Errorf("viewer %d: %w", i, w.fault)
		}
		if !w.back.IsZero() {
			back = append(back, w.back.Sub(killed))
		}
		for j, rev := range revs {
			at, has := w.at[rev]
			switch {
			case !has:
				s.Missed++
			case j != under && j != under-1:
				all = append(all, at.Sub(sent[rev]))
			}
		}
		for j := 1; j < len(w.revs); j++ {
			switch {
			case w.revs[j] == w.revs[j-1]:
				s.Twice++
			case w.revs[j] < w.revs[j-1]:
				s.Disordered++
			}
		}
	}
	s.Lost = len(back)
	if s.Lost == 0 {
		return errors.New("the server that was killed had no viewers: the balancer leads them elsewhere")
	}
	slices.Sort(back)
	slices.Sort(all)
	s.P50, s.P99, s.Max = share(back, .5), share(back, .99), back[len(back)-1]
	s.StepP50, s.StepP99 = share(all, .5), share(all, .99)
	return nil
}

// speaker is the speaker's page: it drives, and comes back when its server ends.
type speaker struct {
	Loss
	host string
	conn *websocket.Conn
	rev  uint64 // of the last state it was told
}

// lead takes the steps, and kills before the middle one. It tells when each was sent,
// by the rev of its state, and how long the one after the kill took.
func lead(l Loss) (sent map[uint64]time.Time, killed time.Time, took time.Duration, err error) {
	sp := &speaker{Loss: l, host: l.Server}
	if err := sp.come(); err != nil {
		return nil, killed, 0, err
	}
	defer func() { sp.conn.Close() }()
	sent = map[uint64]time.Time{}
	for i := range l.Steps {
		at := time.Now()
		if i == l.Steps/2 {
			if err := syscall.Kill(l.PID, syscall.SIGKILL); err != nil {
				return nil, killed, 0, fmt.Errorf("kill -9 %d: %w", l.PID, err)
			}
			killed, sp.host = at, l.Front
		}
		if err := sp.step(1 - 2*(i/30%2)); err != nil {
			return nil, killed, 0, err
		}
		sent[sp.rev] = at
		if i == l.Steps/2 {
			took = time.Since(at)
		}
		time.Sleep(l.Every - time.Since(at))
	}
	return sent, killed, took, nil
}

// come connects and takes the seat.
func (s *speaker) come() (err error) {
	for failures := 0; ; failures++ {
		if s.conn, err = socket(s.host, s.Code, "?speaker"); err == nil {
			break
		}
		if failures == 8 {
			return err
		}
		time.Sleep(pause(failures))
	}
	if err := s.say("talk.hello", map[string]string{"token": s.Token, "desk": "desk-of-the-bench"}); err != nil {
		return err
	}
	seat := ""
	if rev := s.hear(func(kind string, body told) bool { seat = body.Seat; return kind == "talk.welcome" }); rev < 0 || seat != "yours" {
		return fmt.Errorf("the speaker's page has not got its seat, but %q", seat)
	}
	return nil
}

func (s *speaker) say(kind string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return s.conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"v":1,"type":%q,"id":"s","body":%s}`, kind, text))
}

// told is what the speaker's page reads of its messages.
type told struct {
	Rev           uint64
	Seat, Message string
}

// hear reads until a message fits, and gives its rev; −1: the connection has ended.
func (s *speaker) hear(fits func(kind string, body told) bool) int64 {
	for {
		var m struct {
			Type string
			Body told
		}
		s.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		if s.conn.ReadJSON(&m) != nil {
			return -1
		}
		if strings.HasPrefix(m.Type, "talk.") && fits(m.Type, m.Body) {
			s.rev = max(s.rev, m.Body.Rev)
			return int64(m.Body.Rev)
		}
	}
}

// step goes on, on a new connection if the old one has ended. A step that was taken
// before that is not taken twice: the room says where it is.
func (s *speaker) step(by int) error {
	for from := s.rev; ; {
		if s.say("talk.move", map[string]int{"by": by}) == nil && s.hear(func(kind string, body told) bool { return kind == "talk.desk" && body.Rev > from }) >= 0 {
			return nil
		}
		s.conn.Close()
		time.Sleep(pause(0))
		if err := s.come(); err != nil {
			return err
		}
		if s.rev > from {
			return nil
		}
	}
}
