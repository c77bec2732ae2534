package web

import (
	"copyscope/internal/lab"
	"copyscope/internal/transfer"
	"copyscope/templates"
)

// pathGroups sorts the paths by what they are for, and names for each the one
// that it is worth comparing with: lane A, when the chooser opens it in lane B.
// Each registered path is in one group.
var pathGroups = []struct {
	name  string
	paths [][2]string // path, beside
}{
	{"one", [][2]string{{"read", "read-write"}, {"read-write", "sendfile"}, {"mmap-write", "read-write"}, {"sendfile", "read-write"}, {"splice", "sendfile"}}},
	{"fan-out", [][2]string{{"tee", "splice"}}},
	{"relay", [][2]string{{"relay-copy", "relay-splice"}, {"relay-splice", "relay-copy"}}},
	{"today", [][2]string{{"msg-zerocopy", "read-write"}, {"io-uring", "read-write"}, {"direct", "read-write"}}},
	{"reshape", [][2]string{{"tls", "ktls"}, {"ktls", "tls"}, {"compress", "read-write"}}},
}

// choosablePaths are the paths as the page offers them.
func choosablePaths() []templates.ScopePathGroup {
	var groups []templates.ScopePathGroup
	for _, g := range pathGroups {
		group := templates.ScopePathGroup{Name: g.name}
		for _, p := range g.paths {
			program, _ := transfer.Lookup(p[0])
			at := besides(opening(p[1]), opening(p[0]))
			group.Paths = append(group.Paths, templates.ScopePath{Path: p[0], Address: at.String(), Needs: needs(program)})
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
