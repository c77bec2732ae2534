package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"copyscope/internal/lab"
	"copyscope/internal/lesson"
	"copyscope/templates"
)

// lessonTime bounds what the server computes for one page of lessons.
const lessonTime = 20 * time.Second

// lessons are the pages to learn from.
type lessons struct {
	*Server
	player *lesson.Player
	// local: no other machine can reach the pages.
	local bool

	mu sync.Mutex
	// library is what there is, with the lecturer's directory as it was at stamp.
	library *lesson.Library
	stamp   string
}

func (s *Server) lessonRoutes() *lessons {
	runs := lesson.Lab(lab.New(""))
	if s.config.Lab != nil {
		runs = s.config.Lab
	}
	l := &lessons{Server: s, player: lesson.NewPlayer(runs), local: s.local(), library: lesson.Shipped()}
	s.mux.HandleFunc("GET /{$}", l.start)
	s.mux.HandleFunc("GET /lessons", l.list)
	s.mux.HandleFunc("GET /lessons/{name}", l.page)
	s.mux.HandleFunc("GET /lessons/{name}/sheet", l.sheet)
	s.mux.HandleFunc("GET /lessons/{name}/reply", l.reply)
	s.mux.HandleFunc("GET /glossary", l.glossary)
	if s.config.Lessons != "" {
		for _, err := range l.current(s.hub.ctx).Errors {
			s.config.Log.Warn("a lesson is left out", "err", err)
		}
	}
	return l
}

// current is the library as the lecturer's directory is now: it is read again, and
// its lessons are run, when a file of it has changed.
func (l *lessons) current(ctx context.Context) *lesson.Library {
	dir := l.config.Lessons
	if dir == "" {
		return l.library
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	stamp := directoryStamp(dir)
	if stamp == l.stamp {
		return l.library
	}
	library := lesson.Shipped().WithDirectory(dir)
	ctx, stop := context.WithTimeout(ctx, lessonTime)
	defer stop()
	library.Sift(ctx, l.player)
	if !errors.Is(ctx.Err(), context.Canceled) {
		l.stamp = stamp // else whoever asked has gone, and it is checked again
	}
	l.library = library
	return library
}

// directoryStamp is another one when a file of the directory is new, gone or
// changed.
func directoryStamp(dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err.Error()
	}
	stamp := "read"
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			stamp += "\n" + e.Name() + " " + strconv.FormatInt(info.Size(), 10) + " " + info.ModTime().String()
		}
	}
	return stamp
}

// start is the first page. An address of the scope from before there was one leads
// there still.
func (l *lessons) start(w http.ResponseWriter, r *http.Request) {
	if q := r.URL.Query(); q.Has("a") || q.Has("b") {
		to := *r.URL
		to.Path = "/scope"
		http.Redirect(w, r, to.RequestURI(), http.StatusFound)
		return
	}
	p := l.pageData(w, r, "start", "start.resume")
	p.Styles = []string{"lessons/lessons.css"}
	p.Modules = []string{"lessons/start.js"}
	v := l.view(r.Context(), p, nil, 0)
	page := templates.StartPage{PageData: p, Items: v.items(l.current(r.Context()))}
	if len(page.Items) > 0 {
		page.First = &page.Items[0]
	}
	l.render(w, r, http.StatusOK, templates.Start(page))
}

func (l *lessons) list(w http.ResponseWriter, r *http.Request) {
	p := l.pageData(w, r, "lessons", "lesson.state")
	p.Styles = []string{"lessons/lessons.css"}
	p.Modules = []string{"lessons/list.js"}
	library := l.current(r.Context())
	v := l.view(r.Context(), p, nil, 0)
	l.render(w, r, http.StatusOK, templates.Lessons(templates.LessonsPage{PageData: p, Items: v.items(library), Errors: v.errors(library)}))
}

func (l *lessons) glossary(w http.ResponseWriter, r *http.Request) {
	p := l.pageData(w, r, "glossary", "lesson.glossary.found")
	p.Styles = []string{"lessons/lessons.css"}
	p.Modules = []string{"lessons/glossary.js"}
	v := l.view(r.Context(), p, nil, 0)
	l.render(w, r, http.StatusOK, templates.Glossary(templates.GlossaryPage{PageData: p, Terms: v.terms(l.current(r.Context()).Terms)}))
}

