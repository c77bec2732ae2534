package web_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/broker"
	"copyscope/internal/lab"
	"copyscope/internal/talk"
	"copyscope/internal/talkfeed"
	"copyscope/web"
)

// feedToken is the speaker's, at all servers of a test.
const feedToken = "FEEDFEEDFEEDFEEDFEEDFEED"

// openBroker serves a broker at an address, on what is in a directory.
func openBroker(t *testing.T, listen, dir string) (addr string, shut func()) {
	t.Helper()
	var b *broker.Broker
	var err error
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) { // its port may be just left
		if b, err = broker.Open(t.Context(), broker.Config{Listen: listen, Dir: dir}); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Serve(ctx) }()
	shut = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(shut)
	return b.PlainAddr().String(), shut
}

// replica is one of the servers of a talk.
type replica struct {
	base, addr string
	room       web.TalkRoom
	// kill ends it at once, as the end of its process would.
	kill  func()
	ended chan error
}

// join starts a server of the talk in a broker's topic.
func join(t *testing.T, kafka string, config talkfeed.Config) *replica {
	t.Helper()
	r, err := tryJoin(t, kafka, config)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func tryJoin(t *testing.T, kafka string, config talkfeed.Config) (*replica, error) {
	t.Helper()
	config.Address = talkfeed.Address{Brokers: []string{kafka}, Topic: "talk"}
	if config.Token == "" {
		config.Token = feedToken
	}
	feed, err := talkfeed.Open(t.Context(), config)
	if err != nil {
		return nil, err
	}
	t.Cleanup(feed.Close)
	base, pages, shut := serveAtWith(t, "127.0.0.1:0", web.Config{Lab: lab.New(t.TempDir()), Fronted: true, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	deck, err := talk.Load("zero-copy")
	if err != nil {
		return nil, err
	}
	r := &replica{base: base, addr: strings.TrimPrefix(base, "http://"), ended: make(chan error, 1)}
	r.kill = sync.OnceFunc(func() { shut(); feed.Close() })
	r.room, err = pages.OpenTalk(t.Context(), "zero-copy.yaml", deck, web.TalkOptions{Token: config.Token, Feed: feed, Ended: func(err error) { r.ended <- err }})
	return r, err
}

// viewer watches by way of a balancer and comes back when its server ends, as the
// page's script does. It has the offsets and the places of all steps it was sent.
type viewer struct {
	mu    sync.Mutex
	steps []step
	again int // connections after the first
}

type step struct {
	offset      int64
	slide, stop int
}

// watch watches a talk until the test ends.
func watch(t *testing.T, base, code string) *viewer {
	t.Helper()
	v := &viewer{}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		server, seen := "", int64(-1)
		for ctx.Err() == nil {
			address := "ws" + strings.TrimPrefix(base, "http") + "/t/" + code + "/ws"
			if seen >= 0 {
				address += fmt.Sprintf("?after=%s.%d", server, seen)
			}
			conn, _, err := websocket.DefaultDialer.DialContext(ctx, address, nil)
			if err != nil {
				continue
			}
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			conn.WriteMessage(websocket.TextMessage, []byte(`{"v":1,"type":"talk.hello","id":"h","body":{}}`))
			for {
				var m struct {
					Type string
					Body struct {
						Server      string
						Offset      int64
						Slide, Stop int
					}
				}
				if conn.ReadJSON(&m) != nil {
					break
				}
				v.mu.Lock()
				switch m.Type {
				case "talk.welcome":
					server = m.Body.Server
				case "talk.state":
					seen = m.Body.Offset
					v.steps = append(v.steps, step{seen, m.Body.Slide, m.Body.Stop})
				}
				v.mu.Unlock()
			}
			stop()
			conn.Close()
			v.mu.Lock()
			v.again++
			v.mu.Unlock()
		}
	}()
	return v
}

// saw waits until the last step that a viewer was sent is this one.
func (v *viewer) saw(t *testing.T, slide, stop int) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		v.mu.Lock()
		n := len(v.steps)
		if n > 0 && v.steps[n-1].slide == slide && v.steps[n-1].stop == stop {
			v.mu.Unlock()
			return
		}
		late := time.Now().After(end)
		steps := fmt.Sprint(v.steps)
		v.mu.Unlock()
		if late {
			t.Fatalf("the viewer was sent %v, and not slide %d, stop %d", steps, slide, stop)
		}
	}
}

