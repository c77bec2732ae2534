package web

import (
	"slices"
	"strings"

	"copyscope/internal/lab"
	"copyscope/internal/transfer"
	"copyscope/sim/scenario"
)

// laneSource is what a lane shows, as addresses write it: a scenario of the lab
// ("sendfile,cache=cold"), a scenario file that is shipped
// ("scenario=lagging-consumer,group=lagging"), or a trace that the reader
// imported ("import=nginx.strace"), which stays in the reader's browser.
type laneSource struct {
	lab   lab.Scenario
	file  string // the scenario file's name
	group string // whose events count; empty: all
	trace string // the imported file's name
}

// kernelGroup is what belongs to none of a scenario file's threads.
const kernelGroup = "kernel"

// ofLab is a scenario of the lab as a lane's source.
func ofLab(s lab.Scenario) laneSource { return laneSource{lab: s} }

func (s laneSource) isLab() bool { return s.file == "" && s.trace == "" }

// parseSource reads a source; what a scenario of the lab leaves out is as in the
// opening comparison. What cannot be is a *[lab.FieldError].
func parseSource(text string) (laneSource, error) {
	if name, ok := strings.CutPrefix(text, "import="); ok {
		if name = strings.TrimSpace(name); name == "" || len(name) > 255 || strings.ContainsAny(name, ",/\\") || name != oneLine(name, len(name)) {
			return laneSource{}, &lab.FieldError{Field: "import", Value: name, Remedy: "write the name of the file that was imported, without folders or commas"}
		}
		return laneSource{trace: name}, nil
	}
	if rest, ok := strings.CutPrefix(text, "scenario="); ok {
		return parseFileSource(rest)
	}
	s, err := lab.ParseScenario(text, opening("read-write"))
	if err == nil {
		err = allow(s)
	}
	return ofLab(s), err
}

func parseFileSource(text string) (laneSource, error) {
	name, rest, more := strings.Cut(text, ",")
	if !slices.Contains(scenario.Shipped(), name) {
		return laneSource{}, &lab.FieldError{Field: "scenario", Value: name, Remedy: "use one of " + strings.Join(scenario.Shipped(), ", ")}
	}
	s := laneSource{file: name}
	if !more {
		return s, nil
	}
	group, ok := strings.CutPrefix(rest, "group=")
	if !ok {
		key, value, _ := strings.Cut(rest, "=")
		return laneSource{}, &lab.FieldError{Field: key, Value: value, Remedy: "a scenario file says all of its run; only group can be chosen"}
	}
	file, err := scenario.Load(name)
	if err != nil {
		return laneSource{}, err
	}
	groups := groupNames(file)
	if group != "" && !slices.Contains(groups, group) {
		return laneSource{}, &lab.FieldError{Field: "group", Value: group, Remedy: "use one of " + strings.Join(groups, ", ")}
	}
	s.group = group
	return s, nil
}

// groupNames are the groups of a scenario file whose events can be counted apart.
func groupNames(file *scenario.Scenario) []string {
	var names []string
	for _, t := range file.Threads {
		names = append(names, t.Name)
	}
	return append(names, kernelGroup)
}

// String is the source as addresses write it.
func (s laneSource) String() string {
	switch {
	case s.trace != "":
		return "import=" + s.trace
	case s.file != "" && s.group != "":
		return "scenario=" + s.file + ",group=" + s.group
	case s.file != "":
		return "scenario=" + s.file
	}
	return s.lab.String()
}

// title is what the lane is called.
func (s laneSource) title() string {
	switch {
	case s.trace != "":
		return s.trace
	case s.file != "":
		return s.file
	}
	return s.lab.Path
}

// path is what the settings' choice of a path has.
func (s laneSource) path() string {
	switch {
	case s.trace != "":
		return "import=" + s.trace
	case s.file != "":
		return "scenario=" + s.file
	}
	return s.lab.Path
}

func (s laneSource) listing() []transfer.Line {
	if !s.isLab() {
		return nil
	}
	p, _ := transfer.Lookup(s.lab.Path)
	return p.Listing
}

// errImported is what a lane with an imported trace says where the trace is not.
func errImported(name string) error {
	return &lab.FieldError{Field: "import", Value: name, Remedy: "an imported trace stays in the browser that read it; import the file again here"}
}
