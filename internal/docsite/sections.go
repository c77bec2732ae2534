package docsite

import (
	"path"
	"slices"
	"strings"
)

// section is a part of the site: the names of its pages in the order in which they
// are read. A pattern, as path.Match has them, stands for all that match and that no
// section names, in the order of their names.
type section struct {
	key   string
	pages []string
}

// sections are all of the site, after what a reader wants: to learn, to get something
// done, to run it, to look something up, to understand, to work on it. What none
// names is for those who work on it.
var sections = []section{
	{"tutorial", []string{"tutorial"}},
	{"howto", []string{"howto/attach-to-nginx", "howto/attach-to-kafka", "howto/give-a-talk", "howto/write-a-lesson", "howto/read-a-trace", "howto/*"}},
	{"operate", []string{"install", "broker", "clients", "migration", "systemd", "monitoring", "lab-network"}},
	{"reference", []string{"reference/commands", "reference/broker-settings", "reference/metrics", "reference/paths", "reference/events",
		"websocket", "trace-format", "scenarios", "profiles", "lessons", "talk", "embed", "import-export",
		"scope", "watch", "live", "broker-pages", "doctor", "attach", "servers", "claims", "reference/schemas", "reference/*"}},
	{"explanation", []string{"models", "witness", "bench/prediction", "storage", "torture"}},
	{"work", []string{"architecture", "decisions/*", "extending", "coverage", "bench/index", "bench/*", "*", "*/*"}},
}

// parents lead to pages of which there are many, and which are listed when one is
// near them: by how their names begin.
var parents = []struct{ prefix, parent string }{
	{"reference/schema-", "reference/schemas"},
	{"decisions/", "architecture"},
	{"bench/", "bench/index"},
}

// under is the page below which another is listed, "" if it is listed by itself.
func under(name string, section []string) string {
	for _, p := range parents {
		if strings.HasPrefix(name, p.prefix) && name != p.parent && slices.Contains(section, p.parent) {
			return p.parent
		}
	}
	return ""
}

// place sorts names into sections: a list for each of them.
func place(names []string) [][]string {
	left := slices.Sorted(slices.Values(names))
	takes := func(pattern string) (taken []string) {
		left = slices.DeleteFunc(left, func(name string) bool {
			fits, err := path.Match(pattern, name)
			if err == nil && fits {
				taken = append(taken, name)
			}
			return fits
		})
		return taken
	}
	type at struct{ section, pattern int }
	found := map[at][]string{}
	for _, exact := range []bool{true, false} { // what is named goes before what a pattern takes
		for i, s := range sections {
			for j, pattern := range s.pages {
				if slices.Contains(names, pattern) == exact {
					found[at{i, j}] = takes(pattern)
				}
			}
		}
	}
	out := make([][]string, len(sections))
	for i, s := range sections {
		for j := range s.pages {
			out[i] = append(out[i], found[at{i, j}]...)
		}
	}
	return out
}

// sectionOf is the section's place in the list, −1 for none.
func sectionOf(placed [][]string, name string) int {
	return slices.IndexFunc(placed, func(names []string) bool { return slices.Contains(names, name) })
}
