package web_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"copyscope/internal/lab"
	"copyscope/internal/talk"
	"copyscope/web"
)

// talkServer serves a talk on a loopback port; shut ends it early.
func talkServer(t *testing.T, code, token string) (base string, room web.TalkRoom, shut func()) {
	t.Helper()
	base, pages, shut := serveAt(t, "127.0.0.1:0")
	deck, err := talk.Load("zero-copy")
	if err != nil {
		t.Fatal(err)
	}
	room, err = pages.OpenTalk(t.Context(), "zero-copy.yaml", deck, web.TalkOptions{Code: code, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	return base, room, shut
}

func serveAt(t *testing.T, addr string) (base string, pages *web.Server, shut func()) {
	t.Helper()
	return serveAtWith(t, addr, web.Config{Lab: lab.New(t.TempDir())})
}

func serveAtWith(t *testing.T, addr string, config web.Config) (base string, pages *web.Server, shut func()) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	if addr != "127.0.0.1:0" {
		server.Listener.Close()
		listener := listen(t, addr)
		server.Listener = listener
	}
	config.Addr, config.Version = server.Listener.Addr().String(), "test"
	pages, err := web.New(config)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = pages.Handler()
	server.Start()
	ended := false
	shut = func() {
		if !ended {
			ended = true
			pages.Close()
			server.CloseClientConnections()
			server.Close()
		}
	}
	t.Cleanup(shut)
	return server.URL, pages, shut
}

// seat is one connection to a room.
type seat struct {
	t    *testing.T
	conn *websocket.Conn
	code string
	jar  http.CookieJar
	wait time.Duration // for a message; 5 s if zero
}

// patient is the seat of one who waits for what takes its time.
func (s *seat) patient() *seat {
	s.wait = patience
	return s
}

// takeSeat connects; a jar with the page's cookie makes it a voter.
func takeSeat(t *testing.T, base, code string, voter bool) *seat {
	t.Helper()
	var jar http.CookieJar
	if voter {
		jar, _ = cookiejar.New(nil)
		client := http.Client{Jar: jar}
		answer, err := client.Get(base + "/t/" + code)
		if err != nil || answer.StatusCode != 200 {
			t.Fatal(answer, err)
		}
		answer.Body.Close()
	}
	return connectSeat(t, base, code, jar)
}

func connectSeat(t *testing.T, base, code string, jar http.CookieJar) *seat {
	t.Helper()
	dialer := *websocket.DefaultDialer
	dialer.Jar = jar
	conn, _, err := dialer.Dial("ws"+strings.TrimPrefix(base, "http")+"/t/"+code+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &seat{t: t, conn: conn, code: code, jar: jar}
}

func (s *seat) say(kind string, body any) {
	s.t.Helper()
	b, _ := json.Marshal(body)
	if err := s.conn.WriteJSON(map[string]any{"v": 1, "type": kind, "id": kind, "body": json.RawMessage(b)}); err != nil {
		s.t.Fatal(err)
	}
}

// hear waits for a message of a kind for which fits is true.
func (s *seat) hear(kind string, fits func(m map[string]any) bool) map[string]any {
	s.t.Helper()
	s.conn.SetReadDeadline(time.Now().Add(cmp.Or(s.wait, 5*time.Second)))
	var heard []string
	for {
		var m struct {
			Type string
			Body map[string]any
		}
		if err := s.conn.ReadJSON(&m); err != nil {
			s.t.Fatalf("%s: %v; heard %v", kind, err, heard)
		}
		if m.Type == kind && (fits == nil || fits(m.Body)) {
			return m.Body
		}
		heard = append(heard, fmt.Sprint(m.Type, m.Body))
	}
}

func at(slide, stop int) func(map[string]any) bool {
	return func(m map[string]any) bool { return m["slide"] == float64(slide) && m["stop"] == float64(stop) }
}

func TestTalkIsFollowed(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	speaker, phone := takeSeat(t, base, room.Code, false), takeSeat(t, base, room.Code, false)
	one, two := takeSeat(t, base, room.Code, true), takeSeat(t, base, room.Code, true)
	one.hear("talk.state", at(0, 0))
	speaker.say("talk.hello", map[string]any{"token": room.Present, "desk": "d1"})
	if m := speaker.hear("talk.welcome", nil); m["role"] != "present" || m["seat"] != "yours" {
		t.Fatalf("welcome %v", m)
	}
	speaker.say("talk.show", map[string]int{"slide": 1, "stop": 0})
	one.hear("talk.state", at(1, 0))
	one.say("talk.vote", map[string]int{"slide": 1, "choice": 2})
	one.hear("talk.voted", nil)
	one.say("talk.vote", map[string]int{"slide": 1, "choice": 1})
	two.hear("talk.state", at(1, 0))
	two.say("talk.vote", map[string]int{"slide": 1, "choice": 1})
	speaker.hear("talk.poll", func(m map[string]any) bool {
		return m["total"] == 2.0 && fmt.Sprint(m["counts"]) == "[0 2 0]" && m["right"] == 1.0
	})

	// The clicker shows the answers: only now is the audience told them.
	phone.say("talk.hello", map[string]any{"token": room.Click, "role": "clicker"})
	phone.hear("talk.welcome", func(m map[string]any) bool { return m["role"] == "clicker" })
	phone.say("talk.move", map[string]int{"by": 1})
	one.hear("talk.state", at(1, 1))
	if m := one.hear("talk.poll", nil); m["total"] != 2.0 || m["open"] != false {
		t.Errorf("the audience is told %v", m)
	}
	for _, kind := range []string{"talk.show", "talk.point", "talk.draw", "talk.wipe"} {
		phone.say(kind, map[string]any{"slide": 3, "on": true, "points": []float64{0, 0, 1, 1}})
		phone.hear("error", func(m map[string]any) bool { return m["code"] == "clicker" })
	}
	phone.say("talk.take", nil)
	phone.hear("error", func(m map[string]any) bool { return m["code"] == "audience" })

	speaker.say("talk.freeze", map[string]bool{"on": true})
	speaker.say("talk.show", map[string]int{"slide": 4, "stop": 0})
	speaker.hear("talk.desk", at(4, 0))
	one.hear("talk.state", at(1, 1)) // frozen
	speaker.say("talk.freeze", map[string]bool{"on": false})
	one.hear("talk.state", at(4, 0))

	speaker.say("talk.draw", map[string]any{"at": "ask", "points": []float64{.123456, .2, .3, .4}})
	if m := one.hear("talk.piece", nil); fmt.Sprint(m["points"]) != "[0.1235 0.2 0.3 0.4]" || m["at"] != "ask" {
		t.Errorf("drawn %v", m)
	}
	speaker.say("talk.point", map[string]any{"on": true, "x": .5, "y": .5, "at": "lane-a cpu"})
	one.hear("talk.pointer", func(m map[string]any) bool { return m["on"] == true && m["at"] == "lane-a cpu" })

	// Who comes late is shown what there is.
	late := takeSeat(t, base, room.Code, false)
	late.hear("talk.state", at(4, 0))
	late.hear("talk.pointer", func(m map[string]any) bool { return m["at"] == "lane-a cpu" })
	late.hear("talk.piece", nil)
}

// One page drives. Another one may take over, and the first is told. The audience
// goes on without either.
func TestTalkHasOneDriver(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	first, second, audience := takeSeat(t, base, room.Code, false), takeSeat(t, base, room.Code, false), takeSeat(t, base, room.Code, false)
	hello := func(s *seat, desk string) map[string]any {
		s.say("talk.hello", map[string]any{"token": room.Present, "desk": desk})
		return s.hear("talk.welcome", nil)
	}
	hello(first, "one")
	if m := hello(second, "two"); m["seat"] != "taken" {
		t.Fatalf("the second page is told %v", m)
	}
	second.say("talk.show", map[string]int{"slide": 2})
	second.hear("error", func(m map[string]any) bool { return m["code"] == "seat" })
	second.say("talk.take", nil)
	second.hear("talk.seat", func(m map[string]any) bool { return m["seat"] == "yours" })
	first.hear("talk.seat", func(m map[string]any) bool { return m["seat"] == "taken" })
	second.say("talk.show", map[string]int{"slide": 2, "stop": 1})
	audience.hear("talk.state", at(2, 1))
	second.conn.Close()
	audience.hear("talk.driven", func(m map[string]any) bool { return m["driven"] == false })

	// The page that slept has its seat again, also while its old connection still
	// looks alive.
	again := takeSeat(t, base, room.Code, false)
	if m := hello(again, "two"); m["seat"] != "yours" {
		t.Errorf("the page that came back is told %v", m)
	}
	twice := takeSeat(t, base, room.Code, false)
	if m := hello(twice, "two"); m["seat"] != "yours" {
		t.Errorf("the page that woke up is told %v", m)
	}
	again.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	for {
		if _, _, err := again.conn.ReadMessage(); err != nil {
			if !websocket.IsCloseError(err, 4000) {
				t.Errorf("its old connection ends with %v", err)
			}
			break
		}
	}
}

func TestTalkRefusesTokens(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	thief := takeSeat(t, base, room.Code, false)
	const desk = "0123456789abcdef"
	speaker := takeSeat(t, base, room.Code, false)
	speaker.say("talk.hello", map[string]any{"token": room.Present, "desk": desk})
	speaker.hear("talk.welcome", nil)
	for _, kind := range []string{"talk.show", "talk.move", "talk.freeze", "talk.black", "talk.point", "talk.draw", "talk.wipe", "talk.begin", "talk.take"} {
		thief.say(kind, map[string]any{"slide": 3, "by": 1, "on": true, "points": []float64{0, 0}})
		thief.hear("error", func(m map[string]any) bool { return m["code"] == "audience" })
	}
	for range 5 {
		thief.say("talk.hello", map[string]any{"token": "wrong", "lang": "zh"})
		if m := thief.hear("error", nil); m["code"] != "token" || !strings.Contains(fmt.Sprint(m["message"]), "令牌") {
			t.Fatalf("told %v", m)
		}
	}
	// The sixth has to wait, even with the right one: else it could go on trying.
	other := takeSeat(t, base, room.Code, false)
	other.say("talk.hello", map[string]any{"token": room.Present})
	if m := other.hear("error", nil); m["code"] != "wait" {
		t.Fatalf("told %v", m)
	}
	// So has who says to be at a desk that has not shown it.
	other.say("talk.hello", map[string]any{"token": room.Present, "desk": "fedcba9876543210"})
	if m := other.hear("error", nil); m["code"] != "wait" {
		t.Fatalf("from a desk that nobody knows: told %v", m)
	}
	// The speaker's page, which has shown it before, does not: a router may give all
	// in a hall one address.
	again := takeSeat(t, base, room.Code, false)
	again.say("talk.hello", map[string]any{"token": room.Present, "desk": desk})
	again.hear("talk.welcome", func(m map[string]any) bool { return m["seat"] == "yours" })
	ask := func(token string) *http.Response {
		r, _ := http.NewRequest("GET", base+"/t/"+room.Code+"/notes", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer
	}
	if a := ask(room.Present); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Errorf("the notes answer %s", a.Status)
	}
	base, room, _ = talkServer(t, "", "")
	if a := ask("wrong"); a.StatusCode != http.StatusForbidden {
		t.Errorf("the notes answer %s", a.Status)
	}
	if a := ask(room.Present); a.StatusCode != http.StatusOK {
		t.Errorf("the notes answer %s", a.Status)
	}
}

// Whatever comes, the room goes on and says what was wrong.
func TestTalkTakesHostileMessages(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	audience := takeSeat(t, base, room.Code, false)
	says := func(code string) func(map[string]any) bool {
		return func(m map[string]any) bool { return m["code"] == code }
	}
	for text, code := range map[string]string{"": "garbage", "{": "garbage", "[]": "garbage", `{"v":1}`: "garbage", `null`: "garbage", `{"v":9,"type":"talk.show"}`: "garbage",
		`{"v":1,"type":"talk.show","body":{"slide":"x"}}`: "garbage", `{"v":1,"type":"scope.run","body":{}}`: "type", `{"v":1,"type":"talk.vote","body":{"slide":-1}}`: "closed"} {
		s := takeSeat(t, base, room.Code, true)
		s.conn.WriteMessage(websocket.TextMessage, []byte(text))
		s.hear("error", says(code))
	}
	s := takeSeat(t, base, room.Code, false)
	s.conn.WriteMessage(websocket.BinaryMessage, []byte(`{"v":1,"type":"talk.hello","body":{}}`))
	s.hear("error", says("garbage"))

	ends := func(s *seat, code int, reason string) {
		t.Helper()
		s.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		for {
			if _, _, err := s.conn.ReadMessage(); err != nil {
				if !websocket.IsCloseError(err, code) || !strings.Contains(err.Error(), reason) {
					t.Errorf("ends with %v, not with %d and %q", err, code, reason)
				}
				return
			}
		}
	}
	s.conn.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte("x"), 5000))
	ends(s, websocket.CloseMessageTooBig, "")
	vote := []byte(`{"v":1,"type":"talk.vote","body":{"slide":1}}`)
	flood := takeSeat(t, base, room.Code, true)
	for range 16 { // which are answered; those that follow are too many
		flood.conn.WriteMessage(websocket.TextMessage, vote)
		flood.hear("error", says("closed"))
	}
	for range 200 {
		flood.conn.WriteMessage(websocket.TextMessage, vote)
	}
	ends(flood, websocket.ClosePolicyViolation, "too many messages")
	audience.say("talk.hello", map[string]any{})
	audience.hear("talk.welcome", nil)
}

