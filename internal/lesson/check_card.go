package lesson

import (
	"fmt"
	"net/url"
	"strings"

	"copyscope/internal/yamlfile"
)

func (c *checker) cards(cards []*Card) {
	seen := map[string]bool{}
	for i, card := range cards {
		at := fmt.Sprintf("[%d]", i)
		if card == nil {
			c.fail(at, "it is empty")
			continue
		}
		card.fields, card.path = c.Fields, at
		c.runs = card.Runs
		c.named(at, card.Name, seen)
		c.text(at+".claim", card.Claim, false)
		c.oneOf(at+".verdict", card.Verdict, Verdicts()...)
		if card.Verdict == "" {
			c.fail(at+".verdict", "it is missing; use %s", strings.Join(Verdicts(), ", "))
		}
		c.text(at+".truth", card.Truth, false)
		c.runsOf(at+".runs", card.Runs)
		for n, e := range card.Evidence {
			c.text(fmt.Sprintf("%s.evidence[%d].say", at, n), e.Say, false)
			c.answer(fmt.Sprintf("%s.evidence[%d].answer", at, n), e.Answer)
		}
		x := card.Experiment
		if len(x.Open) == 0 && x.Page == "" && x.Command == "" {
			c.fail(at+".experiment", "nothing to do: write open, page or command")
		}
		for n, name := range x.Open {
			c.run(fmt.Sprintf("%s.experiment.open[%d]", at, n), name)
		}
		c.page(at+".experiment.page", x.Page)
		if !x.Say.Empty() {
			c.text(at+".experiment.say", x.Say, false)
		}
		for n, s := range card.Sources {
			if u, err := url.Parse(s.URL); s.URL != "" && (err != nil || u.Scheme != "https") {
				c.fail(fmt.Sprintf("%s.sources[%d].url", at, n), "%s: write an address that begins with https://", yamlfile.Quoted(s.URL))
			}
			if s.Text == "" {
				c.fail(fmt.Sprintf("%s.sources[%d].text", at, n), "it is missing: what is to be read there")
			}
		}
	}
}

func (c *checker) named(at, name string, seen map[string]bool) {
	if !words(name) {
		c.fail(at+".name", "%s: %s", yamlfile.Quoted(name), nameRemedy)
	} else if seen[name] {
		c.fail(at+".name", "%s comes twice", yamlfile.Quoted(name))
	}
	seen[name] = true
}

func (c *checker) terms(terms []*Term) {
	seen := map[string]bool{}
	for i, t := range terms {
		at := fmt.Sprintf("[%d]", i)
		if t == nil {
			c.fail(at, "it is empty")
			continue
		}
		c.named(at, t.Name, seen)
		if t.Term.Empty() {
			c.fail(at+".term", "it is missing in both languages")
		}
		c.text(at+".text", t.Text, false)
	}
}
