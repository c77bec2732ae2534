//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"copyscope/internal/selfsigned"
	"copyscope/internal/served"
)

// soak is one run.
type soak struct {
	settings
	progress io.Writer
	book     *ledger
	rate     *pace
	server   *served.Server
	says     saying
	trust    *tls.Config
	http     *http.Client
	pages    []*page
	room     string // the path of the talk's audience
	desk     string // the speaker's link

	began       time.Time
	took        time.Duration // of the load
	samples     []sample
	before      held
	after       held
	left        []string           // what is open then, if more is than before
	cpuUsed     float64            // share of the machine, after the pace was found
	carried     map[string]float64 // bytes by each fetch path
	cleanings   float64            // of compacted partitions
	interrupted bool
}

// held is what must come back.
type held struct {
	Goroutines float64 `json:"goroutines"`
	// Descriptors are all but those of pipes, which are Pipes, and of the files of the
	// broker's own topics, which nobody can delete.
	Descriptors float64 `json:"descriptors"`
	Pipes       float64 `json:"pipe_descriptors"`
	// Waited is how long it took, in seconds.
	Waited float64 `json:"waited_seconds"`
}

func newSoak(s settings, progress io.Writer) *soak {
	return &soak{settings: s, progress: progress, book: newLedger(), rate: newPace(s.pace), carried: map[string]float64{},
		http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
}

// saying keeps what the server logs: at its level, error, it is to log nothing.
type saying struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *saying) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *saying) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.FieldsFunc(s.text.String(), func(r rune) bool { return r == '\n' })
}

// properties keep the disk small, and let a state that time bounds get to its bound
// in the first quarter of two hours.
const properties = `log.retention.check.interval.ms=5000
log.segment.bytes=1048576
log.cleaner.backoff.ms=1000
log.cleaner.dedupe.buffer.size=4194304
producer.id.expiration.ms=600000
group.consumer.min.heartbeat.interval.ms=1000
group.consumer.heartbeat.interval.ms=1000
`

func (s *soak) run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "copyscope-soak-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s.say("building the server")
	binary, err := served.Build(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, binary.Remove()) }()
	if err := s.serve(ctx, binary, dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.server.Stop()) }()
	s.say("warming up: what is made once is made")
	if err := s.warmUp(ctx); err != nil {
		return err
	}
	if s.before, err = s.settle(ctx, held{}); err != nil {
		return err
	}
	codes, err := s.countAnswers(ctx, nil)
	if err != nil {
		return err
	}
	clear(s.carried)
	if err := s.makeTopics(ctx); err != nil {
		return err
	}
	closePages, err := s.openPages()
	if err != nil {
		return err
	}
	defer closePages()
	if err := s.underLoad(ctx); err != nil {
		return err
	}
	s.interrupted = ctx.Err() != nil
	// What follows is done after a Ctrl-C, too: what was left behind is the question.
	ctx = context.WithoutCancel(ctx)
	if _, err := s.countAnswers(ctx, codes); err != nil {
		return err
	}
	s.book.close()
	s.say("closing: everything is to come back to what it was")
	closePages()
	if err := s.deleteAll(ctx); err != nil {
		return err
	}
	if s.after, err = s.settle(ctx, s.before); err != nil {
		return err
	}
	if !s.after.within(s.before) {
		s.left, err = openFiles(s.server.PID(), s.server.Data)
	}
	return err
}

