package templates

import (
	"encoding/json"
	"strings"

	"copyscope/internal/locale"
)

// TalkStart is the page on which a talk is opened, or found by its code.
type TalkStart struct {
	Decks []TalkDeck
	// Code is one that was asked for and that no talk has.
	Code string
	// Local: no other machine reaches the pages, so they may open a talk.
	Local bool
}

// TalkDeck is a deck that is shipped.
type TalkDeck struct {
	Name, Title     string
	Slides, Minutes int
}

// TalkPage is a page of a talk: the audience's, the speaker's, or the clicker.
type TalkPage struct {
	PageData
	Code string
	// Author is who gives the talk, "" if the deck does not say.
	Author string
	// Link is the audience's.
	Link string
	// Alone: the link leads to a loopback address, which no other computer can open.
	Alone  bool
	Slides []TalkSlide
	// Slide is the one that the audience sees.
	Slide int
	// Deck is what the scripts know of the deck.
	Deck  any
	Stage StageData
	// Wall: the page is thrown on a wall, so it has nothing to click on.
	Wall bool
}

// TalkSlide is a slide in the reader's words; Text and those of the question are
// HTML that was made from Markdown.
type TalkSlide struct {
	Title, Text string
	// Instead: the deck has this slide in another language only.
	Instead bool
	Join    bool
	Ask     *TalkAsk
	// View is machine or counts, "" without a scope.
	View  string
	Lanes []TalkLane
	// Address leads to the same runs in the scope.
	Address string
}

// TalkAsk is a question.
type TalkAsk struct {
	Question, Explain string
	Choices           []string
	// Answer is the count that decides, Run the scenario that it is of; "" if
	// nothing decides.
	Answer, Run, Provenance string
}

// TalkLane is a run's counts.
type TalkLane struct {
	ID, Scenario string
	Counts       []TalkCount
	// Why says that a recorded run stands for a real one, "" if none does.
	Why string
}

// TalkCount is a count of a whole run.
type TalkCount struct{ Name, Text, Provenance, Reason string }

// path is what a lane runs; the rest of the scenario sets how.
func (l TalkLane) path() (path, rest string) {
	for i, c := range l.Scenario {
		if c == ',' {
			return l.Scenario[:i], l.Scenario[i+1:]
		}
	}
	return l.Scenario, ""
}

func talkPath(l TalkLane) string {
	path, _ := l.path()
	return path
}

// talkHow is what a reader has to know of how a lane ran: all but the defaults.
func talkHow(p TalkPage, l TalkLane) string {
	_, rest := l.path()
	var said []string
	for _, part := range strings.Split(rest, ",") {
		switch part {
		case "sg=off":
			said = append(said, p.T("scope.chip.sg.off"))
		case "dma=off":
			said = append(said, p.T("scope.chip.dma.off"))
		case "side=real":
			said = append(said, p.Term("provenance", "measured"))
		case "side=recorded":
			said = append(said, p.Term("provenance", "recorded"))
		}
	}
	return strings.Join(said, " · ")
}

// TalkExported is a talk as one file.
type TalkExported struct {
	Version string
	// Policy is the content security policy: it allows Style and Script by their
	// hashes, and nothing else.
	Policy, Style, Script string
	// Runs are the runs, gzipped JSON in base64.
	Runs   string
	KeyMap json.RawMessage
	// Pages are the talk in each language, Cut what was left out, in each.
	Pages []TalkPage
	Cut   map[locale.Lang][]string
}
