package lesson

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"copyscope/internal/yamlfile"
)

//go:embed all:lessons *.yaml
var shipped embed.FS

// The names of the files that are no lessons.
const (
	cardsName    = "claims.yaml"
	glossaryName = "glossary.yaml"
	coverageName = "coverage.yaml"
)

// maxLessons bounds how many files of a directory are read.
const maxLessons = 200

// Library are lessons, claim cards and the words that they use.
type Library struct {
	Lessons []*Lesson
	Cards   []*Card
	Terms   []*Term
	// Errors are what is wrong with files, whose lessons are left out.
	Errors []*yamlfile.Error

	mu    sync.Mutex
	words map[string]*Words // by language, once somebody asked
}

// Shipped is what is in this program.
var Shipped = sync.OnceValue(func() *Library {
	l := &Library{}
	l.cards(shipped, cardsName, cardsName, false)
	l.terms(shipped, glossaryName, glossaryName, false)
	lessons, err := fs.Sub(shipped, "lessons")
	if err != nil {
		panic(err) // they are compiled in
	}
	l.lessons(lessons, "lessons", false)
	return l
})

// WithDirectory is the library with what a directory of this host holds besides.
// Nothing outside of it is read, whatever links lie in it: what is wrong with a file
// is told on pages, and quotes it.
func (l *Library) WithDirectory(dir string) *Library {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return l.With(unreadable{err}, dir)
	}
	defer root.Close()
	return l.With(root.FS(), dir)
}

// unreadable is a directory that cannot be opened.
type unreadable struct{ why error }

func (u unreadable) Open(string) (fs.File, error) { return nil, u.why }

// With is the library with what a directory holds besides: lessons, and claims.yaml
// and glossary.yaml if there are any. name is the directory's, for errors. A lesson
// that has the name of another is an error.
func (l *Library) With(dir fs.FS, name string) *Library {
	out := &Library{Lessons: slices.Clone(l.Lessons), Cards: slices.Clone(l.Cards), Terms: slices.Clone(l.Terms)}
	out.cards(dir, cardsName, path.Join(name, cardsName), true)
	out.terms(dir, glossaryName, path.Join(name, glossaryName), true)
	out.lessons(dir, name, true)
	return out
}

// lessons reads the lessons of a directory.
func (l *Library) lessons(dir fs.FS, name string, own bool) {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		l.fail(name, "it cannot be read: %v", err)
		return
	}
	read := 0
	for _, e := range entries {
		if e.IsDir() || path.Ext(e.Name()) != ".yaml" && path.Ext(e.Name()) != ".yml" || slices.Contains([]string{cardsName, glossaryName, coverageName}, e.Name()) {
			continue
		}
		if read++; read > maxLessons {
			l.fail(name, "more than %d lessons; the others are not read", maxLessons)
			break
		}
		l.lesson(dir, e.Name(), path.Join(name, e.Name()), own)
	}
	slices.SortStableFunc(l.Lessons, func(a, b *Lesson) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), strings.Compare(a.Name, b.Name))
	})
}

func (l *Library) lesson(dir fs.FS, file, shown string, own bool) {
	text, err := readSmall(dir, file, lessonFile)
	if err != nil {
		l.fail(shown, "%v", err)
		return
	}
	one, errs := Parse(shown, text, own)
	if len(errs) > 0 {
		l.Errors = append(l.Errors, errs...)
		return
	}
	if before := l.Lesson(one.Name); before != nil {
		l.Errors = append(l.Errors, one.fields.Fail("name", "%s is the name of %s too; give it another", yamlfile.Quoted(one.Name), before.fields.File))
		return
	}
	l.Lessons = append(l.Lessons, one)
}

