package talk

import (
	"embed"
	"fmt"
	"path"
	"strings"
)

//go:embed decks
var decks embed.FS

// Shipped lists the names of the decks that are shipped.
func Shipped() []string {
	entries, err := decks.ReadDir("decks")
	if err != nil {
		panic(err) // they are compiled in
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), path.Ext(e.Name()))
	}
	return names
}

// Load reads one of the decks that are shipped.
func Load(name string) (*Deck, error) {
	file := name + ".yaml"
	text, err := decks.ReadFile("decks/" + file)
	if err != nil {
		return nil, fmt.Errorf("deck %q is none of those shipped: %s", name, strings.Join(Shipped(), ", "))
	}
	return Parse(file, text)
}
