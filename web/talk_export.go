package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"sync"

	"copyscope/internal/locale"
	"copyscope/static"
	"copyscope/templates"
)

// maxExport bounds the runs in an exported talk, in bytes as they stand there.
// What does not fit is cut, and the page says so.
const maxExport = 8 << 20

// exportedTalk is a talk as one file, made when it is first asked for.
type exportedTalk struct {
	once sync.Once
	page []byte
	err  error
}

// packedLane is a run in every language: the events stand there once.
type packedLane struct {
	Head   map[locale.Lang]laneHead `json:"head"`
	Events []shownEvent             `json:"events"`
	Say    map[locale.Lang][]string `json:"say"`
}

// export serves a talk as one file that steps without a server.
func (t *talks) export(w http.ResponseWriter, r *http.Request) {
	room := t.find(r.PathValue("code"))
	if room == nil {
		t.refused(w, r, http.StatusNotFound, "refused.no-talk")
		return
	}
	room.exported.once.Do(func() { room.exported.page, room.exported.err = t.exportRoom(r, room) })
	if room.exported.err != nil {
		t.config.Log.Error("talk export", "err", room.exported.err)
		http.Error(w, "the talk could not be written: "+room.exported.err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="copyscope-talk-`+room.code+`.html"`)
	w.Header().Set("Cache-Control", "no-cache")
	w.Write(room.exported.page)
}

func (t *talks) exportRoom(r *http.Request, room *talkRoom) ([]byte, error) {
	script, err := talkScript()
	if err != nil {
		return nil, err
	}
	style, err := talkStyle()
	if err != nil {
		return nil, err
	}
	runs, shown, err := packRuns(room)
	if err != nil {
		return nil, err
	}
	e := templates.TalkExported{Version: t.config.Version, Style: style, Script: script, Runs: runs, KeyMap: static.KeyMap, Cut: map[locale.Lang][]string{},
		Policy: fmt.Sprintf("default-src 'none'; script-src '%s'; style-src '%s'; img-src data:; base-uri 'none'; form-action 'none'", hashOf(script), hashOf(style))}
	for _, lang := range locale.Languages() {
		words := locale.New(lang)
		data := templates.PageData{Translator: words, Name: "exported", URL: r.URL, Version: t.config.Version,
			Title: line(room.Plan().Title, string(lang)), Messages: words.Messages(append([]string{"talk.present", "talk.page"}, stageMessages...)...)}
		page := templates.TalkPage{PageData: data, Author: room.Plan().Author, Slides: slidesOf(words, room.Plan()), Deck: exportedBlock(room, lang),
			Stage: t.scope.stage(r.Context(), words, nil, 0, templates.StageParts{Narration: true, Scoreboard: true})}
		for i := range page.Slides {
			page.Slides[i].Address = "" // there is no server to go to
		}
		if shown < talkEvents {
			e.Cut[lang] = []string{words.T("talk.export.cut", "Shown", shown)}
		}
		e.Pages = append(e.Pages, page)
	}
	b := &bytes.Buffer{}
	err = templates.TalkExport(e).Render(r.Context(), b)
	return b.Bytes(), err
}

// exportedBlock is a room's deck for a page without a server, which tells the
// right choices itself.
func exportedBlock(room *talkRoom, lang locale.Lang) any {
	type slide struct {
		slideBlock
		Choices int `json:"choices,omitempty"`
		Right   int `json:"right"`
	}
	var slides []slide
	for i, s := range room.block(lang).Slides {
		planned := room.Plan().Slides[i]
		one := slide{slideBlock: s, Right: planned.Right}
		if planned.Ask != nil {
			one.Choices = len(planned.Ask.Choices)
		}
		slides = append(slides, one)
	}
	return map[string]any{"slides": slides}
}

// packRuns packs the runs that a talk draws; shown is how many events of each are
// there at the most.
func packRuns(room *talkRoom) (text string, shown int, err error) {
	for shown = talkEvents; ; shown /= 2 {
		lanes := map[string]*packedLane{}
		for _, lang := range locale.Languages() {
			words := locale.New(lang)
			for _, s := range room.Plan().Slides {
				if s.Scope == nil || s.Scope.View != "machine" {
					continue
				}
				for _, l := range s.Lanes {
					name := l.Wanted.String()
					if lanes[name] == nil {
						lanes[name] = &packedLane{Head: map[locale.Lang]laneHead{}, Say: map[locale.Lang][]string{}}
					}
					lanes[name].add(lang, laneOf(words, l), shown)
				}
			}
		}
		plain, err := json.Marshal(lanes)
		if err != nil {
			return "", 0, err
		}
		text := base64.StdEncoding.EncodeToString(compressed(plain))
		if len(text) <= maxExport || shown <= 1 {
			return text, shown, nil
		}
	}
}

// add takes a lane's events, as many as are shown, and its sentences.
func (p *packedLane) add(lang locale.Lang, l talkLane, shown int) {
	if len(l.Events) > shown {
		l.Events, l.Head.Shown = l.Events[:shown], shown
	}
	p.Head[lang] = l.Head
	p.Say[lang] = make([]string, len(l.Events))
	for i := range l.Events {
		p.Say[lang][i], l.Events[i].Say = l.Events[i].Say, ""
	}
	p.Events = l.Events
}

// talkScript is all scripts of an exported talk.
var talkScript = sync.OnceValues(func() (string, error) {
	boot, err := fs.ReadFile(static.Files(), "talk/boot.js")
	if err != nil {
		return "", err
	}
	linked, err := static.Link("talk/exported.js")
	return string(boot) + "(() => {\n" + linked + "})();\n", err
})

// talkStyle is all that styles it.
var talkStyle = sync.OnceValues(func() (string, error) {
	b := &strings.Builder{}
	for _, name := range slices.Concat([]string{"base.css"}, stageStyles, []string{"talk/talk.css"}) {
		text, err := fs.ReadFile(static.Files(), name)
		if err != nil {
			return "", err
		}
		b.Write(text)
	}
	return b.String(), nil
})

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
