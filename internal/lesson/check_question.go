package lesson

import (
	"fmt"
	"strconv"
	"strings"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/internal/yamlfile"
)

// question checks one; wrong predictions all have feedback of their own.
func (c *checker) question(field string, q Question, predicted bool) {
	c.text(field+".ask", q.Ask, false)
	for i, name := range q.Open {
		c.run(fmt.Sprintf("%s.open[%d]", field, i), name)
	}
	if len(q.Open) > 4 {
		c.fail(field+".open", "%d lanes: at most 4", len(q.Open))
	}
	if !c.Given(field + ".answer") {
		c.fail(field+".answer", "it is missing: what is computed, such as {run: main, count: cpu_copies}")
	} else if q.Answer.Literal != "" {
		c.fail(field+".answer", "%s: no answer is stored; say how it is computed, such as {run: main, count: cpu_copies}", yamlfile.Quoted(q.Answer.Literal))
	} else {
		c.answer(field+".answer", q.Answer)
	}
	c.text(field+".right", q.Right, true)
	if c.Given(field + ".hint") {
		c.text(field+".hint", q.Hint, true)
	}
	switch {
	case q.Number == nil && len(q.Choices) == 0:
		c.fail(field, "write choices, or number for an answer that is typed in")
	case q.Number != nil && len(q.Choices) > 0:
		c.fail(field+".number", "there are choices as well; keep one of the two")
	case q.Number != nil:
		c.typed(field, q)
	default:
		c.choices(field, q, predicted)
	}
}

// Units in which an answer is typed in.
var Units = []string{"times", "bytes", "per-byte", "ns", "percent"}

func (c *checker) typed(field string, q Question) {
	if q.Number.Unit == "" {
		c.fail(field+".number.unit", "it is missing; use %s", strings.Join(Units, ", "))
	}
	c.oneOf(field+".number.unit", q.Number.Unit, Units...)
	if q.Number.Within < 0 || q.Number.Within >= 1 {
		c.fail(field+".number.within", "%v: a relative error from 0 (exact) to less than 1", q.Number.Within)
	}
	if q.Answer.Least != nil || q.Answer.Most != nil {
		c.fail(field+".number", "the answer is the name of a run; write choices")
	}
	c.text(field+".wrong", q.Wrong.Text, true)
	for i, m := range q.Wrong.Known {
		at := fmt.Sprintf("%s.wrong[%d]", field, i)
		c.answer(at+".value", *m.Value)
		c.text(at+".say", m.Say, true)
	}
}

func (c *checker) choices(field string, q Question, predicted bool) {
	if len(q.Choices) < 2 || len(q.Choices) > 8 {
		c.fail(field+".choices", "%d: write two to eight", len(q.Choices))
	}
	for i, choice := range q.Choices {
		at := fmt.Sprintf("%s.choices[%d]", field, i)
		given := c.Given(at + ".value")
		switch {
		case given == (choice.Is != nil):
			c.fail(at, "write either value, a number or the name of a run, or is, an answer to compute")
		case choice.Is != nil:
			c.answer(at+".is", *choice.Is)
		case c.runs[choice.Value] != "":
			if choice.Say.Empty() {
				c.fail(at+".say", "it is missing: the name of a run says nothing to a reader")
			}
		default:
			if _, err := c.number(choice.Value); err != nil {
				c.fail(at+".value", "%v", err)
			}
		}
		if !choice.Say.Empty() {
			c.text(at+".say", choice.Say, false)
		}
		if !choice.Wrong.Empty() {
			c.text(at+".wrong", choice.Wrong, true)
		}
	}
}

// number reads a number, a size, or a varied value, with the first of its values.
func (c *checker) number(text string) (float64, error) {
	first := Values{}
	for name, values := range c.vary {
		if len(values) > 0 {
			first[name] = values[0]
		}
	}
	return number(first.Fill(text))
}

// number reads a number or a size.
func number(text string) (float64, error) {
	if v, err := strconv.ParseFloat(text, 64); err == nil && v == v && v-v == 0 {
		return v, nil
	}
	n, err := lab.ParseSize("value", text)
	if err != nil {
		return 0, fmt.Errorf("%s: write a number such as 2 or 0.5, a size such as 64KiB, or the name of a run", yamlfile.Quoted(text))
	}
	return float64(n), nil
}

// answer checks an expression.
func (c *checker) answer(field string, a Answer) {
	if a.Literal != "" {
		if _, err := c.number(a.Literal); err != nil {
			c.fail(field, "%v", err)
		}
		return
	}
	e := a.expression
	forms := 0
	for _, given := range []bool{e.Count != "", e.Events != nil, e.Events == nil && len(e.Sum.Of) > 0, len(e.Difference) > 0, len(e.Ratio) > 0, len(e.PercentLess) > 0, e.Least != nil, e.Most != nil} {
		if given {
			forms++
		}
	}
	if forms != 1 {
		c.fail(field, "write one of: run with count, run with events, difference, ratio, percent_less, sum, least, most")
		return
	}
	if e.Count != "" || e.Events != nil {
		c.run(field+".run", e.Run)
		if c.side(e.Run) == trace.Real {
			c.fail(field+".run", "%s is a real run, which comes out otherwise each time; ask for a simulated or recorded one", yamlfile.Quoted(e.Run))
		}
	}
	switch {
	case e.Count != "":
		c.count(field+".count", e.Count)
		if e.Syscall != "" && e.Count != string(trace.Syscalls) {
			c.fail(field+".syscall", "it goes with count: syscalls")
		}
		if e.Group != "" && e.At.Given() {
			c.fail(field+".at", "the counts of a group are known at the end alone; leave at or group out")
		}
		c.place(field+".at", e.At)
	case e.Events != nil:
		c.selector(field+".events", e.Events)
		if c.Given(field + ".events.nth") {
			c.fail(field+".events.nth", "all that match are counted; leave it out")
		}
		if len(e.Sum.Of) > 0 {
			c.fail(field+".sum", "write bytes or dur here")
		}
	case e.Least != nil:
		c.among(field+".least", e.Least)
	case e.Most != nil:
		c.among(field+".most", e.Most)
	}
	for name, of := range map[string][]Answer{"difference": e.Difference, "ratio": e.Ratio, "percent_less": e.PercentLess, "sum": e.Sum.Of} {
		if len(of) > 0 && len(of) != 2 {
			c.fail(field+"."+name, "%d answers: write two", len(of))
		}
		for i, one := range of {
			c.answer(fmt.Sprintf("%s.%s[%d]", field, name, i), one)
		}
	}
}

func (c *checker) among(field string, a *Among) {
	c.count(field+".count", a.Count)
	if len(a.Of) < 2 {
		c.fail(field+".of", "%d runs: write two or more", len(a.Of))
	}
	for i, name := range a.Of {
		c.run(fmt.Sprintf("%s.of[%d]", field, i), name)
	}
}
