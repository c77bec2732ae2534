package lesson

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"copyscope/internal/authored"
	"copyscope/internal/trace"
	"copyscope/internal/yamlfile"
)

// What a file may have at the most.
const (
	maxText         = 8 << 10 // bytes
	maxEntries      = 64      // of a list
	maxCombinations = 64
)

// words says whether a name is one that addresses and links can have.
func words(name string) bool {
	return name != "" && len(name) <= 60 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// identifier says whether a name can stand in braces.
func identifier(name string) bool {
	return name != "" && len(name) <= 40 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

const nameRemedy = "write a name of a–z, 0–9 and hyphens, at most 60 of them"

func (c *checker) lesson(l *Lesson) {
	if l.Schema != Schema {
		c.fail("schema", "%d: this program reads schema %d", l.Schema, Schema)
		return
	}
	if !words(l.Name) {
		c.fail("name", "%s: %s", yamlfile.Quoted(l.Name), nameRemedy)
	}
	if l.Number < 1 || l.Number > 999 {
		c.fail("number", "%d: its place in the list, from 1 to 999", l.Number)
	}
	if l.Minutes < 1 || l.Minutes > 240 {
		c.fail("minutes", "%d: how long it takes, from 1 to 240", l.Minutes)
	}
	c.text("title", l.Title, false)
	c.text("lead", l.Lead, false)
	c.varied(l)
	c.runsOf("runs", l.Runs)
	for name, figure := range l.Figures {
		c.answer("figures."+name, figure)
		if !identifier(name) || name == "answer" || c.runs[name] != "" || c.vary[name] != nil {
			c.fail("figures."+name, "%s: name a figure with a–z, 0–9, _ and -, as no run and nothing that varies is named", yamlfile.Quoted(name))
		}
	}
	if len(l.Predict) == 0 {
		c.fail("predict", "a lesson asks for a prediction before anything plays; write one or more")
	}
	for i, q := range l.Predict {
		c.question(fmt.Sprintf("predict[%d]", i), q, true)
	}
	c.steps(l.Steps)
	for i, r := range l.Real {
		c.realPart(fmt.Sprintf("real[%d]", i), r)
	}
	if c.Given("kernel") {
		c.text("kernel", l.Kernel, false)
	}
	if len(l.Exercises) == 0 {
		c.fail("exercises", "a lesson ends with exercises; write two or three")
	}
	for i, q := range l.Exercises {
		c.question(fmt.Sprintf("exercises[%d]", i), q, false)
	}
	for name, n := range map[string]int{"predict": len(l.Predict), "steps": len(l.Steps), "real": len(l.Real), "exercises": len(l.Exercises),
		"runs": len(l.Runs), "figures": len(l.Figures), "terms": len(l.Terms), "claims": len(l.Claims), "vary": len(l.Vary)} {
		if n > maxEntries {
			c.fail(name, "%d: at most %d", n, maxEntries)
		}
	}
}

func (c *checker) varied(l *Lesson) {
	for name, values := range l.Vary {
		field := "vary." + name
		switch {
		case !identifier(name) || strings.Contains(name, "-"):
			c.fail("vary", "%s: write a name of a–z, 0–9 and underscores", yamlfile.Quoted(name))
		case len(values) == 0:
			c.fail(field, "it has no values; a seed picks one of a list")
		case len(values) > maxEntries:
			c.fail(field, "%d values: at most %d", len(values), maxEntries)
		case c.runs[name] != "":
			c.fail(field, "a run has this name too; give one of them another")
		}
		for i, value := range values {
			if value == "" || len(value) > 40 || strings.ContainsFunc(value, func(r rune) bool { return !plain(r) }) {
				c.fail(fmt.Sprintf("%s[%d]", field, i), "%s: write a size, a number or a word of letters, digits, points and hyphens", yamlfile.Quoted(value))
			}
		}
	}
	if n := l.Combinations(); n > maxCombinations {
		c.fail("vary", "%d combinations: at most %d, as each is checked", n, maxCombinations)
	}
}

// plain says whether a varied value may have a character: it goes into scenarios and
// into texts as it is.
func plain(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-'
}

// runsOf checks runs with the first values that vary; a check of the whole lesson
// runs them all.
func (c *checker) runsOf(field string, runs map[string]string) {
	first := Values{}
	for name, values := range c.vary {
		if len(values) > 0 {
			first[name] = values[0]
		}
	}
	for name, text := range runs {
		if !identifier(name) || name == "answer" {
			c.fail(field, "%s: name a run with a–z, 0–9, _ and -, and not “answer”", yamlfile.Quoted(name))
			continue
		}
		if _, err := ParseRun(first.Fill(text)); err != nil {
			c.fail(field+"."+name, "%v", err)
		}
	}
}

// run checks the name of a run.
func (c *checker) run(field, name string) {
	if _, ok := c.runs[name]; !ok {
		names := slices.Sorted(maps.Keys(c.runs))
		if len(names) == 0 {
			c.fail(field, "%s is no run: there are none under runs", yamlfile.Quoted(name))
			return
		}
		c.fail(field, "%s is no run of this file; %s", yamlfile.Quoted(name), yamlfile.Nearest(name, names))
	}
}

// side is that of a run, or empty if there is none of the name.
func (c *checker) side(name string) trace.Side {
	for _, part := range strings.Split(c.runs[name], ",") {
		if side, ok := strings.CutPrefix(part, "side="); ok {
			return trace.Side(side)
		}
	}
	return trace.Sim
}

func (c *checker) steps(steps []Step) {
	var lanes []string
	if len(steps) == 0 {
		c.fail("steps", "a lesson has steps to watch; write one or more")
	}
	for i, s := range steps {
		field := fmt.Sprintf("steps[%d]", i)
		if i == 0 && len(s.Show) == 0 {
			c.fail(field, "show: the first step says which runs are in the lanes")
		}
		if len(s.Show) > 4 {
			c.fail(field+".show", "%d lanes: at most 4", len(s.Show))
		}
		for n, name := range s.Show {
			at := fmt.Sprintf("%s.show[%d]", field, n)
			c.run(at, name)
			if c.side(name) == trace.Real {
				c.fail(at, "%s is a real run, whose steps nobody knows beforehand; show a simulated or recorded one, and put this under real", yamlfile.Quoted(name))
			}
		}
		if len(s.Show) > 0 {
			lanes = s.Show
		}
		if s.In != "" && !slices.Contains(lanes, s.In) {
			c.fail(field+".in", "%s is in no lane at this step; name one of show", yamlfile.Quoted(s.In))
		}
		c.oneOf(field+".align", s.Align, "step", "bytes", "time")
		c.place(field+".at", s.At)
		c.text(field+".say", s.Say, false)
	}
}

func (c *checker) realPart(field string, r Real) {
	switch {
	case r.Run == "" && r.Command == "" && r.Page == "":
		c.fail(field, "nothing to do: write run, command or page")
	case r.Run != "":
		c.run(field+".run", r.Run)
		if c.runs[r.Run] != "" && c.side(r.Run) != trace.Real {
			c.fail(field+".run", "%s is not real; add side=real to it under runs", yamlfile.Quoted(r.Run))
		}
	}
	for i, name := range r.Rows {
		c.count(fmt.Sprintf("%s.rows[%d]", field, i), name)
	}
	c.page(field+".page", r.Page)
	c.text(field+".say", r.Say, false)
}

func (c *checker) page(field, page string) {
	if page == "" {
		return
	}
	if u, err := url.Parse(page); err != nil || !strings.HasPrefix(page, "/") || u.Host != "" {
		c.fail(field, "%s: write the address of a page of this program, such as /claims/speedup", yamlfile.Quoted(page))
	}
}

func (c *checker) oneOf(field, word string, may ...string) {
	if word != "" && !slices.Contains(may, word) {
		c.fail(field, "%s: %s", yamlfile.Quoted(word), yamlfile.Nearest(word, may))
	}
}

func (c *checker) count(field, name string) {
	var names []string
	for _, n := range trace.CountNames() {
		names = append(names, string(n))
	}
	switch {
	case name == "":
		c.fail(field, "it is missing; use %s", strings.Join(names, ", "))
	case !slices.Contains(names, name):
		c.fail(field, "%s is no count; %s", yamlfile.Quoted(name), yamlfile.Nearest(name, names))
	}
}

func (c *checker) place(field string, p Place) {
	if p.Event != nil {
		c.selector(field+".event", p.Event)
	}
}

func (c *checker) selector(field string, s *Selector) {
	for _, w := range s.Words() {
		c.oneOf(field+"."+w.Field, w.Word, w.May...)
	}
	if *s == (Selector{Event: authored.Event{Nth: s.Nth}}) {
		c.fail(field, "it says nothing of the event; write kind and, say, actor")
	}
	if s.Nth == 0 && c.Given(field+".nth") {
		c.fail(field+".nth", "0: count from 1, or from −1 at the end")
	}
}

// text checks a text of which at least one language must be there, in shipped
// files both. inAnswer: {answer} may stand in it.
func (c *checker) text(field string, t authored.Text, inAnswer bool) {
	for _, v := range []struct{ lang, name, text string }{{"en", "English", t.En}, {"zh", "Chinese", t.Zh}} {
		at := field + "." + v.lang
		switch {
		case strings.TrimSpace(v.text) == "" && (c.both || t.Empty()):
			c.fail(at, "the text in %s is missing", v.name)
			if !c.both {
				return // one of them is enough
			}
		case len(v.text) > maxText:
			c.fail(at, "%d bytes: a text has at most %d", len(v.text), maxText)
		case c.both && v.lang == "zh" && untranslated(v.text):
			c.fail(at, "no Chinese in it: %s", yamlfile.Quoted(v.text))
		case strings.ContainsFunc(v.text, hidden):
			c.fail(at, "it has control characters or characters for private use; take them away")
		default:
			if err := outside(v.text); err != nil {
				c.fail(at, "%v", err)
			}
			if left := leftOver(v.text); left != "" {
				c.fail(at, "%s is left over as it stands; Markdown closes no mark between a bracket and a Chinese character, so write **页缓存**（page cache）", left)
			}
			c.references(at, v.text, inAnswer)
		}
	}
}

// hidden says whether a character shows nothing by itself.
func hidden(r rune) bool {
	return unicode.Is(unicode.Co, r) || unicode.IsControl(r) && r != '\n' && r != '\t'
}

// untranslated says whether a text has words in a row and no Chinese; names, code
// and numbers are the same in both languages.
func untranslated(text string) bool {
	inWords, inCode := 0, false
	for _, word := range strings.FieldsFunc(text, unicode.IsSpace) {
		ticks := strings.Count(word, "`")
		if strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			return false
		}
		if !inCode && ticks == 0 && len(word) > 2 && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz.,;:?!") == "" {
			inWords++
		}
		if ticks%2 == 1 {
			inCode = !inCode
		}
	}
	return inWords >= 2
}

// references checks what stands in braces.
func (c *checker) references(field, text string, inAnswer bool) {
	all, err := split(text)
	if err != nil {
		c.fail(field, "%v", err)
		return
	}
	for _, p := range all {
		if p.Ref == "" {
			continue
		}
		name, rest, _ := strings.Cut(p.Ref, ".")
		switch {
		case p.Ref == "answer":
			if !inAnswer {
				c.fail(field, "{answer}: it stands in right, wrong and hint alone")
			}
		case rest == "" && (len(c.vary[name]) > 0 || c.runs[name] != "" || c.hasFigure(name)):
		case c.runs[name] == "":
			c.fail(field, "{%s}: %s is neither a varied value, a run nor a figure; a brace itself is written twice", p.Ref, yamlfile.Quoted(name))
		default:
			c.count(field, rest[strings.LastIndex(rest, ".")+1:])
		}
	}
}

func (c *checker) hasFigure(name string) bool {
	_, ok := c.figures[name]
	return ok
}
