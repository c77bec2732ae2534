package lesson

import (
	"copyscope/internal/authored"
	"copyscope/internal/yamlfile"
)

// Schema is the version of the format that this program reads.
const Schema = 1

// Lesson is what a file holds, schema 1.
type Lesson struct {
	Schema  int           `yaml:"schema"`
	Name    string        `yaml:"name"`
	Number  int           `yaml:"number"`
	Minutes int           `yaml:"minutes"`
	Title   authored.Text `yaml:"title"`
	Lead    authored.Text `yaml:"lead"`
	// Vary has lists of which a seed picks one value each.
	Vary map[string][]string `yaml:"vary"`
	// Runs are scenarios by name, varied values in braces.
	Runs map[string]string `yaml:"runs"`
	// Figures are computed values that texts name in braces.
	Figures   map[string]Answer `yaml:"figures"`
	Predict   []Question        `yaml:"predict"`
	Steps     []Step            `yaml:"steps"`
	Real      []Real            `yaml:"real"`
	Kernel    authored.Text     `yaml:"kernel"`
	Exercises []Question        `yaml:"exercises"`
	Terms     []string          `yaml:"terms"`
	Claims    []string          `yaml:"claims"`

	// Own: it is a lecturer's, not a shipped one.
	Own bool `yaml:"-"`

	fields *yamlfile.Fields
}

// Question is one to predict, or an exercise.
type Question struct {
	Ask authored.Text `yaml:"ask"`
	// Open are the runs that a link opens in the scope.
	Open    []string `yaml:"open"`
	Answer  Answer   `yaml:"answer"`
	Choices []Choice `yaml:"choices"`
	// Number: the answer is typed in.
	Number *Number       `yaml:"number"`
	Wrong  Feedback      `yaml:"wrong"`
	Right  authored.Text `yaml:"right"`
	Hint   authored.Text `yaml:"hint"`
}

// Choice is one of a question's: a value, or an expression that moves with the
// seed.
type Choice struct {
	Value string        `yaml:"value"`
	Is    *Answer       `yaml:"is"`
	Say   authored.Text `yaml:"say"`
	Wrong authored.Text `yaml:"wrong"`
}

// Number is how an answer is typed in.
type Number struct {
	Unit string `yaml:"unit"`
	// Within is the relative error that is allowed; 0: exact.
	Within float64 `yaml:"within"`
}

// Mistake is a known wrong answer, or what is said of all others.
type Mistake struct {
	Value *Answer       `yaml:"value"`
	Say   authored.Text `yaml:"say"`
	Else  authored.Text `yaml:"else"`
}

// Step puts the scope at a place and says one thing.
type Step struct {
	// Show are the runs in the lanes; none: as the step before.
	Show  []string `yaml:"show"`
	Align string   `yaml:"align"` // step, bytes, time
	// In is the run in which At is; none: as the step before if that shows the same
	// lanes, else the first lane's.
	In  string        `yaml:"in"`
	At  Place         `yaml:"at"`
	Say authored.Text `yaml:"say"`
}

// Real is something to do on the real kernel: a run, a command, a page.
type Real struct {
	Run     string        `yaml:"run"`
	Rows    []string      `yaml:"rows"` // counts shown first
	Command string        `yaml:"command"`
	Page    string        `yaml:"page"`
	Say     authored.Text `yaml:"say"`
}

// Card is a claim that circulates, its verdict, and how to see it.
type Card struct {
	Name       string            `yaml:"name"`
	Claim      authored.Text     `yaml:"claim"`
	Verdict    string            `yaml:"verdict"`
	Truth      authored.Text     `yaml:"truth"`
	Runs       map[string]string `yaml:"runs"`
	Evidence   []Evidence        `yaml:"evidence"`
	Experiment Experiment        `yaml:"experiment"`
	Sources    []Source          `yaml:"sources"`

	// Own: it is a lecturer's, not a shipped one.
	Own bool `yaml:"-"`

	fields *yamlfile.Fields
	path   string // in its file
}

// Verdicts are what can be said of a claim.
func Verdicts() []string {
	return []string{"true", "false", "depends", "outdated", "unmeasurable"}
}

// Evidence is one computed row.
type Evidence struct {
	Say    authored.Text `yaml:"say"`
	Answer Answer        `yaml:"answer"`
}

// Experiment is one click or one command.
type Experiment struct {
	Open    []string      `yaml:"open"`
	Page    string        `yaml:"page"`
	Command string        `yaml:"command"`
	Say     authored.Text `yaml:"say"`
}

// Source is where something can be read.
type Source struct {
	Text string `yaml:"text"`
	URL  string `yaml:"url"`
}

// Term is a word of the glossary.
type Term struct {
	Name string        `yaml:"name"`
	Term authored.Text `yaml:"term"`
	// Also is what articles call it.
	Also Names `yaml:"also"`
	// Not are words that the term stands in and that mean something else.
	Not  Names         `yaml:"not"`
	Text authored.Text `yaml:"text"`
}

// Names are in both languages.
type Names struct {
	En []string `yaml:"en"`
	Zh []string `yaml:"zh"`
}
