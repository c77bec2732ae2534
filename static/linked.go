package static

import (
	"strings"
	"sync"
)

// linkedFolder is where scripts are that several modules were joined into.
const linkedFolder = "linked/"

// linked are the scripts that pages refer to, by their names; one that cannot be
// made is empty.
var linked sync.Map

// Linked is the address of one script with these modules and all that they import,
// each once: a page fetches one file instead of dozens. ok is false if one of them
// is written in a form that is not linked; then the page fetches them one by one.
func Linked(modules ...string) (address string, ok bool) {
	name := strings.Join(modules, "+")
	text, made := linked.Load(name)
	if !made {
		script, err := Link(modules...)
		if err != nil {
			script = ""
		}
		text, _ = linked.LoadOrStore(name, script)
	}
	return Path(linkedFolder + name), text != ""
}

// LinkedScript is the script of an address that [Linked] gave, by its name below
// the version's folder.
func LinkedScript(name string) (text string, ok bool) {
	name, ok = strings.CutPrefix(name, linkedFolder)
	if !ok {
		return "", false
	}
	script, ok := linked.Load(name)
	if !ok || script == "" {
		return "", false
	}
	return script.(string), true
}
