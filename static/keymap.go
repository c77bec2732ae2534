package static

import (
	_ "embed"
	"encoding/json"
	"sync"
)

// KeyMap is the one map of keys: the scripts' handlers, the help dialog and
// the documentation are made from it.
//
//go:embed keys.json
var KeyMap []byte

// KeyGroup is the keys that work in one place.
type KeyGroup struct {
	// Name is "everywhere", a page, or a part of a page.
	Name string `json:"name"`
	// Pages are the pages on which the group works; none means on all.
	Pages []string `json:"pages"`
	// Focus says that the group works only while an element within one of this
	// name in data-keys has focus.
	Focus bool         `json:"focus"`
	Keys  []KeyBinding `json:"keys"`
}

// KeyBinding is what some keys do. Its text is the message "keys." + Action.
type KeyBinding struct {
	Action string `json:"action"`
	// Keys are values of KeyboardEvent.key, with Alt+, Ctrl+ or Meta+ before
	// them. Letters are written small and match either case.
	Keys []string `json:"keys"`
}

// Keys is the parsed key map.
var Keys = sync.OnceValue(func() []KeyGroup {
	var groups []KeyGroup
	if err := json.Unmarshal(KeyMap, &groups); err != nil {
		panic("static/keys.json: " + err.Error())
	}
	return groups
})
