package talk

import (
	"embed"

	"copyscope/internal/yamlfile"
)

//go:embed decks
var decks embed.FS

var shipped = yamlfile.Shipped{Files: decks, Dir: "decks", What: "deck"}

// Shipped lists the names of the decks that are shipped.
func Shipped() []string { return shipped.Names() }

// Load reads one of the decks that are shipped.
func Load(name string) (*Deck, error) {
	file, text, err := shipped.Text(name)
	if err != nil {
		return nil, err
	}
	return Parse(file, text)
}
