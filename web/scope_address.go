package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// scopeSchema is the version of the scope's address: /scope?a=SCENARIO&
// b=SCENARIO&step=9&align=step&speed=1&lane=a&axis=time&v=1. A scenario is
// written as [lab.Scenario.String] does; b may be missing.
const scopeSchema = 1

// scopeAddress is the state of the page as its address holds it.
type scopeAddress struct {
	A     lab.Scenario
	B     *lab.Scenario
	Step  int
	Align string
	// Rest are the parameters that only scripts read, checked.
	Rest url.Values
}

// opening is what the page shows when the address names no scenario: the story
// as it is taught, once with two CPU copies and once with none.
func opening(path string) lab.Scenario { return lab.Opening(path) }

// second is the scenario of a lane that is added beside another one.
func second() lab.Scenario { return opening("sendfile") }

// openingAddress is the state without any parameter.
func openingAddress() scopeAddress {
	b := second()
	return scopeAddress{A: opening("read-write"), B: &b, Align: "step"}
}

// scenarios are those of the lanes, in order.
func (a scopeAddress) scenarios() []lab.Scenario {
	if a.B == nil {
		return []lab.Scenario{a.A}
	}
	return []lab.Scenario{a.A, *a.B}
}

// choices of the parameters that are words.
var scopeWords = map[string][]string{
	"align": {"step", "bytes", "time"},
	"lane":  {"all", "a", "b"},
	"axis":  {"time", "steps"},
}

// parseScopeAddress reads the query. The first parameter that cannot be is an
// error of type *lab.FieldError, and the opening state is returned.
func parseScopeAddress(q url.Values) (scopeAddress, error) {
	at := openingAddress()
	if v := q.Get("v"); v != "" && v != strconv.Itoa(scopeSchema) {
		return at, &lab.FieldError{Field: "v", Value: v, Remedy: fmt.Sprintf("this copyscope reads addresses of version %d", scopeSchema)}
	}
	parsed := at
	if q.Has("a") || q.Has("b") {
		parsed.B = nil
	}
	if q.Has("a") {
		s, err := parseLane("a", q.Get("a"))
		if err != nil {
			return at, err
		}
		parsed.A = s
	}
	if q.Has("b") {
		s, err := parseLane("b", q.Get("b"))
		if err != nil {
			return at, err
		}
		parsed.B = &s
	}
	if v := q.Get("step"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return at, &lab.FieldError{Field: "step", Value: v, Remedy: "use a whole number from 0 on"}
		}
		parsed.Step = n
	}
	for name, words := range scopeWords {
		if v := q.Get(name); v != "" && !slices.Contains(words, v) {
			return at, &lab.FieldError{Field: name, Value: v, Remedy: "use one of " + strings.Join(words, ", ")}
		}
	}
	if v := q.Get("align"); v != "" {
		parsed.Align = v
	}
	return parsed, nil
}

func parseLane(lane, text string) (lab.Scenario, error) {
	s, err := lab.ParseScenario(text, opening("read-write"))
	if err == nil {
		err = allow(s)
	}
	return s, inLane(lane, err)
}

// inLane says in which lane a field is wrong.
func inLane(lane string, err error) error {
	if f, ok := err.(*lab.FieldError); ok {
		return &lab.FieldError{Field: lane + "." + f.Field, Value: f.Value, Remedy: f.Remedy}
	}
	return err
}

// laneFields are the scenario's fields in the page's form, in its order.
var laneFields = []string{"side", "model", "size", "chunk", "cache", "net", "dma", "sg", "touch", "zerocopy", "cpus", "llc", "whatif", "profile"}

// machineFields are those of them that a real run does not have.
var machineFields = []string{"model", "dma", "sg", "cpus", "llc", "whatif", "profile"}

// formAddress turns what the form sends without scripts (a.path=…&a.size=…)
// into an address. ok is false if the query is not from the form.
func formAddress(q url.Values) (to string, ok bool) {
	if !q.Has("a.path") {
		return "", false
	}
	var parts []string
	for _, lane := range []string{"a", "b"} {
		path := q.Get(lane + ".path")
		if path == "" {
			continue
		}
		text := path
		program, _ := transfer.Lookup(path)
		side := trace.Side(q.Get(lane + ".side"))
		onHost := side == trace.Real || side == trace.RecordedSide
		for _, field := range laneFields {
			v := q.Get(lane + "." + field)
			if v == "" || onHost && slices.Contains(machineFields, field) || field == "touch" && !program.UserMemory || field == "zerocopy" && path != "io-uring" {
				continue
			}
			text += "," + field + "=" + v
		}
		parts = append(parts, lane+"="+escapeScenario(text))
	}
	if step := q.Get("step"); step != "" {
		parts = append(parts, "step="+url.QueryEscape(step))
	}
	return "/scope?" + strings.Join(append(parts, fmt.Sprintf("v=%d", scopeSchema)), "&"), true
}

// String is the address.
func (a scopeAddress) String() string {
	text := "/scope?a=" + escapeScenario(a.A.String())
	if a.B != nil {
		text += "&b=" + escapeScenario(a.B.String())
	}
	text += fmt.Sprintf("&step=%d", a.Step)
	if a.Align != "step" {
		text += "&align=" + a.Align
	}
	return text + fmt.Sprintf("&v=%d", scopeSchema)
}

// escapeScenario leaves the signs that a query may hold as they are, so that a
// person can read the address.
func escapeScenario(text string) string {
	return strings.NewReplacer("%2C", ",", "%3D", "=").Replace(url.QueryEscape(text))
}