func TestTalkPages(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	get := func(path string, head ...string) (*http.Response, string) {
		t.Helper()
		r, _ := http.NewRequest("GET", base+path, nil)
		for i := 0; i < len(head); i += 2 {
			r.Header.Set(head[i], head[i+1])
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		b, _ := io.ReadAll(answer.Body)
		return answer, string(b)
	}
	for _, lang := range []string{"en", "zh"} {
		answer, page := get("/t/" + room.Code + "?lang=" + lang)
		for _, want := range []string{map[string]string{"en": "Zero copy in 20 minutes", "zh": "20 分钟讲清零拷贝"}[lang], "data-count=\"cpu_copies\""} {
			if !strings.Contains(page, want) {
				t.Errorf("the page in %s lacks %q", lang, want)
			}
		}
		if answer.StatusCode != 200 || strings.Contains(page, room.Present) || strings.Contains(page, "QR code, or the short link beside") || strings.Contains(page, "⟦") {
			t.Errorf("%s: the page in %s tells too much, or too little", answer.Status, lang)
		}
		var deck struct{ Runs map[string]string }
		_, block, _ := strings.Cut(page, `id="deck" type="application/json">`)
		block, _, _ = strings.Cut(block, "</script>")
		if err := json.Unmarshal([]byte(block), &deck); err != nil || len(deck.Runs) < 5 {
			t.Fatalf("%v: %d runs in %.200s", err, len(deck.Runs), block)
		}
		for scenario, address := range deck.Runs {
			answer, text := get(address)
			var run struct {
				Head   struct{ Scenario string }
				Events []struct{ Say string }
			}
			if err := json.Unmarshal([]byte(text), &run); err != nil || run.Head.Scenario != scenario || len(run.Events) == 0 || run.Events[0].Say == "" {
				t.Errorf("%s: %v, %.100s", scenario, err, text)
			}
			if !strings.Contains(answer.Header.Get("Cache-Control"), "immutable") || !answer.Uncompressed {
				t.Errorf("%s is sent with %v", address, answer.Header)
			}
			if _, plain := get(address, "Accept-Encoding", "identity"); plain != text {
				t.Errorf("%s differs without compression", address)
			}
		}
	}
	if answer, image := get("/t/" + room.Code + "/qr.svg"); answer.Header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(image, "<path") {
		t.Errorf("the QR code is %.100s", image)
	}
	for path, status := range map[string]int{"/t/zzzzzz": 404, "/t/zzzzzz/present": 404, "/t/zzzzzz/ws": 404, "/t/zzzzzz/here": 404, "/t/zzzzzz/qr.svg": 404, "/t/zzzzzz/runs/x": 404,
		"/t/" + room.Code + "/runs/../../x": 404, "/t/" + room.Code + "/runs/none": 404, "/t/" + room.Code + "/ws": 426, "/t/" + room.Code + "/here": 200,
		"/t/" + strings.ToUpper(room.Code): 200, "/talk?code=zzzzzz": 200, "/talk?code=" + room.Code: 200, "/t/%3Cscript%3E": 404} {
		if answer, _ := get(path); answer.StatusCode != status {
			t.Errorf("%s: %s", path, answer.Status)
		}
	}
}

// Opening a talk is for pages on a loopback address; a room that is gone comes
// back with the same links.
func TestTalkIsOpenedFromAPage(t *testing.T) {
	base, _, _ := serveAt(t, "127.0.0.1:0")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.PostForm(base+"/talk/start", url.Values{"deck": {"zero-copy"}})
	if err != nil {
		t.Fatal(err)
	}
	to, err := answer.Location()
	if err != nil || answer.StatusCode != http.StatusSeeOther || to.Fragment == "" || !strings.HasSuffix(to.Path, "/present") {
		t.Fatalf("%s leads to %v", answer.Status, to)
	}
	// Names of decks are those of a list, whatever lies where they would lead as paths.
	for _, name := range []string{"../../etc/passwd", "../internal/talk/decks/zero-copy", "../internal/talk/decks/zero-copy.yaml", "../decks/zero-copy", "x/../zero-copy", "./zero-copy", "zero-copy.yaml"} {
		if answer, _ := client.PostForm(base+"/talk/start", url.Values{"deck": {name}}); answer.StatusCode != http.StatusNotFound {
			t.Errorf("the deck %s: %s", name, answer.Status)
		}
		body := fmt.Sprintf(`{"code":"abcdef","token":"01234567890123456789","deck":%q}`, name)
		if answer, _ := client.Post(base+"/talk/restore", "application/json", strings.NewReader(body)); answer.StatusCode != http.StatusNotFound {
			t.Errorf("the deck %s, restored: %s", name, answer.Status)
		}
	}
	for _, body := range []string{"", "{}", `{"code":"abcdef","token":"0123456789012345678","deck":"zero-copy"}`, `{"code":"abcdef","token":"` + strings.Repeat("0", 101) + `","deck":"zero-copy"}`,
		`{"code":"abc","token":"01234567890123456789","deck":"zero-copy"}`, `{"code":"../..","token":"01234567890123456789","deck":"zero-copy"}`} {
		if answer, _ := client.Post(base+"/talk/restore", "application/json", strings.NewReader(body)); answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", body, answer.Status)
		}
	}
	code, token := strings.Split(to.Path, "/")[2], to.Fragment
	base, _, _ = serveAt(t, "127.0.0.1:0")
	body := fmt.Sprintf(`{"code":%q,"token":%q,"deck":"zero-copy"}`, code, token)
	if answer, _ := client.Post(base+"/talk/restore", "application/json", strings.NewReader(body)); answer.StatusCode != http.StatusNoContent {
		t.Fatalf("restored: %s", answer.Status)
	}
	speaker := takeSeat(t, base, code, false)
	speaker.say("talk.hello", map[string]any{"token": token, "desk": "d", "saved": map[string]any{"slide": 3, "stop": 4}})
	if m := speaker.hear("talk.welcome", nil); m["restored"] != true {
		t.Errorf("told %v", m)
	}
	speaker.hear("talk.desk", at(3, 4))
	// Another page cannot take the code with a token of its own.
	body = fmt.Sprintf(`{"code":%q,"token":"01234567890123456789","deck":"zero-copy"}`, code)
	if answer, _ := client.Post(base+"/talk/restore", "application/json", strings.NewReader(body)); answer.StatusCode == http.StatusNoContent {
		t.Error("a room was taken")
	}
}

