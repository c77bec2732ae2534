package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"

	"copyscope/internal/locale"
	"copyscope/internal/talk"
)

// talkEvents is how many events of a run a talk shows: a speaker stops at a few of
// them, and every page of the audience fetches them all.
const talkEvents = 2000

// talkRuns are the runs that a talk shows, each as the pages are sent it: made
// once, compressed once, and named by what it says, so that a browser may keep it
// for ever.
type talkRuns struct {
	docs map[string]talkRun // by name
	// names of the documents by language and scenario.
	names map[locale.Lang]map[string]string
}

type talkRun struct {
	plain int // bytes before they were compressed
	gz    []byte
}

// talkLane is a run as the pages are sent it: scope.lane and scope.events in one.
type talkLane struct {
	Head   laneHead     `json:"head"`
	Events []shownEvent `json:"events"`
}

// laneOf is a planned lane in one language.
func laneOf(t *locale.Translator, l talk.PlannedLane) talkLane {
	run := ofResult(t, l.Result)
	if instead := standIn(t, l); instead != "" {
		run.notes = slices.Concat([]string{instead}, run.notes)
	}
	return talkLane{headOf(t, "", run), run.shown(t)}
}

func newTalkRuns(plan *talk.Plan) (talkRuns, error) {
	runs := talkRuns{map[string]talkRun{}, map[locale.Lang]map[string]string{}}
	for _, lang := range locale.Languages() {
		t := locale.New(lang)
		runs.names[lang] = map[string]string{}
		for _, s := range plan.Slides {
			if s.Scope == nil || s.Scope.View != "machine" {
				continue // what is counted is in the page
			}
			for _, l := range s.Lanes {
				if err := runs.add(t, l); err != nil {
					return runs, err
				}
			}
		}
	}
	return runs, nil
}

func (runs talkRuns) add(t *locale.Translator, l talk.PlannedLane) error {
	scenario := l.Wanted.String()
	if runs.names[t.Lang()][scenario] != "" {
		return nil
	}
	text, err := json.Marshal(laneOf(t, l))
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	name := hex.EncodeToString(sum[:12])
	runs.docs[name] = talkRun{len(text), compressed(text)}
	runs.names[t.Lang()][scenario] = name
	return nil
}

func compressed(text []byte) []byte {
	b := &bytes.Buffer{}
	z, _ := gzip.NewWriterLevel(b, gzip.BestCompression) // the level is one that there is
	z.Write(text)
	z.Close()
	return b.Bytes()
}

// run serves a run's document.
func (t *talks) run(w http.ResponseWriter, r *http.Request) {
	room := t.find(r.PathValue("code"))
	if room == nil {
		t.refused(w, r, http.StatusNotFound, "refused.no-talk")
		return
	}
	doc, ok := room.runs.docs[r.PathValue("name")]
	if !ok {
		t.refused(w, r, http.StatusNotFound, "refused.no-run")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(doc.gz)
		return
	}
	plain, err := gzip.NewReader(bytes.NewReader(doc.gz))
	if err == nil {
		_, err = plain.WriteTo(w)
	}
	if err != nil {
		t.config.Log.Debug("talk run", "err", err)
	}
}
