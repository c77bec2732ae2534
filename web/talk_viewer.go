package web

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"copyscope/internal/locale"
	"copyscope/internal/talk"
)

// Limits of a room's connections. The audience says little: who it is, and what
// it predicts.
const (
	maxViewers       = 2500 // in all rooms
	maxSpeakers      = 8    // of a room: speakers' pages and clickers
	maxViewerInbound = 4 << 10
	viewerRate       = 4 // messages a second
	viewerBurst      = 16
	speakerRate      = 120 // pointer and pen send up to 30 each
	speakerBurst     = 240
	// lineLength tells the connections of a page apart: 60 bits.
	lineLength   = 12
	patienceWith = 64 // messages beyond the rate before the connection is closed
	// tokenWait is how long one that came in as a speaker may take to show its token.
	tokenWait = 3 * time.Second
	// A speaker's computer that sleeps is noticed soon: the audience waits for it.
	speakerPing = 5 * time.Second
	speakerPong = 13 * time.Second // without any sign of life
)

// talkUpgrader keeps a connection small: messages in a room are short, so it has
// no compressor, a small buffer to read and none of its own to write.
var talkUpgrader = websocket.Upgrader{
	HandshakeTimeout: 10 * time.Second,
	ReadBufferSize:   512,
	WriteBufferSize:  1024,
	WriteBufferPool:  &sync.Pool{},
	// The guard has compared Origin and Host already.
	CheckOrigin: func(*http.Request) bool { return true },
}

// viewer is one connection to a room: of the audience, a speaker's page or a
// clicker.
type viewer struct {
	room  *talkRoom
	conn  *websocket.Conn
	voter string // who answers; "" without a cookie
	from  string // the address, for tries of tokens
	lang  locale.Lang

	woken chan struct{}
	// answers are messages for this viewer alone; few, so a full queue means that
	// it asks without reading.
	answers chan []byte
	gone    chan struct{}
	// ping is how often it is asked for a sign of life, pong how long it may give none.
	ping, pong time.Duration
	leave      sync.Once
	ending     []byte // the close frame, if not a plain one

	rate    *rate.Limiter
	tooMany int

	role talk.Role // with id, under room.mu
	id   string
	seal string      // the id, as events have it
	line string      // this connection, as events have it
	desk atomic.Bool // it sees the speaker's screen
	seen seen        // the writer's
	out  []*websocket.PreparedMessage
}

// connect makes a websocket of a request for a room.
func (t *talks) connect(w http.ResponseWriter, r *http.Request) {
	room := t.find(r.PathValue("code"))
	switch {
	case room == nil:
		t.refused(w, r, http.StatusNotFound, "refused.no-talk")
		return
	case !websocket.IsWebSocketUpgrade(r):
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "this address speaks websocket only; docs/websocket.md has its messages", http.StatusUpgradeRequired)
		return
	}
	ok, extra := t.enter(r.URL.Query().Has("speaker"))
	if !ok {
		w.Header().Set("Retry-After", "10")
		http.Error(w, "as many are watching talks as this server takes; try again later", http.StatusServiceUnavailable)
		return
	}
	conn, err := talkUpgrader.Upgrade(w, r, nil)
	if err != nil { // Upgrade has answered the request
		t.exit()
		return
	}
	from, _, _ := net.SplitHostPort(r.RemoteAddr)
	ping, pong := pingEvery, pongWait
	if r.URL.Query().Has("speaker") {
		ping, pong = speakerPing, speakerPong
	}
	v := &viewer{room: room, conn: conn, voter: talk.Seal(voterOf(r)), from: from, lang: locale.Match(r.Header.Get("Accept-Language"), cookie(r, "lang"), ""),
		woken: make(chan struct{}, 1), answers: make(chan []byte, 4), gone: make(chan struct{}), ping: ping, pong: pong,
		rate: rate.NewLimiter(viewerRate, viewerBurst), seen: unseen(false), line: rand.Text()[:lineLength]}
	v.seen.step = room.after(r.URL.Query().Get("after"))
	// The handler ends here, and what the server keeps for a request with it.
	t.done.Add(2)
	go func() {
		defer t.done.Done()
		v.write(t.ctx)
	}()
	go func() {
		defer t.done.Done()
		defer t.exit()
		v.read()
		room.left(v)
	}()
	room.entered(v)
	if extra {
		time.AfterFunc(tokenWait, func() {
			if !v.desk.Load() {
				v.end(websocket.CloseTryAgainLater, "as many are watching as this server takes")
			}
		})
	}
}

// poke makes the writer look at the room.
func (v *viewer) poke() {
	select {
	case v.woken <- struct{}{}:
	default: // it will look anyway
	}
}

