package templates

import (
	"fmt"
	"strconv"
)

// LessonsPage is the list of lessons.
type LessonsPage struct {
	PageData
	Items []LessonItem
	// Errors are what is wrong with the files of a lecturer's directory.
	Errors []LessonError
}

// LessonItem is one lesson in a list.
type LessonItem struct {
	Name, Title string
	// Lead is HTML.
	Lead            string
	Number, Minutes int
	// Parts is how many questions there are, for the progress that scripts show.
	Exercises int
	// Own: a lecturer's.
	Own bool
}

// LessonError is something wrong with a file.
type LessonError struct {
	File  string
	Line  int
	Field string
	Text  string
}

func (e LessonError) place() string {
	text := e.File
	if e.Line > 0 {
		text += ":" + strconv.Itoa(e.Line)
	}
	if e.Field != "" {
		text += " · " + e.Field
	}
	return text
}

// StartPage is the first page.
type StartPage struct {
	PageData
	// First is the first lesson; nil if there is none.
	First *LessonItem
	Items []LessonItem
}

// LessonPage is one lesson with a seed's values. Texts are HTML.
type LessonPage struct {
	PageData
	LessonItem
	Seed         uint64
	Combinations uint64
	// Fallback: a text is shown in the other language.
	Fallback bool
	// At is the section to begin with: predict, watch, real, kernel, exercises, done.
	At      string
	Predict []LessonQuestion
	Steps   []LessonStep
	Real    []LessonReal
	Kernel  string
	// Recorded is the machine that the figures in Kernel are of, until there are some of
	// this one; empty if there are none.
	Recorded  string
	Exercises []LessonQuestion
	Terms     []LessonTerm
	// Words are those that the texts lead to.
	Words  []LessonTerm
	Claims []LessonClaim
	Stage  StageData
	// Next is the lesson that follows; nil for the last.
	Next *LessonItem
	// Script is what the page's scripts need.
	Script LessonScript
}

// LessonScript is a lesson for the scripts: where each step puts the stage.
type LessonScript struct {
	Name  string             `json:"name"`
	Seed  uint64             `json:"seed"`
	Steps []LessonScriptStep `json:"steps"`
}

// LessonScriptStep is where the stage is at a step.
type LessonScriptStep struct {
	Lanes map[string]string `json:"lanes"`
	Align string            `json:"align"`
	// Lane is the one whose step Step is.
	Lane string `json:"lane"`
	Step int    `json:"step"`
	// End: every lane is at its end, whichever is the longest.
	End bool `json:"end,omitempty"`
}

// LessonStep is one step of the walk.
type LessonStep struct {
	Say string
	// Address is the scope there.
	Address string
}

// LessonQuestion is one that is asked.
type LessonQuestion struct {
	// ID is predict-N or exercise-N, from 1.
	ID      string
	Ask     string
	Choices []LessonChoice
	// Unit in which a number is typed; empty with choices.
	Unit string
	Hint string
	// Open is the address of the scope with the runs to look at.
	Open string
	// Answer and Right are what is computed, for readers without scripts.
	Answer, Right string
	// Reply is what the address has, Verdict what is said to it.
	Reply   string
	Verdict *LessonVerdict
}

// LessonChoice is one to choose: the reply that it is, and its text in HTML.
type LessonChoice struct{ Reply, Say string }

// LessonVerdict is what is said to a reply.
type LessonVerdict struct {
	Right bool `json:"right"`
	// Say is HTML: the feedback. Problem is what is wrong with the reply itself.
	Say     string `json:"say,omitempty"`
	Problem string `json:"problem,omitempty"`
	// Answer and Said are HTML: the computed one, and what the reply came to.
	Answer string `json:"answer,omitempty"`
	Said   string `json:"said,omitempty"`
}

// LessonReal is something to do on the real kernel.
type LessonReal struct {
	Say string
	// Name and Scenario are those of a run; Recorded is the scenario of the recorded run
	// that stands in for it, Machine where that was; empty if there is none.
	Name, Scenario, Recorded, Machine string
	// Why says why this page starts no real run.
	Why string
	// Rows are the counts shown first, joined by spaces.
	Rows    string
	Command string
	Page    string
	// Scope is the address of the run in the scope.
	Scope string
}

// LessonTerm is a word of the glossary. Text is HTML.
type LessonTerm struct {
	Name, Term, Other, Text string
	// Also is what articles call it.
	Also []string
}

// LessonClaim is a claim card by its name. Claim is HTML.
type LessonClaim struct{ Name, Claim, Verdict string }

// GlossaryPage is the list of words.
type GlossaryPage struct {
	PageData
	Terms []LessonTerm
}

// ClaimCardView is a claim card. Texts are HTML.
type ClaimCardView struct {
	LessonClaim
	Truth    string
	Evidence []ClaimEvidence
	// Failed says why evidence could not be computed.
	Failed     string
	Open, Page string
	Command    string
	Say        string
	Sources    []ClaimSource
	// Measured is what was measured here last; nil if Page is none that measures.
	Measured *ClaimCard
}

// ClaimEvidence is one computed row, HTML.
type ClaimEvidence struct{ Say, Value string }

// ClaimSource is where something can be read.
type ClaimSource struct{ Text, URL string }

// lessonSections are the parts of a lesson, in order.
var lessonSections = []string{"predict", "watch", "real", "kernel", "exercises", "done"}

// sections are those that the lesson has.
func (p LessonPage) sections() (all []string) {
	for _, name := range lessonSections {
		if name == "real" && len(p.Real) == 0 || name == "kernel" && p.Kernel == "" {
			continue
		}
		all = append(all, name)
	}
	return all
}

func (p LessonPage) address(seed uint64) string {
	return fmt.Sprintf("/lessons/%s?seed=%d", p.Name(), seed)
}

// Name is the lesson's, not the page's.
func (p LessonPage) Name() string { return p.LessonItem.Name }

func (p LessonPage) sheet(answers bool) string {
	address := fmt.Sprintf("/lessons/%s/sheet?seed=%d", p.Name(), p.Seed)
	if answers {
		address += "&answers=1"
	}
	return address
}

// otherSeed is the next version of the lesson.
func (p LessonPage) otherSeed() uint64 { return (p.Seed + 1) % max(p.Combinations, 1) }
