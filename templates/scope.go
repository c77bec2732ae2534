package templates

import "encoding/json"

// ScopePage is the scope as the server renders it: complete enough to be read
// without scripts, and the frame that the scripts fill.
type ScopePage struct {
	PageData
	Stage StageData
	// Opening is what the lanes of a page show whose address names none.
	Opening map[string]string
	// Problem is what is wrong with the address.
	Problem *ScopeProblem
	Presets []ScopeLink
}

// ScopePathGroup are paths for one purpose, under the last part of a message's
// id.
type ScopePathGroup struct {
	Name  string
	Paths []ScopePath
}

// ScopePath is one path to choose: an address that opens it beside another one,
// and what it needs, each by the last part of a message's id.
type ScopePath struct {
	Path, Address string
	Needs         []string
}

// paths is how many there are.
func (p ScopePage) paths() int {
	n := 0
	for _, g := range p.Stage.Groups {
		n += len(g.Paths)
	}
	return n
}

// ScopeProblem is what is wrong with an address: field, value, remedy.
type ScopeProblem struct {
	Field, Value, Remedy string
	// Unchanged: only a change of a run cannot be, and the run is shown without it.
	Unchanged bool
}

// shown is the message that says what is shown instead.
func (p *ScopeProblem) shown() string {
	if p.Unchanged {
		return "scope.problem.unchanged"
	}
	return "scope.problem.shown"
}

// ScopeLink leads to another state of the page: a comparison worth seeing, or
// another step.
type ScopeLink struct{ Name, Address string }

// problemField is the field that is wrong, or nothing.
func problemField(p *ScopeProblem) string {
	if p == nil {
		return ""
	}
	return p.Field
}

// opening is what the lanes show at first, for scripts.
func (p ScopePage) opening() string {
	text, _ := json.Marshal(p.Opening) // strings can be written
	return string(text)
}
