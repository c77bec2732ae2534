package web

import (
	"copyscope/internal/lab"
	"copyscope/internal/transfer"
	"copyscope/templates"
)

// choosablePaths are the paths as the page offers them, by what they are for. The
// chooser opens a path in lane B, and in lane A the one that it is worth comparing
// with.
func choosablePaths() []templates.ScopePathGroup {
	var groups []templates.ScopePathGroup
	for _, name := range transfer.Groups() {
		group := templates.ScopePathGroup{Name: string(name)}
		for _, p := range transfer.Programs() {
			if p.Group == name {
				at := besides(opening(p.Beside), opening(p.Path))
				group.Paths = append(group.Paths, templates.ScopePath{Path: p.Path, Address: at.String(), Needs: needs(p)})
			}
		}
		groups = append(groups, group)
	}
	return groups
}

// needs names what a path cannot do without, by the last part of a message's id.
// io-uring's bytes pass through a user buffer too, though no user code can touch
// them there.
func needs(p transfer.Program) []string {
	var all []string
	if p.UserMemory || p.Path == "io-uring" {
		all = append(all, "memory")
	}
	if p.Source == transfer.FromSocket {
		all = append(all, "source")
	}
	if p.Sinks == 2 {
		all = append(all, "sinks")
	}
	return all
}

// cached says whether the state of the page cache matters for a scenario, sends
// whether what carries its bytes away does.
func cached(s lab.Scenario) bool {
	p, _ := transfer.Lookup(s.Path)
	return p.Source == transfer.FromFile
}

func sends(s lab.Scenario) bool {
	p, _ := transfer.Lookup(s.Path)
	return p.Sinks > 0
}
