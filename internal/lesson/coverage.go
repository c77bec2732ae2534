package lesson

import (
	"fmt"
	"regexp"
	"strconv"

	"copyscope/internal/authored"
	"copyscope/internal/yamlfile"
)

// coverageFile is what coverage.yaml may be.
var coverageFile = yamlfile.Kind{Name: "the coverage", MaxBytes: 256 << 10}

// Covered is one thing that is to be taught, and where it is.
type Covered struct {
	// Part is what it belongs to; rows of a part stand together.
	Part string `yaml:"part"`
	// Says is what is to be taught.
	Says string `yaml:"says"`
	// In is where: "sendfile step 5", "sendfile prediction 1", "sendfile exercise 2",
	// "sendfile real 1", "sendfile kernel", "claim kafka-mmap", "term dma".
	In string `yaml:"in"`
	// Run is the lesson's or card's run that plays it, or the command, page or
	// experiment that does.
	Run string `yaml:"run"`
	// Test is what holds it: a test file below the project's root, and a test in it.
	Test string `yaml:"test"`
}

// Found is a covered row with what its cells refer to.
type Found struct {
	Covered
	// Where is the place in words, Text what is said there.
	Where string
	Text  authored.Text
	// Scenario is the run as it is written in the lesson, varied values in braces.
	Scenario string
}

// place is how In is written.
var place = regexp.MustCompile(`^([a-z0-9-]+) (?:(step|prediction|exercise|real) ([1-9][0-9]*)|(kernel))$|^(claim|term) ([a-z0-9-]+)$`)

// Coverage reads the rows that are shipped and finds what they refer to in l. The
// errors name what is missing, by line and field.
func Coverage(l *Library) ([]Found, []*yamlfile.Error) {
	text, err := shipped.ReadFile(coverageName)
	if err != nil {
		panic(err) // it is compiled in
	}
	var rows []Covered
	fields, errs := yamlfile.Read(coverageName, text, coverageFile, &rows)
	if len(errs) > 0 {
		return nil, errs
	}
	var out []Found
	for i, row := range rows {
		fail := func(field, format string, args ...any) {
			errs = append(errs, fields.Fail(fmt.Sprintf("[%d].%s", i, field), format, args...))
		}
		for field, cell := range map[string]string{"part": row.Part, "says": row.Says, "in": row.In, "run": row.Run, "test": row.Test} {
			if cell == "" {
				fail(field, "the cell is empty: every row has a place, a run and a test")
			}
		}
		found, err := l.find(row)
		if err != nil {
			fail("in", "%v", err)
		}
		out = append(out, found)
	}
	return out, errs
}

// find looks up a row's place and run.
func (l *Library) find(row Covered) (Found, error) {
	found := Found{Covered: row, Scenario: row.Run}
	m := place.FindStringSubmatch(row.In)
	if m == nil {
		return found, fmt.Errorf("%s is no place: write LESSON step N, prediction N, exercise N, real N or kernel, or claim NAME, term NAME", yamlfile.Quoted(row.In))
	}
	var runs map[string]string
	switch m[5] {
	case "claim":
		card := l.Card(m[6])
		if card == nil {
			return found, fmt.Errorf("there is no claim card %s", yamlfile.Quoted(m[6]))
		}
		found.Where, found.Text, runs = "claim", card.Claim, card.Runs
	case "term":
		word := l.Word(m[6])
		if word == nil {
			return found, fmt.Errorf("there is no word %s in the glossary", yamlfile.Quoted(m[6]))
		}
		found.Where, found.Text = "glossary", word.Term
	default:
		lesson := l.Lesson(m[1])
		if lesson == nil {
			return found, fmt.Errorf("there is no lesson %s", yamlfile.Quoted(m[1]))
		}
		text, ok := lesson.at(m[2]+m[4], m[3])
		if !ok {
			return found, fmt.Errorf("lesson %s has no %s", lesson.Name, row.In[len(m[1])+1:])
		}
		found.Where, found.Text, runs = fmt.Sprintf("lesson %d, %s", lesson.Number, row.In[len(m[1])+1:]), text, lesson.Runs
	}
	if scenario, ok := runs[row.Run]; ok {
		found.Scenario = scenario
	}
	return found, nil
}

// at is the text of a part of the lesson; number counts from 1.
func (l *Lesson) at(part, number string) (authored.Text, bool) {
	n, _ := strconv.Atoi(number)
	nth := func(length int) bool { return n >= 1 && n <= length }
	switch {
	case part == "kernel":
		return l.Kernel, l.Kernel != authored.Text{}
	case part == "step" && nth(len(l.Steps)):
		return l.Steps[n-1].Say, true
	case part == "prediction" && nth(len(l.Predict)):
		return l.Predict[n-1].Ask, true
	case part == "exercise" && nth(len(l.Exercises)):
		return l.Exercises[n-1].Ask, true
	case part == "real" && nth(len(l.Real)):
		return l.Real[n-1].Say, true
	}
	return authored.Text{}, false
}
