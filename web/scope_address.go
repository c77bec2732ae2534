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

// scopeSchema is the version of the scope's address: /scope?a=SOURCE&b=SOURCE&
// step=9&align=step&ref=a&speed=1&lane=a&axis=time&v=1, with claim=NAME of the claim
// that led there. A lane's source is
// written as [laneSource.String] does; every lane may be missing.
const scopeSchema = 1

// scopeAddress is the state of the page as its address holds it.
type scopeAddress struct {
	Lanes map[string]laneSource // by letter
	Step  int
	Align string
	// Ref is the lane against which differences are shown; empty: the first.
	Ref string
	// Ghosts are the lanes that show a run as it was before a change.
	Ghosts []string
}

// besides is two scenarios in lanes a and b, before the first step.
func besides(a, b lab.Scenario) scopeAddress {
	return scopeAddress{Lanes: map[string]laneSource{"a": ofLab(a), "b": ofLab(b)}, Align: "step"}
}

// opening is what the page shows when the address names no scenario: the story
// as it is taught, once with two CPU copies and once with none.
func opening(path string) lab.Scenario { return lab.Opening(path) }

// added are the scenarios of lanes that are added beside others, by letter.
func added(lane string) lab.Scenario {
	return opening(map[string]string{"a": "read-write", "b": "sendfile", "c": "splice", "d": "mmap-write"}[lane])
}

// openingAddress is the state without any parameter.
func openingAddress() scopeAddress { return besides(added("a"), added("b")) }

// onceWords are the parameters beside the lanes. Each is there once, for else it
// could not be told which is meant.
var onceWords = []string{"v", "step", "align", "ref", "lane", "axis", "ghost", "speed"}

// scopeWords are the choices of the parameters that are words.
var scopeWords = map[string][]string{
	"align": {"step", "bytes", "time"},
	"lane":  append([]string{"all"}, laneIDs...),
	"ref":   laneIDs,
	"axis":  {"time", "steps"},
}

// parseScopeAddress reads the query. The first parameter that cannot be is an
// error of type *lab.FieldError, and the opening state is returned; if all but what-ifs
// can be, the lanes without those.
func parseScopeAddress(q url.Values) (scopeAddress, error) {
	at := openingAddress()
	if v := q.Get("v"); v != "" && v != strconv.Itoa(scopeSchema) {
		return at, &lab.FieldError{Field: "v", Value: v, Remedy: fmt.Sprintf("this copyscope reads addresses of version %d", scopeSchema)}
	}
	for _, name := range slices.Concat(laneIDs, onceWords) {
		if len(q[name]) > 1 {
			return at, &lab.FieldError{Field: name, Value: q[name][1], Remedy: "the address has it twice; leave one of them out"}
		}
	}
	parsed := at
	var unchanged error // of the first lane whose change cannot be
	if slices.ContainsFunc(laneIDs, q.Has) {
		parsed.Lanes = map[string]laneSource{}
	}
	for _, id := range laneIDs {
		if !q.Has(id) {
			continue
		}
		source, err := parseSource(q.Get(id))
		if onlyWhatIf(err) {
			if before, wrong := parseSource(withoutWhatIf(q.Get(id))); wrong == nil {
				if unchanged == nil {
					unchanged = inLane(id, err)
				}
				source, err = before, nil
			}
		}
		if err != nil {
			return at, inLane(id, err)
		}
		parsed.Lanes[id] = source
	}
	if v := q.Get("step"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return at, &lab.FieldError{Field: "step", Value: v, Remedy: "use a whole number from 0 on"}
		}
		parsed.Step = n
	}
	if v := q.Get("speed"); v != "" { // it is the script's; a page without it does not play
		if n, err := strconv.ParseFloat(v, 64); err != nil || !(n >= 0.01 && n <= 100) {
			return at, &lab.FieldError{Field: "speed", Value: v, Remedy: "use a number from 0.01 to 100"}
		}
	}
	for name, words := range scopeWords {
		if v := q.Get(name); v != "" && !slices.Contains(words, v) {
			return at, &lab.FieldError{Field: name, Value: v, Remedy: "use one of " + strings.Join(words, ", ")}
		}
	}
	if v := q.Get("align"); v != "" {
		parsed.Align = v
	}
	parsed.Ref = q.Get("ref")
	for id := range strings.SplitSeq(q.Get("ghost"), ",") {
		if id != "" && !slices.Contains(laneIDs, id) {
			return at, &lab.FieldError{Field: "ghost", Value: id, Remedy: "use one of " + strings.Join(laneIDs, ", ")}
		}
		if _, shown := parsed.Lanes[id]; shown {
			parsed.Ghosts = append(parsed.Ghosts, id)
		}
	}
	return parsed, unchanged
}

// onlyWhatIf says whether an error is that of a change which cannot be: the run that
// was to be changed is known all the same.
func onlyWhatIf(err error) bool {
	f, ok := err.(*lab.FieldError)
	return ok && f.Field == "whatif"
}

// withoutWhatIf is a scenario as an address writes it, without its change.
func withoutWhatIf(text string) string {
	fields := slices.DeleteFunc(strings.Split(text, ","), func(f string) bool { return strings.HasPrefix(f, "whatif=") })
	return strings.Join(fields, ",")
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
	if !slices.ContainsFunc(laneIDs, func(lane string) bool { return q.Has(lane + ".path") }) {
		return "", false
	}
	var parts []string
	for _, lane := range laneIDs {
		path := q.Get(lane + ".path")
		if path == "" {
			continue
		}
		text := path
		program, known := transfer.Lookup(path)
		if !known { // a scenario file says all by itself
			parts = append(parts, lane+"="+escapeScenario(text))
			continue
		}
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
	var parts []string
	for _, id := range laneIDs {
		if source, shown := a.Lanes[id]; shown {
			parts = append(parts, id+"="+escapeScenario(source.String()))
		}
	}
	parts = append(parts, fmt.Sprintf("step=%d", a.Step))
	if a.Align != "step" {
		parts = append(parts, "align="+a.Align)
	}
	if a.Ref != "" {
		parts = append(parts, "ref="+a.Ref)
	}
	if len(a.Ghosts) > 0 {
		parts = append(parts, "ghost="+strings.Join(a.Ghosts, ","))
	}
	return "/scope?" + strings.Join(append(parts, fmt.Sprintf("v=%d", scopeSchema)), "&")
}

// lanes are the lanes' sources by letter, for scripts.
func (a scopeAddress) lanes() map[string]string {
	all := map[string]string{}
	for id, source := range a.Lanes {
		all[id] = source.String()
	}
	return all
}

// escapeScenario leaves the signs that a query may hold as they are, so that a
// person can read the address.
func escapeScenario(text string) string {
	return strings.NewReplacer("%2C", ",", "%3D", "=", "%2F", "/").Replace(url.QueryEscape(text))
}
