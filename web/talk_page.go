package web

import (
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"

	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/talk"
	"copyscope/internal/trace"
	"copyscope/templates"
)

// talkMessages are the prefixes of the messages that a talk's scripts show.
var talkMessages = []string{"talk.page", "talk.present", "talk.clicker", "talk.wall", "talk.error"}

// deckBlock is what the scripts know of a deck: its texts are in the page.
type deckBlock struct {
	Code   string            `json:"code"`
	Deck   string            `json:"deck"` // if it is a shipped one
	Title  string            `json:"title"`
	Slides []slideBlock      `json:"slides"`
	Runs   map[string]string `json:"runs"` // scenario → the address of its run
	Server string            `json:"server"`
}

type slideBlock struct {
	Kind    string            `json:"kind"` // text, ask or scope
	Title   string            `json:"title"`
	Stops   int               `json:"stops"`
	Steps   []int             `json:"steps,omitempty"`
	Lanes   map[string]string `json:"lanes,omitempty"`
	Align   string            `json:"align,omitempty"`
	View    string            `json:"view,omitempty"`
	Planned int64             `json:"planned"` // ms since the talk began at which the slide is to be over
}

// block is a room's deck for scripts in one language.
func (r *talkRoom) block(lang locale.Lang) deckBlock {
	plan := r.Plan()
	b := deckBlock{Code: r.code, Deck: r.deck, Title: line(plan.Title, string(lang)), Runs: map[string]string{}, Server: r.server()}
	for scenario, name := range r.runs.names[lang] {
		b.Runs[scenario] = "/t/" + r.code + "/runs/" + name
	}
	for i, s := range plan.Slides {
		b.Slides = append(b.Slides, blockOf(plan, i, s, lang))
	}
	return b
}

func blockOf(plan *talk.Plan, i int, s talk.PlannedSlide, lang locale.Lang) slideBlock {
	b := slideBlock{Kind: "text", Title: line(s.Title, string(lang)), Stops: s.Stops(), Planned: plan.Planned(i).Milliseconds()}
	switch {
	case s.Ask != nil:
		b.Kind = "ask"
	case s.Scope != nil:
		b.Kind, b.Steps, b.Align, b.View, b.Lanes = "scope", s.Steps, s.Scope.Align, s.Scope.View, map[string]string{}
		for _, l := range s.Lanes {
			b.Lanes[l.ID] = l.Wanted.String()
		}
	}
	return b
}

// slidesOf are a deck's slides in the reader's words.
func slidesOf(t *locale.Translator, plan *talk.Plan) []templates.TalkSlide {
	lang := string(t.Lang())
	var out []templates.TalkSlide
	for _, s := range plan.Slides {
		v := templates.TalkSlide{Title: line(s.Title, lang), Join: s.Join, Instead: instead(*s.Slide, lang)}
		v.Text = prose(s.Text, lang)
		for _, l := range s.Lanes {
			v.Lanes = append(v.Lanes, templates.TalkLane{ID: l.ID, Scenario: l.Result.Scenario.String(), Counts: headCounts(l.Result), Why: standIn(t, l)})
		}
		if s.Scope != nil {
			v.View = s.Scope.View
			v.Address = talkAddress(s)
		}
		if s.Ask != nil {
			v.Ask = askOf(t, s)
		}
		out = append(out, v)
	}
	return out
}

// standIn says that a recorded run stands for one that this host cannot make, and
// why; "" if none does.
func standIn(t *locale.Translator, l talk.PlannedLane) string {
	if l.Why == "" {
		return ""
	}
	return t.T("talk.recorded-instead", "Machine", l.Result.Machine, "Why", t.Sentence(l.Why))
}

// talkAddress leads to the scope with a slide's first two lanes.
func talkAddress(s talk.PlannedSlide) string {
	var parts []string
	for _, l := range s.Lanes {
		parts = append(parts, l.ID+"="+escapeScenario(l.Result.Scenario.String()))
	}
	address := "/scope?" + strings.Join(parts, "&") + "&step=0"
	if s.Scope.Align != "step" {
		address += "&align=" + s.Scope.Align
	}
	return address + "&v=1"
}