// seen are the steps so far, and how often the viewer has come back.
func (v *viewer) seen() ([]step, int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.steps), v.again
}

func (s *seat) drive(token, desk string) {
	s.t.Helper()
	s.say("talk.hello", map[string]any{"token": token, "desk": desk})
	if m := s.hear("talk.welcome", nil); m["seat"] != "yours" {
		s.t.Fatalf("the speaker is told %v", m)
	}
}

// Three servers give one talk. What is done at one is seen at all, in one order;
// answers count once, wherever they are given; and when a server ends, those who
// watched there go on at another one, without a step missed or seen twice.
func TestTalkFromThreeServers(t *testing.T) {
	kafka, _ := openBroker(t, "127.0.0.1:0", t.TempDir())
	a, b, c := join(t, kafka, talkfeed.Config{}), join(t, kafka, talkfeed.Config{}), join(t, kafka, talkfeed.Config{})
	if a.room != b.room || a.room != c.room {
		t.Fatalf("their rooms are %v, %v, %v", a.room, b.room, c.room)
	}
	front := balance(t, a, b, c)
	var audience []*viewer
	for range 12 {
		v := watch(t, front.base, a.room.Code)
		v.saw(t, 0, 0)
		audience = append(audience, v)
	}
	speaker := takeSeat(t, a.base, a.room.Code, false)
	speaker.drive(a.room.Present, "desk")
	speaker.hear("talk.desk", func(m map[string]any) bool { return m["viewers"] == 12.0 })
	speaker.say("talk.show", map[string]int{"slide": 1})
	for _, v := range audience {
		v.saw(t, 1, 0)
	}

	// One browser has one answer, also by two servers.
	voter := takeSeat(t, b.base, a.room.Code, true)
	voter.hear("talk.state", at(1, 0))
	voter.say("talk.vote", map[string]int{"slide": 1, "choice": 2})
	voter.hear("talk.voted", nil)
	elsewhere := voter.again(c.base)
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) { // it reads the log by itself
		elsewhere.say("talk.hello", map[string]any{})
		m := elsewhere.hear("talk.welcome", nil)
		if m["choice"] == 2.0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the other server knows the answer %v", m["choice"])
		}
	}
	elsewhere.say("talk.vote", map[string]int{"slide": 1, "choice": 1})
	speaker.hear("talk.poll", func(m map[string]any) bool { return m["total"] == 1.0 && fmt.Sprint(m["counts"]) == "[0 1 0]" })

	// A clicker at another server, and the pointer and the pen across servers.
	phone, far := takeSeat(t, c.base, a.room.Code, false), takeSeat(t, b.base, a.room.Code, false)
	phone.say("talk.hello", map[string]any{"token": a.room.Click, "role": "clicker"})
	phone.hear("talk.welcome", func(m map[string]any) bool { return m["role"] == "clicker" })
	phone.say("talk.move", map[string]int{"by": 1})
	far.hear("talk.state", at(1, 1))
	speaker.say("talk.draw", map[string]any{"at": "ask", "points": []float64{.1, .2, .3, .4}})
	far.hear("talk.piece", func(m map[string]any) bool { return m["at"] == "ask" })
	for i := range 60 {
		speaker.say("talk.point", map[string]any{"on": true, "x": float64(i) / 60, "y": .5, "at": "lane-a cpu"})
	}
	far.hear("talk.pointer", func(m map[string]any) bool { return m["x"] == 59./60 })

	// The server with the speaker ends while the clicker goes on.
	const moves = 20
	for i := range moves {
		if i == moves/2 {
			a.kill()
		}
		phone.say("talk.move", map[string]int{"by": 1})
		far.hear("talk.state", nil)
	}
	back := takeSeat(t, b.base, a.room.Code, false)
	back.drive(a.room.Present, "desk") // the same page, so it has its seat
	back.say("talk.show", map[string]int{"slide": 0, "stop": 0})
	came := 0
	for _, v := range audience {
		v.saw(t, 0, 0)
		got, again := v.seen()
		if want, _ := audience[0].seen(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("a viewer was sent\n%v\nand another one\n%v", got, want)
		}
		// The beginning, one by the speaker, one by the clicker, its moves, the end.
		if len(got) != 1+1+1+moves+1 || !slices.IsSortedFunc(got, func(x, y step) int { return cmp.Compare(x.offset, y.offset) }) {
			t.Errorf("%d steps: %v", len(got), got)
		}
		if again > 0 {
			came++
		}
	}
	if came != len(audience)/3 {
		t.Errorf("%d of %d viewers came back, of three servers one has ended", came, len(audience))
	}
}

