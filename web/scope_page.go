package web

import (
	"errors"
	"net/http"
	"strings"

	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/templates"
)

// page renders the scope in the state that the address holds.
func (s *scope) page(w http.ResponseWriter, r *http.Request) {
	if to, ok := formAddress(r.URL.Query()); ok {
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	if embedded(r) {
		s.embed(w, r)
		return
	}
	data := s.stagePage(w, r, "scope", "scope.share")
	data.Modules = []string{"scope/main.js"}
	data.Drawn = true
	data.Preload = append(data.Preload, "scope/share.js", "scope/picture.js")
	page := templates.ScopePage{PageData: data, Opening: openingAddress().lanes(), Presets: presets()}
	status := http.StatusOK
	at, err := parseScopeAddress(r.URL.Query())
	if err != nil {
		status = http.StatusBadRequest
		page.Problem = problemOf(data.Translator, err)
		if strings.HasSuffix(page.Problem.Field, ".whatif") {
			page.Problem.Unchanged, page.Opening = true, at.lanes()
		}
	}
	page.Stage = s.stage(r.Context(), data.Translator, at.Lanes, at.Step,
		templates.StageParts{Narration: true, Timeline: true, Scoreboard: true, Legend: true, Controls: true, Settings: true, Share: true})
	page.Stage.Ref, page.Stage.Ghosts = at.Ref, at.Ghosts
	page.Stage.Steps = stepLinks(at, page.Stage.Lanes)
	s.render(w, r, status, templates.Scope(page))
}

// stepLinks lead a page without scripts to other steps.
func stepLinks(at scopeAddress, lanes []templates.ScopeLane) []templates.ScopeLink {
	last := 0
	for _, l := range lanes {
		if l.Run != nil {
			last = max(last, len(l.Run.Events))
		}
	}
	to := func(step int) string {
		at.Step = min(max(step, 0), last)
		return at.String()
	}
	step := min(at.Step, last)
	return []templates.ScopeLink{
		{Name: "first", Address: to(0)}, {Name: "step-back", Address: to(step - 1)},
		{Name: "step-forward", Address: to(step + 1)}, {Name: "last", Address: to(last)},
	}
}

func problemOf(t *locale.Translator, err error) *templates.ScopeProblem {
	var f *lab.FieldError
	if errors.As(err, &f) {
		return &templates.ScopeProblem{Field: oneLine(f.Field, nameShown), Value: oneLine(f.Value, nameShown), Remedy: t.Sentence(f.Remedy)}
	}
	return &templates.ScopeProblem{Field: "address", Remedy: visible(t.Sentence(err.Error()), reasonShown)}
}

// presets are comparisons worth seeing, each one click away.
func presets() []templates.ScopeLink {
	story := func(path string) lab.Scenario { return opening(path) }
	with := func(s lab.Scenario, change func(*lab.Scenario)) lab.Scenario {
		change(&s)
		return s.Normal()
	}
	host := with(story("sendfile"), func(s *lab.Scenario) {
		s.Side, s.Cache, s.Size = trace.Real, lab.Warm, 256<<10
	})
	model := with(host, func(s *lab.Scenario) { s.Side, s.Model, s.Net = trace.Sim, lab.Linux, lab.Loopback })
	list := []struct {
		name string
		a, b lab.Scenario
	}{
		{"story", story("read-write"), story("sendfile")},
		{"mmap", story("read-write"), story("mmap-write")},
		{"gather", with(story("sendfile"), func(s *lab.Scenario) { s.SG = false }), story("sendfile")},
		{"splice", story("sendfile"), story("splice")},
		{"pio", with(story("read-write"), func(s *lab.Scenario) { s.DMA = false }), story("read-write")},
		{"host", model, host},
		{"lab", with(host, func(s *lab.Scenario) { s.Net, s.SG = lab.Veth, false }), with(host, func(s *lab.Scenario) { s.Net, s.SG = lab.Veth, true })},
	}
	out := make([]templates.ScopeLink, len(list))
	for i, p := range list {
		at := besides(p.a, p.b)
		out[i] = templates.ScopeLink{Name: p.name, Address: at.String()}
	}
	return out
}