func (s *soak) say(format string, args ...any) {
	fmt.Fprintf(s.progress, "%s  %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

func (s *soak) serve(ctx context.Context, binary *served.Binary, dir string) error {
	config := filepath.Join(dir, "server.properties")
	trust, err := selfsigned.Make(dir)
	if err != nil {
		return err
	}
	if err := os.WriteFile(config, []byte(properties), 0o600); err != nil {
		return err
	}
	binary.Says, s.trust = &s.says, trust.Client()
	s.server, err = binary.Serve(ctx, "--config", config, "--kafka-tls-listen", "127.0.0.1:0", "--kafka-tls-cert", trust.Certificate, "--kafka-tls-key", trust.Key, "--kafka-tls-sasl", "SCRAM-SHA-512")
	if err != nil {
		return fmt.Errorf("the server does not start: %w: %s", err, strings.Join(s.says.lines(), "; "))
	}
	return nil
}

// warmUp does once what leaves something by design: the room of a talk, which lasts
// as long as the server, the broker's own topics, a user.
func (s *soak) warmUp(ctx context.Context) error {
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{{"a talk is opened", s.openRoom}, {"a user is made", s.makeUser}, {"topics are made", s.makeTopics}, {"a transaction", s.oneTransaction}, {"a member of each group", s.oneMember},
		{"a client with TLS and SASL", func(ctx context.Context) error { return s.sealed(ctx, asTLS, password) }}, {"topics and groups are deleted", s.deleteAll}} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("before the load: %s: %w", step.name, err)
		}
	}
	return nil
}

func (s *soak) oneTransaction(ctx context.Context) error {
	cl, err := s.clientOfTransactions(0)
	if err != nil {
		return err
	}
	defer cl.Close()
	return s.transaction(ctx, cl, 10, true)
}

// oneMember reads something as a member of a group of each protocol.
func (s *soak) oneMember(ctx context.Context) error {
	var members sync.WaitGroup
	defer members.Wait()
	for _, p := range protocols {
		member, leave := context.WithTimeout(ctx, patience)
		defer leave()
		members.Go(func() { s.member(member, p.name, p.opts) })
		for s.book.times(readBy(p.name)) == 0 {
			if !rest(member, 20*time.Millisecond) {
				return fmt.Errorf("the member of the %s group has read nothing within %v", p.name, patience)
			}
		}
		leave()
	}
	return nil
}

// Bounds of the wait until goroutines and descriptors come back, and how often they
// are looked at, and stand still. Idle connections of browsers live for some seconds.
const (
	settleWithin = 90 * time.Second
	settleLooks  = 8
	settleEvery  = 250 * time.Millisecond
)

// settle waits until goroutines and descriptors are no more than they were, or, of a
// server that has not been under load, until they stand still; then they say how many
// there are.
func (s *soak) settle(ctx context.Context, before held) (held, error) {
	var now held
	still, last := 0, held{}
	for began := time.Now(); ; {
		v, err := s.lookAtServer(ctx)
		if err != nil {
			return now, err
		}
		open, err := openFiles(s.server.PID(), s.server.Data)
		if err != nil {
			return now, err
		}
		now = held{Goroutines: v["goroutines"], Waited: time.Since(began).Seconds()}
		for _, name := range open {
			switch {
			case strings.HasPrefix(name, "pipe:"):
				now.Pipes++
			case !strings.HasPrefix(name, ownTopics):
				now.Descriptors++
			}
		}
		if still++; now.Goroutines != last.Goroutines || now.Descriptors != last.Descriptors || now.Pipes != last.Pipes {
			still, last = 0, now
		}
		if before == (held{}) && still >= settleLooks || before != (held{}) && now.within(before) || time.Since(began) > settleWithin {
			return now, nil
		}
		if !rest(ctx, settleEvery) {
			return now, context.Cause(ctx)
		}
	}
}

const (
	// ownTopics is how the names of the broker's own topics begin.
	ownTopics = "__"
	// idlePipes are the descriptors of the pipes that the server keeps for its next
	// splice(2): 16 at the most (internal/host, maxIdlePipes).
	idlePipes = 32
)

func (h held) within(before held) bool {
	return h.Goroutines <= before.Goroutines && h.Descriptors <= before.Descriptors && h.Pipes <= before.Pipes+idlePipes
}

// loads are all clients and readers.
func (s *soak) loads() []load {
	all := []load{{asProducer, s.produceIdempotent}, {asTransaction, s.produceTransactions}, {asCompacted, s.produceCompacted},
		{asCatchUp, s.catchUp}, {asAdmin, s.makeAndDelete}, {asConnection, s.openAndDrop}, {asTLS, s.overTLS}, {asScraper, s.scrape}}
	for range s.viewers {
		all = append(all, load{asViewer, s.viewer})
	}
	return slices.Concat(all, s.consumeInGroups(), s.readers())
}