// end closes the connection with a reason.
func (v *viewer) end(code int, reason string) {
	v.leave.Do(func() {
		v.ending = websocket.FormatCloseMessage(code, reason)
		close(v.gone)
	})
}

// send gives the viewer a message of its own. One that never reads is let go.
func (v *viewer) send(kind, id string, body any) {
	text, err := encode(0, kind, id, body)
	if err != nil {
		v.room.log.Error("talk message", "type", kind, "err", err)
		return
	}
	select {
	case v.answers <- text:
	default:
		v.end(websocket.ClosePolicyViolation, "answers are not read")
	}
}

// write is the only writer of the connection.
func (v *viewer) write(ctx context.Context) {
	defer func() {
		v.end(websocket.CloseGoingAway, "")
		v.conn.WriteControl(websocket.CloseMessage, v.ending, time.Now().Add(time.Second))
		v.conn.SetReadDeadline(time.Now().Add(drainWait))
	}()
	ping := time.NewTicker(v.ping)
	defer ping.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-v.gone:
			return
		case text := <-v.answers:
			if err = v.deadline(); err == nil {
				err = v.conn.WriteMessage(websocket.TextMessage, text)
			}
		case <-v.woken:
			err = v.putNews()
		case <-ping.C:
			err = v.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeWait))
		}
		if err != nil {
			return
		}
	}
}

func (v *viewer) deadline() error { return v.conn.SetWriteDeadline(time.Now().Add(writeWait)) }

// putNews sends what is new in the room; answers go first, so that a welcome
// comes before what it announces.
func (v *viewer) putNews() error {
	if err := v.deadline(); err != nil {
		return err
	}
	for len(v.answers) > 0 {
		if err := v.conn.WriteMessage(websocket.TextMessage, <-v.answers); err != nil {
			return err
		}
	}
	for _, m := range v.room.news(v) {
		if err := v.conn.WritePreparedMessage(m); err != nil {
			return err
		}
	}
	return nil
}

// read takes messages until the connection ends.
func (v *viewer) read() {
	defer v.conn.Close()
	defer v.end(websocket.CloseNormalClosure, "")
	v.conn.SetReadLimit(maxViewerInbound)
	alive := func(string) error { return v.conn.SetReadDeadline(time.Now().Add(v.pong)) }
	v.conn.SetPongHandler(alive)
	alive("")
	for {
		kind, text, err := v.conn.ReadMessage()
		if errors.Is(err, websocket.ErrReadLimit) {
			v.end(websocket.CloseMessageTooBig, "a message may have 4 KiB at the most")
		}
		if err != nil {
			return
		}
		select {
		case <-v.gone:
			// It is read, so that the line is not reset before the close frame has
			// arrived, but nobody answers any more.
			continue
		default:
		}
		alive("")
		if !v.rate.Allow() {
			if v.tooMany++; v.tooMany > patienceWith {
				v.end(websocket.ClosePolicyViolation, "too many messages")
				v.conn.SetReadDeadline(time.Now().Add(drainWait))
			}
			if v.tooMany == 1 {
				v.fail("", "rate")
			}
			continue
		}
		if kind != websocket.TextMessage {
			v.fail("", "garbage")
			continue
		}
		m, err := decodeMessage(text)
		if err != nil {
			v.fail(m.ID, "garbage")
			continue
		}
		v.take(m)
	}
}

// fail tells the viewer what it did wrong: the message is talk.error.CODE, its
// remedy talk.error.CODE.remedy.
func (v *viewer) fail(id, code string, data ...any) {
	t := locale.New(v.lang)
	v.send("error", id, Problem{code, t.T("talk.error."+code, data...), t.T("talk.error."+code+".remedy", data...)})
}

// entered counts a viewer in and has it sent what the room shows.
func (r *talkRoom) entered(v *viewer) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		v.end(websocket.CloseGoingAway, "the talk has ended")
		return
	}
	r.viewers[v] = struct{}{}
	r.audience++
	r.mu.Unlock()
	v.poke()
	r.changed(headsChanged)
}

// left counts a viewer out. A talk whose speaker is away goes on.
func (r *talkRoom) left(v *viewer) {
	r.mu.Lock()
	delete(r.viewers, v)
	c := headsChanged
	if v.role == talk.Nobody {
		r.audience--
	}
	if r.driver == v {
		r.driver = nil
		c = talk.Shown
	}
	if c == talk.Shown {
		r.offer()
	}
	r.mu.Unlock()
	r.changed(c)
}

// close sends everybody away.
func (r *talkRoom) close(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for _, t := range r.due {
		t.Stop()
	}
	for v := range r.viewers {
		v.end(websocket.CloseGoingAway, reason)
	}
}
