package lesson

import (
	"cmp"
	"slices"

	"copyscope/internal/yamlfile"
)

// The kinds of files.
var (
	lessonFile   = yamlfile.Kind{Name: "a lesson", MaxBytes: 128 << 10}
	cardsFile    = yamlfile.Kind{Name: "a file of claims", MaxBytes: 256 << 10}
	glossaryFile = yamlfile.Kind{Name: "a glossary", MaxBytes: 256 << 10}
)

// Parse reads a lesson and checks all that can be seen without running its
// scenarios. name is the file's, for errors. own is for a lecturer's lesson, whose
// texts may be in one language.
func Parse(name string, text []byte, own bool) (*Lesson, []*yamlfile.Error) {
	l := &Lesson{Own: own}
	f, unfit := yamlfile.Read(name, text, lessonFile, l)
	if len(unfit) > 0 {
		return nil, unfit
	}
	l.fields = f
	c := &checker{Fields: f, runs: l.Runs, vary: l.Vary, figures: l.Figures, both: !own}
	c.lesson(l)
	if errs := c.told(); len(errs) > 0 {
		return nil, errs
	}
	return l, nil
}

// ParseCards reads a list of claim cards.
func ParseCards(name string, text []byte, own bool) ([]*Card, []*yamlfile.Error) {
	var cards []*Card
	f, unfit := yamlfile.Read(name, text, cardsFile, &cards)
	if len(unfit) > 0 {
		return nil, unfit
	}
	c := &checker{Fields: f, both: !own}
	c.cards(cards)
	return cards, c.told()
}

// ParseTerms reads a glossary.
func ParseTerms(name string, text []byte, own bool) ([]*Term, []*yamlfile.Error) {
	var terms []*Term
	f, unfit := yamlfile.Read(name, text, glossaryFile, &terms)
	if len(unfit) > 0 {
		return nil, unfit
	}
	c := &checker{Fields: f, both: !own}
	c.terms(terms)
	return terms, c.told()
}

// checker gathers what cannot be.
type checker struct {
	*yamlfile.Fields
	runs    map[string]string
	vary    map[string][]string
	figures map[string]Answer
	both    bool // texts are in both languages
	errs    []*yamlfile.Error
}

func (c *checker) fail(field, format string, args ...any) {
	c.errs = append(c.errs, c.Fail(field, format, args...))
}

// told are the errors in the order of the file.
func (c *checker) told() []*yamlfile.Error {
	slices.SortStableFunc(c.errs, func(a, b *yamlfile.Error) int { return cmp.Compare(a.Line, b.Line) })
	return c.errs
}
