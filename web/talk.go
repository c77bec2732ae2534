package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"

	"copyscope/internal/lab"
	"copyscope/internal/talk"
	"copyscope/internal/trace"
)

// maxRooms is how many talks may be held at once.
const maxRooms = 16

// talks are the rooms of this server.
type talks struct {
	*Server
	scope *scope
	// local: no other machine can reach the pages.
	local bool

	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu       sync.Mutex
	rooms    map[string]*talkRoom
	watching int // connections in all rooms
}

// talkRoutes needs the scope's lines of runs.
func (s *Server) talkRoutes(sc *scope) *talks {
	ctx, cancel := context.WithCancel(s.hub.ctx)
	t := &talks{Server: s, scope: sc, local: s.local(), ctx: ctx, cancel: cancel, rooms: map[string]*talkRoom{}}
	s.mux.HandleFunc("GET /talk", t.startPage)
	s.mux.HandleFunc("POST /talk/start", t.start)
	s.mux.HandleFunc("POST /talk/restore", t.restore)
	s.mux.HandleFunc("GET /t/{code}", t.audiencePage)
	s.mux.HandleFunc("GET /t/{code}/present", t.presentPage)
	s.mux.HandleFunc("GET /t/{code}/clicker", t.clickerPage)
	s.mux.HandleFunc("GET /t/{code}/notes", t.notes)
	s.mux.HandleFunc("GET /t/{code}/here", t.here)
	s.mux.HandleFunc("GET /t/{code}/qr.svg", t.qr)
	s.mux.HandleFunc("GET /t/{code}/runs/{name}", t.run)
	s.mux.HandleFunc("GET /t/{code}/talk.html", t.export)
	s.mux.HandleFunc("GET /t/{code}/ws", t.connect)
	return t
}

// close ends every talk.
func (t *talks) close() {
	t.mu.Lock()
	for _, r := range t.rooms {
		r.close("the server stops")
	}
	t.mu.Unlock()
	t.cancel()
	t.done.Wait()
}

func (t *talks) find(code string) *talkRoom {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rooms[strings.ToLower(code)]
}

// enter counts a connection in, unless there are as many as may be. Room is kept
// for speakers; extra says that this one is in it, and has to show its token.
func (t *talks) enter(speaker bool) (ok, extra bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	extra = t.watching >= maxViewers
	if extra && (!speaker || t.watching >= maxViewers+maxRooms*maxSpeakers) || t.ctx.Err() != nil {
		return false, false
	}
	t.watching++
	return true, extra
}

func (t *talks) exit() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watching--
}

// runner runs what a deck shows, in the lines that all pages wait in.
func (t *talks) runner(ctx context.Context, s lab.Scenario) (*lab.Result, error) {
	line := t.scope.sims
	if s.Side == trace.Real {
		line = t.real
	}
	leave, err := line.enter(ctx, func(int) {})
	if err != nil {
		return nil, err
	}
	defer leave()
	return t.scope.lab.Run(ctx, s, lab.Options{MaxEvents: talkEvents})
}

// TalkRoom is an open talk.
type TalkRoom struct {
	// Code is in the audience's link, /t/CODE; Present and Click are the tokens of
	// the speaker's page and of the clicker.
	Code, Present, Click string
}

// Paths of a talk's pages. A token stands after the #, which browsers send to no
// server.
func (r TalkRoom) AudiencePath() string { return "/t/" + r.Code }

// PresentPath is the speaker's page.
func (r TalkRoom) PresentPath() string { return "/t/" + r.Code + "/present#" + r.Present }

// ClickerPath is the clicker.
func (r TalkRoom) ClickerPath() string { return "/t/" + r.Code + "/clicker#" + r.Click }

// errRooms: there are as many talks as may be.
var errRooms = fmt.Errorf("%d talks are open, which is the limit: end copyscope and start it anew, or use one of them", maxRooms)

