package lesson

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"copyscope/internal/authored"
	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/internal/yamlfile"
)

// Instead plays the recorded run that stands for a real one; ok is false if there
// is none.
func (s *Seen) Instead(ctx context.Context, r Run) (played *Played, ok bool, err error) {
	recorded, ok := lab.RecordedInstead(r.Lab)
	if !ok {
		return nil, false, nil
	}
	played, err = s.player.Play(ctx, Run{Lab: recorded})
	return played, err == nil, err
}

// Known says which terms and claims there are.
type Known interface {
	Term(name string) bool
	Claim(name string) bool
}

// verifier gathers what running the scenarios of a file finds.
type verifier struct {
	*yamlfile.Fields
	ctx  context.Context
	seen *Seen
	errs []*yamlfile.Error
	told map[string]bool
}

// fail notes an error of a field, once for all combinations.
func (v *verifier) fail(field string, err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return // it says nothing of the file
	}
	text := err.Error()
	if len(v.seen.Values) > 0 && !v.told[field] {
		text += fmt.Sprintf(" (with %s)", v.seen.Values)
	}
	if !v.told[field] {
		v.told[field] = true
		v.errs = append(v.errs, v.Fail(field, "%s", text))
	}
}

// String lists the values, as {size}=64KiB.
func (v Values) String() string {
	var all []string
	for name, value := range v {
		all = append(all, "{"+name+"}="+value)
	}
	return strings.Join(all, ", ")
}

// Verify runs a lesson's scenarios for every combination of what varies, and tells
// what does not come out: a question needs exactly one right choice, and every
// other its feedback; the events of steps are found; terms and claims exist.
func (l *Lesson) Verify(ctx context.Context, p *Player, known Known) []*yamlfile.Error {
	v := &verifier{Fields: l.fields, ctx: ctx, told: map[string]bool{}}
	for seed := range l.Combinations() {
		v.seen = l.Seen(p, seed)
		for name := range l.Runs {
			if _, err := v.seen.Run(name); err != nil {
				v.fail("runs."+name, err)
			}
		}
		for i, q := range l.Predict {
			v.question(fmt.Sprintf("predict[%d]", i), q)
		}
		v.steps(l.Steps)
		for i, q := range l.Exercises {
			v.question(fmt.Sprintf("exercises[%d]", i), q)
		}
		l.eachText(func(field string, t authored.Text) { v.text(field, t) })
	}
	v.seen = &Seen{}
	for i, name := range l.Terms {
		if !known.Term(name) {
			v.fail(fmt.Sprintf("terms[%d]", i), fmt.Errorf("%s is not in the glossary", yamlfile.Quoted(name)))
		}
	}
	for i, name := range l.Claims {
		if !known.Claim(name) {
			v.fail(fmt.Sprintf("claims[%d]", i), fmt.Errorf("there is no claim card %s", yamlfile.Quoted(name)))
		}
	}
	return v.errs
}

// eachText visits the texts that may hold values of runs.
func (l *Lesson) eachText(do func(field string, t authored.Text)) {
	do("title", l.Title)
	do("lead", l.Lead)
	for i, s := range l.Steps {
		do(fmt.Sprintf("steps[%d].say", i), s.Say)
	}
	for i, r := range l.Real {
		do(fmt.Sprintf("real[%d].say", i), r.Say)
	}
	do("kernel", l.Kernel)
	for name, all := range map[string][]Question{"predict": l.Predict, "exercises": l.Exercises} {
		for i, q := range all {
			field := fmt.Sprintf("%s[%d]", name, i)
			do(field+".ask", q.Ask)
			do(field+".right", q.Right)
			do(field+".hint", q.Hint)
			do(field+".wrong", q.Wrong.Text)
			for n, m := range q.Wrong.Known {
				do(fmt.Sprintf("%s.wrong[%d].say", field, n), m.Say)
			}
			for n, c := range q.Choices {
				do(fmt.Sprintf("%s.choices[%d].say", field, n), c.Say)
				do(fmt.Sprintf("%s.choices[%d].wrong", field, n), c.Wrong)
			}
		}
	}
}