// shownCounts are what a talk's tables have: what the story is told in.
var shownCounts = []trace.CountName{trace.Syscalls, trace.ModeSwitches, trace.CPUCopies, trace.CPUCopiedBytes, trace.DMATransfers, trace.Descriptors,
	trace.UserBufferBytes, trace.ReceiverCopiedBytes, trace.CPUTime}

func headCounts(r *lab.Result) []templates.TalkCount {
	var out []templates.TalkCount
	for _, name := range shownCounts {
		c := r.Counter.Count(name)
		v := templates.TalkCount{Name: string(name), Provenance: string(c.Provenance), Reason: c.Reason}
		if c.Known() {
			v.Text = templates.Quantity(c.Value, trace.UnitOf(name))
		}
		out = append(out, v)
	}
	return out
}

func askOf(t *locale.Translator, s talk.PlannedSlide) *templates.TalkAsk {
	lang := string(t.Lang())
	a := &templates.TalkAsk{}
	a.Question = prose(s.Ask.Question, lang)
	a.Explain = prose(s.Ask.Explain, lang)
	unit := trace.Times // a number that no run decides is just that
	if s.Ask.Answer != nil {
		unit = trace.UnitOf(trace.CountName(s.Ask.Answer.Count))
	}
	for _, c := range s.Ask.Choices {
		text := line(c.Text, lang)
		if text == "" {
			text = templates.Quantity(*c.Value, unit)
		}
		a.Choices = append(a.Choices, text)
	}
	if s.Answer != nil {
		a.Provenance = string(s.Answer.Provenance)
		a.Answer = t.T("talk.page.answer", "Count", t.T("count."+s.Ask.Answer.Count), "Value", templates.Quantity(s.Answer.Value, trace.UnitOf(trace.CountName(s.Ask.Answer.Count))))
		a.Run = s.Ask.Answer.Scenario().String()
	}
	return a
}

// startPage lists the decks that are shipped, and leads to a talk by its code.
func (t *talks) startPage(w http.ResponseWriter, r *http.Request) {
	if code := strings.ToLower(strings.TrimSpace(r.URL.Query().Get("code"))); code != "" && t.find(code) != nil {
		http.Redirect(w, r, "/t/"+code, http.StatusSeeOther)
		return
	}
	p := t.pageData(w, r, "talk")
	p.Styles = []string{"talk/talk.css"}
	// Without it a browser names no site that a form was sent from.
	w.Header().Set("Referrer-Policy", "same-origin")
	d := templates.TalkStart{Code: oneLine(r.URL.Query().Get("code"), nameShown), Local: t.local}
	for _, name := range talk.Shipped() {
		deck, err := talk.Load(name)
		if err != nil {
			t.config.Log.Error("talk", "deck", name, "err", err)
			continue
		}
		d.Decks = append(d.Decks, templates.TalkDeck{Name: name, Title: line(deck.Title, string(p.Lang())),
			Slides: len(deck.Slides), Minutes: int(deck.Planned(len(deck.Slides) - 1).Minutes())})
	}
	t.render(w, r, http.StatusOK, templates.Talk(p, d))
}

// room is the room that an address names; if there is none, the page that says so
// is written.
func (t *talks) room(w http.ResponseWriter, r *http.Request) *talkRoom {
	code := r.PathValue("code")
	if lower := strings.ToLower(code); lower != code && t.find(lower) != nil {
		http.Redirect(w, r, strings.Replace(r.URL.RequestURI(), code, lower, 1), http.StatusFound)
		return nil
	}
	room := t.find(code)
	if room == nil {
		p := t.pageData(w, r, "talk-gone", talkMessages...)
		p.Styles = []string{"talk/talk.css"}
		p.Modules = []string{"talk/gone.js"}
		t.render(w, r, http.StatusNotFound, templates.TalkGone(p, oneLine(code, nameShown)))
	}
	return room
}