// TalkOptions say how a talk is opened.
type TalkOptions struct {
	// Code and Token are the room's; empty ones are made.
	Code, Token string
	// Feed is the log that this server shares with others; nil if it serves alone.
	// With one the token is to be given, and the code is the log's.
	Feed TalkFeed
	// Ended is told if the feed cannot be followed any more.
	Ended func(error)
	// Saved is where the talk goes on, nil at its beginning, and Keep is told of each
	// place that it comes to; it must not wait. A feed has them by itself.
	Saved *talk.Saved
	Keep  func(talk.Saved)

	shipped string // the deck's name, if a speaker's page can have the talk opened again
}

// OpenTalk runs what a deck shows, once, and opens a room for it. file is the
// deck's, for errors.
func (s *Server) OpenTalk(ctx context.Context, file string, deck *talk.Deck, o TalkOptions) (TalkRoom, error) {
	return s.talks.open(ctx, file, deck, o)
}

func (t *talks) open(ctx context.Context, file string, deck *talk.Deck, o TalkOptions) (TalkRoom, error) {
	t.mu.Lock()
	full := len(t.rooms) >= maxRooms
	t.mu.Unlock()
	if full {
		return TalkRoom{}, errRooms
	}
	runner := t.runner
	if o.Feed != nil {
		runner = t.recordedOnly
	}
	plan, err := talk.Make(ctx, file, deck, runner)
	if err != nil {
		return TalkRoom{}, err
	}
	runs, err := newTalkRuns(plan)
	if err != nil {
		return TalkRoom{}, err
	}
	code, token := cmp.Or(o.Code, talk.NewCode()), cmp.Or(o.Token, talk.NewToken())
	var joined talk.Joined
	if o.Feed != nil {
		joined, err = o.Feed.Join(ctx, talk.Print{Deck: deck.Hash(), Runs: runs.hash(), Version: t.config.Version})
		if err != nil {
			return TalkRoom{}, err
		}
		code = joined.Code
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if old := t.rooms[code]; old != nil {
		if old.tokens.Role(token) == talk.Presenter {
			return old.links(), nil // two pages asked for it at once
		}
		return TalkRoom{}, fmt.Errorf("a talk with the code %s is open: use another code", code)
	}
	if len(t.rooms) >= maxRooms {
		return TalkRoom{}, errRooms
	}
	room := newTalkRoom(plan, code, token, runs, t.config.Log)
	room.deck = o.shipped
	if o.Saved != nil {
		if err := room.BeginAt(*o.Saved); err != nil {
			t.config.Log.Warn("talk: it begins at its first slide", "why", err)
		} else {
			t.config.Log.Info("talk: it goes on where it was", "slide", o.Saved.Slide+1, "stop", o.Saved.Stop+1)
		}
	}
	room.keep = o.Keep
	room.open(joined.Begun)
	if o.Feed != nil {
		room.id, room.shared.feed, room.shared.kick = joined.Room, o.Feed, make(chan struct{}, 1)
		room.join(t, joined, o.Ended)
	}
	t.rooms[code] = room
	return room.links(), nil
}

func (r *talkRoom) links() TalkRoom {
	return TalkRoom{r.code, r.tokens.Present(), r.tokens.Click()}
}

// start opens a talk of a shipped deck and leads to its speaker's page. Only pages
// that no other machine reaches may: elsewhere copyscope talk does.
func (t *talks) start(w http.ResponseWriter, r *http.Request) {
	if !t.local {
		t.refused(w, r, http.StatusForbidden, "refused.talk-remote")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<10)
	name := r.PostFormValue("deck")
	deck, err := talk.Load(name)
	if err != nil {
		t.refused(w, r, http.StatusNotFound, "refused.talk", "Reason", err)
		return
	}
	room, err := t.open(r.Context(), name+".yaml", deck, TalkOptions{shipped: name})
	if err != nil {
		t.refuse(w, r, err)
		return
	}
	http.Redirect(w, r, room.PresentPath(), http.StatusSeeOther)
}

func (t *talks) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusInternalServerError
	if errors.Is(err, errRooms) {
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "60")
	}
	t.config.Log.Warn("talk", "path", r.URL.Path, "err", err)
	t.refused(w, r, status, "refused.talk", "Reason", err)
}