// readSmall reads a file that is no longer than its kind may be, and a little more
// of one that is, so that the reader can say so.
func readSmall(dir fs.FS, name string, kind yamlfile.Kind) ([]byte, error) {
	// Before it is opened: a named pipe lets nobody in until somebody writes.
	info, err := fs.Stat(dir, name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("it cannot be read: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("it is no regular file")
	case info.Size() > int64(kind.MaxBytes):
		return nil, fmt.Errorf("%d bytes: %s has at most %d", info.Size(), kind.Name, kind.MaxBytes)
	}
	return fs.ReadFile(dir, name)
}

func (l *Library) cards(dir fs.FS, file, shown string, own bool) {
	if text, ok := l.optional(dir, file, shown, cardsFile); ok {
		cards, errs := ParseCards(shown, text, own)
		l.Errors = append(l.Errors, errs...)
		for _, one := range cards {
			switch before := l.Card(one.Name); {
			case len(errs) > 0:
			case before != nil && before.fields != one.fields:
				l.Errors = append(l.Errors, one.fields.Fail(one.path+".name", "there is a claim card %s already; give it another name", yamlfile.Quoted(one.Name)))
			default:
				one.Own = own
				l.Cards = append(l.Cards, one)
			}
		}
	}
}

func (l *Library) terms(dir fs.FS, file, shown string, own bool) {
	if text, ok := l.optional(dir, file, shown, glossaryFile); ok {
		terms, errs := ParseTerms(shown, text, own)
		l.Errors = append(l.Errors, errs...)
		for _, one := range terms {
			switch {
			case len(errs) > 0:
			case l.Term(one.Name):
				l.fail(shown, "there is a word %s already; give it another name", yamlfile.Quoted(one.Name))
			default:
				l.Terms = append(l.Terms, one)
			}
		}
	}
}

// optional reads a file that need not be there.
func (l *Library) optional(dir fs.FS, file, shown string, kind yamlfile.Kind) ([]byte, bool) {
	if _, err := fs.Stat(dir, file); errors.Is(err, fs.ErrNotExist) {
		return nil, false
	}
	text, err := readSmall(dir, file, kind)
	if err != nil {
		l.fail(shown, "%v", err)
	}
	return text, err == nil
}

func (l *Library) fail(file, format string, args ...any) {
	l.Errors = append(l.Errors, &yamlfile.Error{File: file, Text: fmt.Sprintf(format, args...)})
}

// Lesson is the lesson of a name, or nil.
func (l *Library) Lesson(name string) *Lesson {
	return named(l.Lessons, func(one *Lesson) bool { return one.Name == name })
}

// Card is the claim card of a name, or nil.
func (l *Library) Card(name string) *Card {
	return named(l.Cards, func(one *Card) bool { return one.Name == name })
}

// Word is the glossary's entry of a name, or nil.
func (l *Library) Word(name string) *Term {
	return named(l.Terms, func(one *Term) bool { return one.Name == name })
}

// Term implements [Known].
func (l *Library) Term(name string) bool { return l.Word(name) != nil }

// Claim implements [Known].
func (l *Library) Claim(name string) bool { return l.Card(name) != nil }

func named[T any](all []*T, is func(*T) bool) *T {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i]
	}
	return nil
}

// Verify runs what the library holds, lessons that a directory brought alone if
// own, and tells all that does not come out.
func (l *Library) Verify(ctx context.Context, p *Player, own bool) (errs []*yamlfile.Error) {
	for _, one := range l.Lessons {
		if one.Own || !own {
			errs = append(errs, one.Verify(ctx, p, l)...)
		}
	}
	for _, one := range l.Cards {
		if one.Own || !own {
			errs = append(errs, one.Verify(ctx, p)...)
		}
	}
	return errs
}

// Sift runs the lessons and cards that a directory brought, and leaves out those that
// do not come out, or for which the context's time is too short: what is wrong with
// them joins the errors.
func (l *Library) Sift(ctx context.Context, p *Player) {
	sound := func(errs []*yamlfile.Error, tooLong *yamlfile.Error) bool {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			errs = append(errs, tooLong)
		}
		l.Errors = append(l.Errors, errs...)
		return len(errs) == 0
	}
	const remedy = "running what it asks takes too long; make its runs smaller, or vary less"
	l.Lessons = slices.DeleteFunc(l.Lessons, func(one *Lesson) bool {
		return one.Own && !sound(one.Verify(ctx, p, l), one.fields.Fail("runs", remedy))
	})
	l.Cards = slices.DeleteFunc(l.Cards, func(one *Card) bool {
		return one.Own && !sound(one.Verify(ctx, p), one.fields.Fail(one.path+".runs", remedy))
	})
}