// page is what the pages of a room have in common.
func (t *talks) page(w http.ResponseWriter, r *http.Request, room *talkRoom, name, module string) templates.TalkPage {
	data := t.stagePage(w, r, name, talkMessages...)
	data.Styles = append(data.Styles, "talk/talk.css")
	data.Modules = []string{module}
	data.Preload = append(data.Preload, "talk/ink.js", "talk/regions.js", "talk/room.js", "talk/runs.js", "talk/slides.js", "talk/warp.js")
	data.Title = line(room.Plan().Title, string(data.Lang()))
	s := room.State()
	origin := t.origin(r)
	return templates.TalkPage{PageData: data, Code: room.code, Author: room.Plan().Author, Slides: slidesOf(data.Translator, room.Plan()), Slide: s.Shown.Slide,
		Link: origin + "/t/" + room.code, Alone: onlyHere(origin), Deck: room.block(data.Lang()),
		Stage: t.scope.stage(r.Context(), data.Translator, nil, 0, templates.StageParts{Narration: true, Scoreboard: true, Controls: name == "audience"})}
}

func (t *talks) audiencePage(w http.ResponseWriter, r *http.Request) {
	room := t.room(w, r)
	if room == nil {
		return
	}
	knowVoter(w, r)
	page := t.page(w, r, room, "audience", "talk/audience.js")
	page.Wall = r.URL.Query().Has("wall")
	if page.Wall && !r.URL.Query().Has("theme") {
		page.Theme = "projector" // and not kept: the speaker's own pages have the reader's
	}
	t.render(w, r, http.StatusOK, templates.TalkAudience(page))
}

func (t *talks) presentPage(w http.ResponseWriter, r *http.Request) {
	if room := t.room(w, r); room != nil {
		t.render(w, r, http.StatusOK, templates.TalkPresent(t.page(w, r, room, "present", "talk/present.js")))
	}
}

func (t *talks) clickerPage(w http.ResponseWriter, r *http.Request) {
	room := t.room(w, r)
	if room == nil {
		return
	}
	p := t.pageData(w, r, "clicker", talkMessages...)
	p.Styles = []string{"talk/talk.css"}
	p.Modules = []string{"talk/clicker.js"}
	p.Preload = []string{"talk/room.js", "page.js", "keys.js"}
	p.Title = line(room.Plan().Title, string(p.Lang()))
	t.render(w, r, http.StatusOK, templates.TalkClicker(templates.TalkPage{PageData: p, Code: room.code, Deck: room.block(p.Lang())}))
}

// notes gives the speaker's notes to whoever has the token, and the clicker's link
// to the speaker.
func (t *talks) notes(w http.ResponseWriter, r *http.Request) {
	room := t.find(r.PathValue("code"))
	if room == nil {
		t.refused(w, r, http.StatusNotFound, "refused.no-talk")
		return
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	from, _, _ := net.SplitHostPort(r.RemoteAddr)
	role, wait := room.role(token, from, r.Header.Get("Talk-Desk"))
	switch {
	case wait > 0:
		w.Header().Set("Retry-After", strconv.Itoa(wait))
		t.refused(w, r, http.StatusTooManyRequests, "refused.tokens", "Seconds", wait)
		return
	case role == talk.Nobody:
		t.refused(w, r, http.StatusForbidden, "refused.notes")
		return
	}
	lang := locale.Match(r.Header.Get("Accept-Language"), cookie(r, "lang"), r.URL.Query().Get("lang"))
	answer := struct {
		Notes   []string `json:"notes"`
		Clicker string   `json:"clicker,omitempty"`
		QR      string   `json:"qr,omitempty"`
	}{}
	for _, s := range room.Plan().Slides {
		answer.Notes = append(answer.Notes, prose(s.Notes, string(lang)))
	}
	if role == talk.Presenter {
		origin := t.origin(r)
		answer.Clicker = origin + room.links().ClickerPath()
		if !onlyHere(origin) {
			answer.QR, _ = qrSVG(answer.Clicker) // the link is short
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(answer)
}