// restore opens a talk again after the server has started anew: the speaker's page
// knows its code, its token and its deck, and then says where the talk was. As
// with start, only pages that no other machine reaches may.
func (t *talks) restore(w http.ResponseWriter, r *http.Request) {
	if !t.local {
		t.refused(w, r, http.StatusForbidden, "refused.restore-remote")
		return
	}
	var asked struct{ Code, Token, Deck string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&asked); err != nil || !talk.KnownCode(asked.Code) || len(asked.Token) < minToken || len(asked.Token) > 100 {
		t.refused(w, r, http.StatusBadRequest, "refused.restore")
		return
	}
	deck, err := talk.Load(asked.Deck)
	if err != nil {
		t.refused(w, r, http.StatusNotFound, "refused.talk", "Reason", err)
		return
	}
	if _, err := t.open(r.Context(), asked.Deck+".yaml", deck, TalkOptions{Code: asked.Code, Token: asked.Token, shipped: asked.Deck}); err != nil {
		t.refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// minToken is the least length of a token that a page may bring.
const minToken = 20

// here says whether a talk is open, to a page whose connection broke: a browser
// does not tell its scripts why a websocket was refused.
func (t *talks) here(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	room := t.find(r.PathValue("code"))
	if room == nil {
		w.WriteHeader(http.StatusNotFound)
		w.Write([]byte(`{"here":false}`))
		return
	}
	t.mu.Lock()
	full := t.watching >= maxViewers
	t.mu.Unlock()
	if full {
		w.Header().Set("Retry-After", "10")
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	json.NewEncoder(w).Encode(map[string]any{"here": true, "server": room.server()})
}

// voterCookie names a browser in a talk: a number of its own that says nothing of
// who uses it.
const voterCookie = "voter"

func voterOf(r *http.Request) string {
	id := cookie(r, voterCookie)
	if len(id) != 26 { // rand.Text's
		return ""
	}
	return id
}

// knowVoter gives a browser its number.
func knowVoter(w http.ResponseWriter, r *http.Request) {
	if voterOf(r) == "" {
		http.SetCookie(w, &http.Cookie{Name: voterCookie, Value: rand.Text(), Path: "/t/", MaxAge: 24 * 3600, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	}
}

// origin is the address under which a request found this server.
func (t *talks) origin(r *http.Request) string {
	if t.config.Public != "" {
		return strings.TrimSuffix(t.config.Public, "/")
	}
	if host, port, err := net.SplitHostPort(r.Host); err == nil && t.wide() {
		// A speaker on the host itself uses loopback, which leads no phone here.
		if loopbackName(host) {
			if own := ReachableHost(); own != "" {
				return "http://" + net.JoinHostPort(own, port)
			}
		}
	}
	return "http://" + r.Host
}

// loopbackName: a host, as addresses of pages have it, is this computer to whoever asks.
func loopbackName(host string) bool {
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}

// onlyHere: an origin leads other computers to themselves.
func onlyHere(origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && loopbackName(u.Hostname())
}

// wide: the listener takes connections at every address of the host.
func (t *talks) wide() bool {
	host, _, err := net.SplitHostPort(t.config.Addr)
	ip, bad := netip.ParseAddr(host)
	return err == nil && bad == nil && ip.IsUnspecified()
}

// ReachableHost is an address of this host at which others find it, or "".
func ReachableHost() string {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return ""
	}
	for _, a := range addresses {
		n, ok := a.(*net.IPNet)
		if ok && n.IP.To4() != nil && !n.IP.IsLoopback() && !n.IP.IsLinkLocalUnicast() {
			return n.IP.String()
		}
	}
	return ""
}
