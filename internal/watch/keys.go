package watch

import (
	"slices"
	"strings"

	"copyscope/static"
)

// own are the keys that the page has not: a terminal has no mouse for a lane or for
// the first difference, and many send Alt and an arrow as something else.
var own = static.KeyGroup{Name: "watch", Keys: []static.KeyBinding{
	{Action: "call-forward", Keys: []string{"ArrowDown"}},
	{Action: "call-back", Keys: []string{"ArrowUp"}},
	{Action: "watch-lane", Keys: []string{"Tab"}},
	{Action: "watch-parting", Keys: []string{"n"}},
	{Action: "watch-quit", Keys: []string{"q", "Ctrl+c", "Escape"}},
}}

// shared are the actions of the page's keys that a terminal has as well.
var shared = []string{"step-forward", "step-back", "call-forward", "call-back", "first", "last", "goto", "play", "faster", "slower", "lane", "align", "language", "help"}

// bindings are the keys with what they do, in the order of the help: those of the
// page's map, then the terminal's own.
func bindings() (all []static.KeyBinding) {
	groups := slices.DeleteFunc(slices.Clone(static.Keys()), func(g static.KeyGroup) bool { return g.Name != "scope" && g.Name != "everywhere" })
	for _, action := range shared {
		b := static.KeyBinding{Action: action}
		for _, g := range append(groups, own) {
			for _, k := range g.Keys {
				if k.Action == action {
					b.Keys = append(b.Keys, k.Keys...)
				}
			}
		}
		all = append(all, b)
	}
	for _, k := range own.Keys {
		if !slices.Contains(shared, k.Action) {
			all = append(all, k)
		}
	}
	return all
}

// terminalNames are keys whose names in a browser and in a terminal differ by more
// than the case.
var terminalNames = strings.NewReplacer("Arrow", "", "Page", "pg", "Escape", "esc")

// actionOf is what a key does, by its name in the terminal library; empty if nothing.
func actionOf(key string) string {
	for _, b := range bindings() {
		for _, k := range b.Keys {
			if strings.EqualFold(terminalNames.Replace(k), key) {
				return b.Action
			}
		}
	}
	return ""
}
