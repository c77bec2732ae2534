package archtest

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// chinese ends the name of a page in Chinese, whose English twin ends in .md alone.
const chinese = ".zh.md"

// inBothLanguages are the pages that have a twin, as patterns.
var inBothLanguages = []string{"README.md", "docs/tutorial.md", "docs/howto/*.md"}

// Translated is the rule that pages for newcomers are in both languages, and that the
// two have the same headings by their levels, the same blocks of code, and links to
// the same places, and that each leads to the other. A link to a page in one language
// is one to its twin as well.
func Translated(tree fs.FS) (found []string, err error) {
	documents, err := readDocuments(tree)
	if err != nil {
		return nil, err
	}
	for _, name := range inBothLanguages {
		if _, ok := documents[name]; !ok && !strings.Contains(name, "*") {
			found = append(found, name+" is missing")
		}
	}
	for name := range documents {
		english, translated := strings.CutSuffix(name, chinese)
		if !translated {
			twin := strings.TrimSuffix(name, ".md") + chinese
			if _, ok := documents[twin]; !ok && hasTwin(name) {
				found = append(found, twin+" is missing")
			}
			continue
		}
		if _, ok := documents[english+".md"]; !ok {
			found = append(found, english+".md is missing, which "+name+" is the translation of")
			continue
		}
		found = append(found, differing(documents, english+".md", name)...)
	}
	slices.Sort(found)
	return found, nil
}

func hasTwin(name string) bool {
	return slices.ContainsFunc(inBothLanguages, func(pattern string) bool {
		ok, _ := path.Match(pattern, name)
		return ok
	})
}

// differing says in what a page and its twin differ.
func differing(documents map[string]document, english, chinese string) (found []string) {
	a, b := documents[english], documents[chinese]
	for _, way := range [][2]string{{english, chinese}, {chinese, english}} {
		if !slices.Contains(documents[way[0]].links, path.Base(way[1])) {
			found = append(found, fmt.Sprintf("%s does not lead to %s", way[0], way[1]))
		}
	}
	if !slices.Equal(a.levels, b.levels) {
		found = append(found, fmt.Sprintf("%s has headings of the levels %v, %s %v", english, a.levels, chinese, b.levels))
	}
	if len(a.blocks) != len(b.blocks) {
		found = append(found, fmt.Sprintf("%s has %d blocks of code, %s %d", english, len(a.blocks), chinese, len(b.blocks)))
	} else if i := firstDifference(a.blocks, b.blocks); i >= 0 {
		found = append(found, fmt.Sprintf("%s has other blocks of code than %s: %q and %q", english, chinese, a.blocks[i], b.blocks[i]))
	}
	to, too := targets(documents, english), targets(documents, chinese)
	if !slices.Equal(to, too) {
		found = append(found, fmt.Sprintf("%s has other links than %s: %q and %q", english, chinese, to, too))
	}
	return found
}

// firstDifference is where two lists of one length differ first, or -1.
func firstDifference(a, b []string) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// targets are where a page's links lead, in order of their names: of a page with a
// twin the English one, without the heading, whose name is in the page's language.
func targets(documents map[string]document, name string) (to []string) {
	for _, link := range documents[name].links {
		file, heading, _ := strings.Cut(link, "#")
		at := path.Join(path.Dir(name), file)
		if file == "" {
			at = name
		}
		base := strings.TrimSuffix(strings.TrimSuffix(at, chinese), ".md")
		_, english := documents[base+".md"]
		_, twin := documents[base+chinese]
		switch {
		case elsewhere.MatchString(link):
			to = append(to, link)
		case english && twin:
			to = append(to, base+".md")
		case heading != "":
			to = append(to, at+"#"+heading)
		default:
			to = append(to, at)
		}
	}
	slices.Sort(to)
	return to
}