// text computes the values of a text.
func (v *verifier) text(field string, t authored.Text) {
	for lang, text := range map[string]string{"en": t.En, "zh": t.Zh} {
		if _, err := v.seen.Fill(v.ctx, text, Value{}); err != nil {
			v.fail(field+"."+lang, err)
		}
	}
}

func (v *verifier) question(field string, q Question) {
	answer, err := v.seen.Answer(v.ctx, q.Answer)
	if err != nil {
		v.fail(field+".answer", err)
		return
	}
	if q.Number != nil {
		if !fits(q.Number.Unit, answer.Unit) {
			v.fail(field+".number.unit", fmt.Errorf("%s: the answer is in %s", yamlfile.Quoted(q.Number.Unit), answer.Unit))
		}
		for i, m := range q.Wrong.Known {
			at := fmt.Sprintf("%s.wrong[%d].value", field, i)
			if w, err := v.seen.Answer(v.ctx, *m.Value); err != nil {
				v.fail(at, err)
			} else if near(w.Number, answer.Number, q.Number.Within) {
				v.fail(at, errors.New("this is the right answer"))
			}
		}
		return
	}
	right := 0
	var values []Value
	for i, c := range q.Choices {
		at := fmt.Sprintf("%s.choices[%d]", field, i)
		w, err := v.seen.Choice(v.ctx, c)
		if err != nil {
			v.fail(at, err)
			continue
		}
		for n, before := range values {
			if before.Is(w) {
				v.fail(at, fmt.Errorf("it comes to the same as choice %d", n+1))
			}
		}
		values = append(values, w)
		switch is := w.Is(answer); {
		case is:
			right++
		case c.Wrong.Empty():
			v.fail(at+".wrong", errors.New("the choice is wrong, and nothing is said to whoever takes it"))
		}
	}
	if right != 1 {
		v.fail(field+".choices", fmt.Errorf("%d of them are right, and one must be; the computed answer is %s", right, Plain(answer)))
	}
}

// fits says whether an answer of a unit can be typed in so.
func fits(typed, unit string) bool {
	return typed == unit || typed == string(trace.Times) && (unit == Ratio || unit == "") || unit == Ratio && typed == string(trace.PerByte)
}

// Plain is a value for an error's text, with all its digits.
func Plain(v Value) string {
	if v.Name != "" {
		return v.Name
	}
	return strings.TrimSpace(fmt.Sprintf("%v %s", v.Number, v.Unit))
}

func (v *verifier) steps(steps []Step) {
	var lanes []string
	align, in := "step", ""
	for i, s := range steps {
		if len(s.Show) > 0 {
			lanes, align, in = s.Show, "step", s.Show[0]
		}
		align, in = cmp.Or(s.Align, align), cmp.Or(s.In, in)
		field := fmt.Sprintf("steps[%d]", i)
		leads := false // the first lane has the long run that others are matched with
		for n, name := range lanes {
			played, err := v.seen.Play(v.ctx, name)
			at := fmt.Sprintf("%s.show[%d]", field, n)
			if n == 0 && err == nil {
				leads = played.Events > ShownEvents
			}
			if name == in && err == nil {
				at = field + ".at"
				_, err = v.seen.StepOf(v.ctx, name, s.At)
			}
			if err == nil && align != "step" && !leads && played.Events > ShownEvents {
				at = field + ".align"
				err = fmt.Errorf("%s has %d events; by bytes and by time a run of more than %d has to be in the first lane", name, played.Events, ShownEvents)
			}
			if err != nil {
				v.fail(at, err)
			}
		}
	}
}

// Verify runs a card's scenarios.
func (c *Card) Verify(ctx context.Context, p *Player) []*yamlfile.Error {
	v := &verifier{Fields: c.fields, ctx: ctx, seen: c.Seen(p), told: map[string]bool{}}
	for i, e := range c.Evidence {
		if _, err := v.seen.Answer(ctx, e.Answer); err != nil {
			v.fail(fmt.Sprintf("%s.evidence[%d].answer", c.path, i), err)
		}
	}
	v.text(c.path+".claim", c.Claim)
	v.text(c.path+".truth", c.Truth)
	v.text(c.path+".experiment.say", c.Experiment.Say)
	return v.errs
}