func TestTalkIsNotOpenedFromOtherMachines(t *testing.T) {
	pages, err := web.New(web.Config{Addr: "0.0.0.0:8080", Lab: lab.New(t.TempDir())})
	if err != nil {
		t.Fatal(err)
	}
	defer pages.Close()
	for _, path := range []string{"/talk/start", "/talk/restore"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", path, strings.NewReader("deck=zero-copy"))
		r.Host = "10.0.0.1:8080"
		pages.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "copyscope talk") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// listen binds an address again that a server has just left.
func listen(t *testing.T, addr string) net.Listener {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		listener, err := net.Listen("tcp", addr)
		if err == nil {
			return listener
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// Beyond the limit one is refused politely, and nobody who is in is disturbed; a
// speaker comes in all the same, but who only says to be one is sent away.
func TestTalkIsFull(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	url := "ws" + strings.TrimPrefix(base, "http") + "/t/" + room.Code + "/ws"
	first := takeSeat(t, base, room.Code, false)
	dialer := websocket.Dialer{ReadBufferSize: 256, WriteBufferSize: 256}
	var refused *http.Response
	var audience []*websocket.Conn
	for range 4000 {
		conn, answer, err := dialer.Dial(url, nil)
		if err != nil {
			refused = answer
			break
		}
		t.Cleanup(func() { conn.Close() })
		audience = append(audience, conn)
	}
	if refused == nil || refused.StatusCode != http.StatusServiceUnavailable || refused.Header.Get("Retry-After") == "" {
		t.Fatalf("the answer is %v", refused)
	}
	for range 200 { // many come at once, and all are told
		if _, answer, err := dialer.Dial(url, nil); err == nil || answer.StatusCode != http.StatusServiceUnavailable {
			t.Fatalf("the answer is %v", answer)
		}
	}
	if answer, err := http.Get(base + "/t/" + room.Code + "/here"); err != nil || answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a page that asks is told %v", answer.Status)
	}
	in := func() *seat {
		conn, _, err := dialer.Dial(url+"?speaker", nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return &seat{t: t, conn: conn}
	}
	pretends, speaker := in(), in()
	speaker.say("talk.hello", map[string]any{"token": room.Present, "desk": "d"})
	speaker.hear("talk.welcome", func(m map[string]any) bool { return m["seat"] == "yours" })
	speaker.say("talk.show", map[string]int{"slide": 2, "stop": 1})
	first.hear("talk.state", at(2, 1))
	pretends.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		if _, _, err := pretends.conn.ReadMessage(); err != nil {
			if !websocket.IsCloseError(err, websocket.CloseTryAgainLater) {
				t.Errorf("it ends with %v", err)
			}
			break
		}
	}
	speaker.say("talk.show", map[string]int{"slide": 2, "stop": 2})
	first.hear("talk.state", at(2, 2))

	// When they have gone there is room again.
	for _, conn := range audience {
		conn.Close()
	}
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		answer, err := http.Get(base + "/t/" + room.Code + "/here")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("after the audience has gone: %s", answer.Status)
		}
	}
}