// must happen at least once, however short the run is.
func (s *soak) must() []string {
	all := []string{"idempotent producers opened", "transactions committed", "transactions aborted", "transactions left open, to be fenced",
		"records produced to the compacted topic", "topics made and deleted", "clients with TLS and SASL", "clients with a wrong password",
		"connections dropped in the handshake of TLS", "scrapes of /metrics", "loads and reloads of the live page", "steps in the scope", "reloads of the scope",
		"lessons played to their exercises", "loads of the speaker's page", "steps of the talk"}
	for _, p := range protocols {
		all = append(all, "joins and leaves in the "+p.name+" group", readBy(p.name))
	}
	for _, p := range paths {
		all = append(all, "catch-up reads by "+p)
	}
	for _, d := range drops {
		all = append(all, "connections dropped "+d.name)
	}
	if s.viewers > 0 {
		all = append(all, viewersSeen, "messages to viewers of the talk")
	}
	return all
}

// missing is what has not happened yet.
func (s *soak) missing() (all []string) {
	for _, work := range s.must() {
		if s.book.times(work) == 0 {
			all = append(all, work)
		}
	}
	return all
}

// underLoad runs the loads for as long as is asked, and until each kind of work
// was done once, and samples meanwhile.
func (s *soak) underLoad(ctx context.Context) error {
	working, end := context.WithCancel(ctx)
	defer end()
	s.watchConsoles(working)
	var loads sync.WaitGroup
	for _, l := range s.loads() {
		loads.Go(func() { l.run(working) })
	}
	s.began = time.Now()
	err := s.watch(working)
	s.took = time.Since(s.began)
	end()
	ended := make(chan struct{})
	go func() { loads.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(2 * patience):
		return errors.Join(err, fmt.Errorf("the clients did not end within %v", 2*patience))
	}
	for _, line := range s.says.lines() {
		s.book.note(context.WithoutCancel(ctx), asServer, errors.New(line))
	}
	return err
}

// tellEvery is how long there is no progress line at least.
const tellEvery = 5 * time.Second

// watch takes samples until the time is over.
func (s *soak) watch(ctx context.Context) error {
	paced := s.began.Add(s.lasts / 8)
	usedAt, used := s.began, 0.0
	used, err := cpuSeconds()
	if err != nil {
		return err
	}
	fixed, told := false, time.Time{}
	for next := s.began.Add(s.every); ; next = next.Add(s.every) {
		if !rest(ctx, time.Until(next)) {
			return nil // Ctrl-C: what is there is reported
		}
		now, err := s.look(ctx, s.began)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		s.samples = append(s.samples, now)
		spent, err := cpuSeconds()
		if err != nil {
			return err
		}
		at := time.Now()
		s.cpuUsed = (spent - used) / at.Sub(usedAt).Seconds() / processors()
		if at.Before(paced) && s.pace == 0 {
			s.rate.adapt(s.cpuUsed, s.cpu)
			usedAt, used = at, spent
		} else if !fixed {
			fixed, usedAt, used = true, at, spent
		}
		missing, over := s.missing(), at.Sub(s.began)-s.lasts
		if at.Sub(told) >= tellEvery {
			told = at
			_, unexpected := s.book.account()
			s.say("%v of %v: RssAnon %.1f MB, %.0f goroutines, %.0f descriptors, disk %.1f MB, %.0f %% of the machine, pace %.2f, %d unexpected errors",
				at.Sub(s.began).Round(time.Second), s.lasts, now.Values["rss_anon"]/mb, now.Values["goroutines"], now.Values["descriptors"], now.Values["disk"]/mb, 100*s.cpuUsed, s.rate.factor(), unexpected)
			if over >= 0 && len(missing) > 0 {
				s.say("the time is over, but it has not happened yet: %s", strings.Join(missing, "; "))
			}
		}
		if over >= 0 && (len(missing) == 0 || over > 5*patience) {
			return nil
		}
	}
}