// asked is the lesson of a request with the seed's values; if there is none, it has
// answered.
func (l *lessons) asked(w http.ResponseWriter, r *http.Request) (one *lesson.Lesson, seed uint64, ok bool) {
	library := l.current(r.Context())
	one = library.Lesson(r.PathValue("name"))
	if one == nil {
		if len(library.Errors) == 0 {
			l.missing(w, r)
			return nil, 0, false
		}
		// It may be one of those that are left out.
		p := l.pageData(w, r, "lessons", "lesson.state")
		p.Styles = []string{"lessons/lessons.css"}
		v := l.view(r.Context(), p, nil, 0)
		l.render(w, r, http.StatusNotFound, templates.Lessons(templates.LessonsPage{PageData: p, Items: v.items(library), Errors: v.errors(library)}))
		return nil, 0, false
	}
	if text := r.URL.Query().Get("seed"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			n = 0 // any seed is as good as another
		}
		seed = n % max(one.Combinations(), 1)
	}
	return one, seed, true
}

func (l *lessons) page(w http.ResponseWriter, r *http.Request) {
	one, seed, ok := l.asked(w, r)
	if !ok {
		return
	}
	p := l.stagePage(w, r, "lesson", "lesson.script", "lesson.state", "lesson.right", "lesson.wrong", "unit")
	p.Styles = append(p.Styles, "lessons/lessons.css")
	p.Modules = []string{"lessons/lesson.js"}
	p.Preload = append(p.Preload, "lessons/progress.js", "lessons/question.js", "lessons/real.js", "lessons/walk.js", "lessons/words.js")
	l.lessonPage(w, r, p, one, seed, func(page templates.LessonPage) {
		l.render(w, r, http.StatusOK, templates.Lesson(page))
	})
}

func (l *lessons) sheet(w http.ResponseWriter, r *http.Request) {
	one, seed, ok := l.asked(w, r)
	if !ok {
		return
	}
	p := l.pageData(w, r, "sheet")
	p.Styles = []string{"lessons/lessons.css", "lessons/sheet.css"}
	l.lessonPage(w, r, p, one, seed, func(page templates.LessonPage) {
		l.render(w, r, http.StatusOK, templates.Sheet(page, r.URL.Query().Get("answers") != ""))
	})
}

// lessonPage computes a lesson's page and hands it to show, or answers why it cannot.
func (l *lessons) lessonPage(w http.ResponseWriter, r *http.Request, p templates.PageData, one *lesson.Lesson, seed uint64, show func(templates.LessonPage)) {
	ctx, stop := context.WithTimeout(r.Context(), lessonTime)
	defer stop()
	p.Title = titleOf(p, one)
	v := l.view(ctx, p, one.Seen(l.player, seed), seed)
	page, err := v.lesson(one, l.current(ctx), r.URL.Query())
	if err != nil {
		l.config.Log.Error("lesson", "name", one.Name, "err", err)
		http.Error(w, p.T("lesson.failed", "Name", one.Name, "Reason", p.Sentence(err.Error())), http.StatusInternalServerError)
		return
	}
	page.PageData = p
	show(page)
}

// reply answers the page's script: what is said to a reply.
func (l *lessons) reply(w http.ResponseWriter, r *http.Request) {
	one, seed, ok := l.asked(w, r)
	if !ok {
		return
	}
	q, found := questionOf(one, r.URL.Query().Get("q"))
	if !found {
		l.missing(w, r)
		return
	}
	ctx, stop := context.WithTimeout(r.Context(), lessonTime)
	defer stop()
	v := l.view(ctx, l.pageData(w, r, "lesson"), one.Seen(l.player, seed), seed)
	verdict, err := v.verdict(q, r.URL.Query().Get("reply"))
	if err != nil {
		http.Error(w, v.Sentence(err.Error()), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Vary", "Accept-Language, Cookie")
	json.NewEncoder(w).Encode(verdict)
}
