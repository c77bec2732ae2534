package talk

import (
	"time"

	"copyscope/internal/authored"
	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/internal/yamlfile"
)

// Schema is the version of the deck's format that this program reads.
const Schema = 1

// Deck is a talk as its file has it; docs/talk.md says what each field means.
type Deck struct {
	Schema int           `yaml:"schema"`
	Name   string        `yaml:"name"`
	Title  authored.Text `yaml:"title"`
	Author string        `yaml:"author"`
	Slides []Slide       `yaml:"slides"`

	fields *yamlfile.Fields `yaml:"-"` // of its file
}

// Slide shows a text, and at most one of a question and a scope.
type Slide struct {
	Title   authored.Text `yaml:"title"`
	Text    authored.Text `yaml:"text"`
	Notes   authored.Text `yaml:"notes"`
	Minutes float64       `yaml:"minutes"`
	// Join shows the room's link, for the audience to come in.
	Join  bool   `yaml:"join"`
	Ask   *Ask   `yaml:"ask"`
	Scope *Scope `yaml:"scope"`
}

// Ask is a question to the audience: what do you predict?
type Ask struct {
	Question authored.Text `yaml:"question"`
	Answer   *Answer       `yaml:"answer"`
	Choices  []Choice      `yaml:"choices"`
	Explain  authored.Text `yaml:"explain"`
}

// Answer is a count at the end of a run. It is computed, never written.
type Answer struct {
	Run   string `yaml:"run"`
	Count string `yaml:"count"`
}

// Choice is one of the answers that are offered.
type Choice struct {
	Value *float64      `yaml:"value"`
	Text  authored.Text `yaml:"text"`
}

// Scope is what the scope shows on a slide: up to four lanes, and the steps that
// the speaker stops at.
type Scope struct {
	A     string `yaml:"a"`
	B     string `yaml:"b"`
	C     string `yaml:"c"`
	D     string `yaml:"d"`
	Align string `yaml:"align"`
	// View is machine, the drawings with the counts beside them, or counts, the
	// counts alone.
	View  string `yaml:"view"`
	Stops []Stop `yaml:"stops"`
}

// Lane is one lane of a slide's scope.
type Lane struct {
	ID       string
	Scenario lab.Scenario
}

// lanes are the scenarios by the lanes' letters, in their order.
func (s *Scope) lanes() [][2]string {
	var out [][2]string
	for _, l := range [][2]string{{"a", s.A}, {"b", s.B}, {"c", s.C}, {"d", s.D}} {
		if l[1] != "" {
			out = append(out, l)
		}
	}
	return out
}

// Lanes are the lanes of a deck that was parsed.
func (s *Scope) Lanes() []Lane {
	var out []Lane
	for _, l := range s.lanes() {
		scenario, err := parseScenario(l[1])
		if err != nil {
			panic("talk: a lane that Parse has let pass: " + err.Error())
		}
		out = append(out, Lane{l[0], scenario})
	}
	return out
}

// Scenario is the run that an answer is computed from.
func (a *Answer) Scenario() lab.Scenario {
	s, err := parseScenario(a.Run)
	if err != nil {
		panic("talk: an answer that Parse has let pass: " + err.Error())
	}
	return s
}

// parseScenario reads a lane as the scope's address has it; what is left out is
// as on the scope page.
func parseScenario(text string) (lab.Scenario, error) {
	s := lab.Default()
	s.Model, s.Cache, s.Size, s.Chunk = lab.Textbook, lab.Cold, 64<<10, 64<<10
	return lab.ParseScenario(text, s)
}

// Planned is how long the slides up to and including the i-th are to take.
func (d *Deck) Planned(i int) time.Duration {
	minutes := 0.0
	for _, s := range d.Slides[:i+1] {
		minutes += s.Minutes
	}
	return time.Duration(minutes * float64(time.Minute))
}

// countNames are the counts that an answer may have.
func countNames() []string {
	var out []string
	for _, n := range trace.CountNames() {
		out = append(out, string(n))
	}
	return out
}