// again is the same browser at another server.
func (s *seat) again(base string) *seat {
	s.t.Helper()
	return connectSeat(s.t, base, s.code, s.jar)
}

// Commands that come to two servers at once have one order, and one seat.
func TestTalkHasOneDriverAtAllServers(t *testing.T) {
	kafka, _ := openBroker(t, "127.0.0.1:0", t.TempDir())
	a, b := join(t, kafka, talkfeed.Config{}), join(t, kafka, talkfeed.Config{})
	first, second := takeSeat(t, a.base, a.room.Code, false), takeSeat(t, b.base, b.room.Code, false)
	first.drive(a.room.Present, "one")
	second.hear("talk.driven", func(m map[string]any) bool { return m["driven"] == true })
	second.say("talk.hello", map[string]any{"token": b.room.Present, "desk": "two"})
	if m := second.hear("talk.welcome", nil); m["seat"] != "taken" {
		t.Fatalf("the second page, at another server, is told %v", m)
	}
	second.say("talk.show", map[string]int{"slide": 2})
	second.hear("error", func(m map[string]any) bool { return m["code"] == "seat" })
	second.say("talk.take", nil)
	second.hear("talk.seat", func(m map[string]any) bool { return m["seat"] == "yours" })
	first.hear("talk.seat", func(m map[string]any) bool { return m["seat"] == "taken" })
	first.say("talk.show", map[string]int{"slide": 3})
	first.hear("error", func(m map[string]any) bool { return m["code"] == "seat" })
	second.say("talk.show", map[string]int{"slide": 2, "stop": 1})
	first.hear("talk.desk", at(2, 1))
	second.hear("talk.desk", at(2, 1)) // or this server's viewer would begin where the talk began

	// Two clickers at once: at both servers their moves have one order.
	watchers := []*viewer{watch(t, a.base, a.room.Code), watch(t, b.base, b.room.Code)}
	for _, v := range watchers {
		v.saw(t, 2, 1)
	}
	const moves = 10
	var clicks sync.WaitGroup
	for i, r := range []*replica{a, b} {
		s := takeSeat(t, r.base, r.room.Code, false)
		s.say("talk.hello", map[string]any{"token": r.room.Click, "role": "clicker"})
		s.hear("talk.welcome", nil)
		clicks.Go(func() {
			for range moves {
				s.conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"v":1,"type":"talk.move","body":{"by":%d}}`, 1+i))
			}
		})
	}
	clicks.Wait()
	var sent [2][]step
	for i, v := range watchers {
		for end := time.Now().Add(patience); len(sent[i]) < 1+2*moves; time.Sleep(5 * time.Millisecond) {
			if sent[i], _ = v.seen(); time.Now().After(end) {
				t.Fatalf("after %d moves: %v", 2*moves, sent[i])
			}
		}
	}
	if fmt.Sprint(sent[0]) != fmt.Sprint(sent[1]) {
		t.Errorf("at one server\n%v\nat the other\n%v", sent[0], sent[1])
	}
}

// A server that starts late has all that was; one of another deck is refused, and so
// is one without the token.
func TestServersThatJoinLate(t *testing.T) {
	kafka, _ := openBroker(t, "127.0.0.1:0", t.TempDir())
	a := join(t, kafka, talkfeed.Config{})
	speaker, voter := takeSeat(t, a.base, a.room.Code, false), takeSeat(t, a.base, a.room.Code, true)
	speaker.drive(a.room.Present, "desk")
	speaker.say("talk.show", map[string]int{"slide": 1})
	voter.hear("talk.state", at(1, 0))
	voter.say("talk.vote", map[string]int{"slide": 1, "choice": 0})
	voter.hear("talk.voted", nil)
	speaker.say("talk.move", map[string]int{"by": 1})
	speaker.hear("talk.desk", at(1, 1))
	speaker.say("talk.draw", map[string]any{"at": "ask", "points": []float64{.5, .5}})

	late := join(t, kafka, talkfeed.Config{})
	v := takeSeat(t, late.base, late.room.Code, false)
	v.hear("talk.state", at(1, 1))
	v.hear("talk.poll", func(m map[string]any) bool { return fmt.Sprint(m["counts"]) == "[1 0 0]" })
	v.hear("talk.piece", nil)

	for _, other := range []struct {
		print talk.Print
		tells []string
	}{
		{talk.Print{Deck: "0123abcd", Runs: "x"}, []string{"another deck", "0123abcd", deckHash(t), "--new"}},
		{talk.Print{Deck: deckHash(t), Runs: "x", Version: "v7"}, []string{"other runs", "v7", "--new"}},
	} {
		feed, err := talkfeed.Open(t.Context(), talkfeed.Config{Address: talkfeed.Address{Brokers: []string{kafka}, Topic: "talk"}, Token: feedToken})
		if err != nil {
			t.Fatal(err)
		}
		_, err = feed.Join(t.Context(), other.print)
		feed.Close()
		for _, tells := range other.tells {
			if err == nil || !strings.Contains(err.Error(), tells) {
				t.Errorf("%+v: %v does not tell %q", other.print, err, tells)
			}
		}
	}

	// A new room ends the old one, at all its servers.
	fresh := join(t, kafka, talkfeed.Config{New: true})
	if fresh.room.Code == a.room.Code {
		t.Error("the new room has the old one's code")
	}
	for _, r := range []*replica{a, late} {
		if err := <-r.ended; err == nil || !strings.Contains(err.Error(), fresh.room.Code) {
			t.Errorf("the old room's server ended with %v", err)
		}
	}
}

func deckHash(t *testing.T) string {
	t.Helper()
	d, err := talk.Load("zero-copy")
	if err != nil {
		t.Fatal(err)
	}
	return d.Hash()
}

// The broker goes away and comes back: pages keep what they show and are told, steps
// are refused, and all goes on by itself.
func TestTalkWhoseFeedIsAway(t *testing.T) {
	dir := t.TempDir()
	kafka, shut := openBroker(t, "127.0.0.1:0", dir)
	a, b := join(t, kafka, talkfeed.Config{}), join(t, kafka, talkfeed.Config{})
	speaker, viewer := takeSeat(t, a.base, a.room.Code, false), takeSeat(t, b.base, b.room.Code, true)
	watched := watch(t, b.base, b.room.Code)
	speaker.drive(a.room.Present, "desk")
	speaker.say("talk.show", map[string]int{"slide": 1})
	viewer.hear("talk.state", at(1, 0))
	shut()
	lost := func(is bool) func(map[string]any) bool {
		return func(m map[string]any) bool { return m["lost"] == is }
	}
	for _, s := range []*seat{speaker, viewer} {
		s.patient().hear("talk.feed", lost(true))
	}
	speaker.say("talk.move", map[string]int{"by": 1})
	speaker.hear("error", func(m map[string]any) bool { return m["code"] == "feed" })
	viewer.say("talk.vote", map[string]int{"slide": 1, "choice": 1})
	viewer.hear("error", func(m map[string]any) bool { return m["code"] == "feed" })

	openBroker(t, kafka, dir)
	for _, s := range []*seat{speaker, viewer} {
		s.patient().hear("talk.feed", lost(false))
	}
	viewer.say("talk.vote", map[string]int{"slide": 1, "choice": 1})
	viewer.hear("talk.voted", nil)
	speaker.say("talk.move", map[string]int{"by": 1})
	viewer.hear("talk.state", at(1, 1))
	watched.saw(t, 1, 1)
	if got, _ := watched.seen(); len(got) != 3 {
		t.Errorf("the viewer was sent %v", got)
	}
}

// Who reads the topic finds no token, no cookie and no page's number there, by which
// it could drive, or answer in another's stead.
func TestTheFeedGivesNothingAway(t *testing.T) {
	kafka, _ := openBroker(t, "127.0.0.1:0", t.TempDir())
	a := join(t, kafka, talkfeed.Config{})
	speaker, voter := takeSeat(t, a.base, a.room.Code, false), takeSeat(t, a.base, a.room.Code, true)
	const desk = "number-of-the-speakers-page"
	speaker.drive(a.room.Present, desk)
	speaker.say("talk.show", map[string]int{"slide": 1})
	voter.hear("talk.state", at(1, 0))
	voter.say("talk.vote", map[string]int{"slide": 1, "choice": 1})
	voter.hear("talk.voted", nil)
	const points = 60
	hand := time.NewTicker(10 * time.Millisecond) // slower than the most that a room takes
	defer hand.Stop()
	for i := range points {
		<-hand.C
		speaker.say("talk.point", map[string]any{"on": true, "x": float64(i) / points, "y": .5, "at": "ask"})
	}
	speaker.hear("talk.pointer", func(m map[string]any) bool { return m["x"] == float64(points-1)/points })

	client, err := kgo.NewClient(kgo.SeedBrokers(kafka), kgo.ConsumeTopics("talk"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	read := ""
	for !strings.Contains(read, fmt.Sprintf(`"x":%v`, float64(points-1)/points)) { // the last of it
		for _, r := range client.PollFetches(t.Context()).Records() {
			read += string(r.Key) + string(r.Value)
			for _, h := range r.Headers {
				read += h.Key + string(h.Value)
			}
		}
	}
	if n := strings.Count(read, `"kind":"point"`); n > points/3 {
		t.Errorf("%d records of a pointer that has moved %d times", n, points)
	}
	base, err := url.Parse(a.base + "/t/")
	if err != nil {
		t.Fatal(err)
	}
	cookies := voter.jar.Cookies(base)
	if len(cookies) == 0 {
		t.Fatal("the voter has no cookie")
	}
	for name, secret := range map[string]string{"speaker's token": a.room.Present, "clicker's token": a.room.Click, "voter's cookie": cookies[0].Value, "page's number": desk} {
		if len(secret) < 20 || strings.Contains(read, secret) {
			t.Errorf("the %s, %q, is in the topic", name, secret)
		}
	}
}

// Behind a proxy pages answer to the public name, and to no other; a request from
// this host may be anybody's there, so it may do no more than one from elsewhere.
func TestPublicAddress(t *testing.T) {
	_, pages, _ := serveAtWith(t, "127.0.0.1:0", web.Config{Lab: lab.New(t.TempDir()), Fronted: true, Public: "https://talk.example.org"})
	deck, err := talk.Load("zero-copy")
	if err != nil {
		t.Fatal(err)
	}
	room, err := pages.OpenTalk(t.Context(), "zero-copy.yaml", deck, web.TalkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, host, path, origin string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(method, path, strings.NewReader("deck=zero-copy"))
		r.Host = host
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		pages.Handler().ServeHTTP(w, r)
		return w
	}
	if w := ask("GET", "talk.example.org", room.AudiencePath(), "https://talk.example.org"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "https://talk.example.org/t/"+room.Code) {
		t.Errorf("by the public name: %d, and the link is not in the page", w.Code)
	}
	for host, status := range map[string]int{"other.example.org": http.StatusMisdirectedRequest, "talk.example.org.evil.example": http.StatusMisdirectedRequest, "127.0.0.1:80": http.StatusOK} {
		if w := ask("GET", host, room.AudiencePath(), ""); w.Code != status {
			t.Errorf("by the name %s: %d, not %d", host, w.Code, status)
		}
	}
	if w := ask("GET", "talk.example.org", room.AudiencePath(), "https://evil.example"); w.Code != http.StatusForbidden {
		t.Errorf("from another site: %d", w.Code)
	}
	if w := ask("POST", "127.0.0.1:80", "/talk/start", "http://127.0.0.1:80"); w.Code != http.StatusForbidden {
		t.Errorf("a talk is opened by way of the proxy: %d", w.Code)
	}
	for _, bad := range []string{"talk.example.org", "ftp://x", "https://", "https://u:p@x", "https://x/talk", "https://x?y", "https://x#y"} {
		if _, err := web.ParsePublic(bad); err == nil {
			t.Errorf("%q is a public address", bad)
		}
	}
}
