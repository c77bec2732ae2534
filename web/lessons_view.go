package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"copyscope/internal/authored"
	"copyscope/internal/lab"
	"copyscope/internal/lesson"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/templates"
)

// lessonView makes what a page shows of lessons, in a reader's language. The first
// thing that cannot be computed is kept in err.
type lessonView struct {
	*locale.Translator
	l    *lessons
	ctx  context.Context
	seen *lesson.Seen
	seed uint64
	// fallback: a text had to be the other language's.
	fallback bool
	// words are those of the glossary that the texts lead to.
	words []*lesson.Term
	err   error
}

func (l *lessons) view(ctx context.Context, p templates.PageData, seen *lesson.Seen, seed uint64) *lessonView {
	return &lessonView{Translator: p.Translator, l: l, ctx: ctx, seen: seen, seed: seed}
}

func titleOf(p templates.PageData, one *lesson.Lesson) string {
	text, _ := one.Title.In(string(p.Lang()))
	return text
}

// written is a text in the reader's language, or what there is.
func (v *lessonView) written(t authored.Text) string {
	text, fallback := t.In(string(v.Lang()))
	v.fallback = v.fallback || fallback
	return text
}

// html is a text with its values as HTML; of one paragraph the inside if inline.
// say writes {answer}.
func (v *lessonView) html(t authored.Text, inline bool, answer lesson.Value, say func(lesson.Value) string) string {
	text := v.written(t)
	if text == "" {
		return ""
	}
	seen := v.seen
	if seen == nil {
		seen = &lesson.Seen{}
	}
	filled, err := seen.Fill(v.ctx, text, answer)
	if err != nil {
		v.err = errors.Join(v.err, err)
		return ""
	}
	render := lesson.HTML
	if inline {
		render = lesson.Inline
	}
	return filled.Replace(render(filled.Text), func(s lesson.Shown) string {
		if s.Ref == "answer" && say != nil {
			return say(s.Value)
		}
		return v.value(s.Value, s.Ref)
	})
}

// block and inline are texts without an answer.
func (v *lessonView) block(t authored.Text) string  { return v.html(t, false, lesson.Value{}, nil) }
func (v *lessonView) inline(t authored.Text) string { return v.html(t, true, lesson.Value{}, nil) }

// machineMark begins the attribute of a figure that is another machine's.
const machineMark = ` data-machine="`

// waitsMark is the attribute of a figure of a run that the reader has not made yet.
const waitsMark = " data-waits"

var paragraph = regexp.MustCompile(`(?s)<p>(.*?)</p>`)

// hideWaiting hides the paragraphs whose figures are still to be measured: without the
// figures they say nothing. The scripts show them when the run has been made.
func hideWaiting(block string) string {
	return paragraph.ReplaceAllStringFunc(block, func(p string) string {
		if !strings.Contains(p, waitsMark) {
			return p
		}
		return "<p hidden" + strings.TrimPrefix(p, "<p")
	})
}

// value is a number with its unit and how it is known; ref names it to scripts.
func (v *lessonView) value(value lesson.Value, ref string) string {
	text, reason := quantityText(value), ""
	if !value.Known() {
		text, reason = "–", v.Sentence(value.Reason)
	}
	about, mark := v.Term("provenance", string(value.Provenance)), ""
	if value.Reason == lesson.NotMeasured {
		mark = waitsMark
	}
	if value.Machine != "" {
		about += ": " + value.Machine
		mark = machineMark + html.EscapeString(value.Machine) + `"`
	}
	if reason != "" {
		about += ": " + reason
	}
	return fmt.Sprintf(`<span class="value" data-value="%[1]s"%[5]s><b>%[2]s</b><span class="dot prov-%[3]s" title="%[4]s" role="img" aria-label="%[4]s"></span></span>`,
		html.EscapeString(ref), html.EscapeString(text), value.Provenance, html.EscapeString(about), mark)
}

// quantityText is a number with its unit, all its digits where they are few.
func quantityText(v lesson.Value) string {
	switch v.Unit {
	case string(trace.Bytes):
		n := int64(v.Number)
		if number, unit, ok := strings.Cut(lesson.Spaced(lab.FormatSize(n)), " "); ok && unit != "B" && len(number) <= 4 {
			return number + " " + unit
		}
		if n > -10_000_000 && n < 10_000_000 {
			return humanize.Comma(n) + " B"
		}
		return templates.Size(n)
	case string(trace.Nanos):
		return templates.Duration(int64(v.Number))
	case lesson.Percent:
		return significant(v.Number) + " %"
	case lesson.Ratio:
		return significant(v.Number) + "×"
	}
	if v.Number != float64(int64(v.Number)) {
		return significant(v.Number)
	}
	return humanize.Comma(int64(v.Number))
}

func (v *lessonView) item(one *lesson.Lesson) templates.LessonItem {
	plain := *v
	plain.seen = one.Seen(v.l.player, v.seed)
	return templates.LessonItem{Name: one.Name, Title: plain.written(one.Title), Lead: plain.block(one.Lead), Number: one.Number, Minutes: one.Minutes,
		Exercises: len(one.Exercises), Own: one.Own}
}

func (v *lessonView) items(library *lesson.Library) (all []templates.LessonItem) {
	for _, one := range library.Lessons {
		all = append(all, v.item(one))
	}
	return all
}

func (v *lessonView) errors(library *lesson.Library) (all []templates.LessonError) {
	for _, e := range library.Errors {
		all = append(all, templates.LessonError{File: e.File, Line: e.Line, Field: e.Field, Text: v.Sentence(e.Text)})
	}
	return all
}

// terms are words in the order of the reader's language.
func (v *lessonView) terms(terms []*lesson.Term) (all []templates.LessonTerm) {
	for _, t := range terms {
		own, other, also := t.Term.En, t.Term.Zh, t.Also.En
		if v.Lang() == locale.Chinese {
			own, other, also = other, own, t.Also.Zh
		}
		if own == "" {
			own = other
		}
		if other == own {
			other = ""
		}
		all = append(all, templates.LessonTerm{Name: t.Name, Term: own, Other: other, Text: v.block(t.Text), Also: also})
	}
	order := collate.New(language.Make(v.Lang().Tag()))
	slices.SortStableFunc(all, func(a, b templates.LessonTerm) int { return order.CompareString(a.Term, b.Term) })
	return all
}

// lesson is the page of a lesson; the query may hold replies, of readers without
// scripts.
func (v *lessonView) lesson(one *lesson.Lesson, library *lesson.Library, query url.Values) (page templates.LessonPage, err error) {
	page = templates.LessonPage{LessonItem: v.item(one), Seed: v.seed, Combinations: one.Combinations(), At: sectionOf(query.Get("at")),
		Script: templates.LessonScript{Name: one.Name, Seed: v.seed}}
	for i, q := range one.Predict {
		page.Predict = append(page.Predict, v.question(q, fmt.Sprintf("predict-%d", i+1), query))
	}
	for i, q := range one.Exercises {
		page.Exercises = append(page.Exercises, v.question(q, fmt.Sprintf("exercise-%d", i+1), query))
	}
	v.steps(one, library, &page)
	for _, r := range one.Real {
		page.Real = append(page.Real, v.realPart(r, library))
	}
	page.Kernel = hideWaiting(v.told(one.Kernel, library))
	page.Words = v.terms(v.words)
	if strings.Contains(page.Kernel, machineMark) {
		for _, r := range page.Real {
			page.Recorded = cmp.Or(page.Recorded, r.Machine)
		}
	}
	var words []*lesson.Term
	for _, name := range one.Terms {
		if t := library.Word(name); t != nil {
			words = append(words, t)
		}
	}
	page.Terms = v.terms(words)
	for _, name := range one.Claims {
		if c := library.Card(name); c != nil {
			page.Claims = append(page.Claims, v.claim(c))
		}
	}
	if i := slices.Index(library.Lessons, one); i >= 0 && i+1 < len(library.Lessons) {
		next := v.item(library.Lessons[i+1])
		page.Next = &next
	}
	page.Fallback = v.fallback
	return page, v.err
}

// claim is a card's name, claim and verdict.
func (v *lessonView) claim(c *lesson.Card) templates.LessonClaim {
	own := *v
	own.seen = c.Seen(v.l.player)
	return templates.LessonClaim{Name: c.Name, Claim: own.inline(c.Claim), Verdict: c.Verdict}
}

// sectionOf is the section that an address begins with.
func sectionOf(at string) string {
	name, _, _ := strings.Cut(at, "-")
	if slices.Contains([]string{"watch", "real", "kernel", "exercises", "done"}, name) {
		return name
	}
	return "predict"
}

// questionOf is a question by its id: predict-N or exercise-N, from 1.
func questionOf(one *lesson.Lesson, id string) (q lesson.Question, ok bool) {
	kind, number, _ := strings.Cut(id, "-")
	all := map[string][]lesson.Question{"predict": one.Predict, "exercise": one.Exercises}[kind]
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(all) {
		return q, false
	}
	return all[n-1], true
}

func (v *lessonView) question(q lesson.Question, id string, query url.Values) templates.LessonQuestion {
	out := templates.LessonQuestion{ID: id, Ask: v.inline(q.Ask), Reply: oneLine(query.Get(id), nameShown)}
	answer, err := v.seen.Answer(v.ctx, q.Answer)
	if err != nil {
		v.err = errors.Join(v.err, err)
		return out
	}
	say := func(value lesson.Value) string { return v.answer(q, value) }
	out.Answer, out.Right, out.Hint = say(answer), v.html(q.Right, false, answer, say), v.html(q.Hint, false, answer, say)
	if q.Number != nil {
		if out.Unit = q.Number.Unit; out.Unit == string(trace.Times) && answer.Unit == lesson.Ratio {
			out.Unit = lesson.Ratio
		}
	}
	values, err := v.seen.Choices(v.ctx, q)
	if err != nil {
		v.err = errors.Join(v.err, err)
	}
	for _, i := range ascending(q.Choices, values) {
		out.Choices = append(out.Choices, templates.LessonChoice{Reply: strconv.Itoa(i), Say: v.choice(q.Choices[i], values[i])})
	}
	if len(q.Open) > 0 {
		out.Open = v.scopeAddress(q.Open, "", 0)
	}
	if query.Has(id) {
		verdict, err := v.verdict(q, query.Get(id))
		if err != nil {
			v.err = errors.Join(v.err, err)
		}
		out.Verdict = &verdict
	}
	return out
}

// ascending is the order in which choices are shown: numbers go up, sentences stay in
// the order in which they were written.
func ascending(choices []lesson.Choice, values []lesson.Value) (order []int) {
	for i := range values {
		order = append(order, i)
	}
	if !slices.ContainsFunc(choices, func(c lesson.Choice) bool { return !c.Say.Empty() }) {
		slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(values[i].Number, values[j].Number) })
	}
	return order
}

// choice is the text of a choice.
func (v *lessonView) choice(c lesson.Choice, value lesson.Value) string {
	if !c.Say.Empty() {
		return v.inline(c.Say)
	}
	return html.EscapeString(quantityText(value))
}

// answer is a computed answer as HTML: of a run, the text of the choice that has it.
func (v *lessonView) answer(q lesson.Question, value lesson.Value) string {
	if value.Name == "" {
		return v.value(value, "answer")
	}
	for _, c := range q.Choices {
		if c.Value == value.Name {
			return "<b>" + v.inline(c.Say) + "</b>"
		}
	}
	return "<b>" + html.EscapeString(value.Name) + "</b>"
}

// verdict is what is said to a reply.
func (v *lessonView) verdict(q lesson.Question, reply string) (templates.LessonVerdict, error) {
	judged, err := v.seen.Judge(v.ctx, q, reply)
	var field *lab.FieldError
	if errors.As(err, &field) {
		return templates.LessonVerdict{Problem: v.T("lesson.problem", "Value", oneLine(field.Value, nameShown), "Remedy", v.Sentence(field.Remedy))}, nil
	}
	if err != nil {
		return templates.LessonVerdict{}, err
	}
	say := func(value lesson.Value) string { return v.answer(q, value) }
	out := templates.LessonVerdict{Right: judged.Right, Answer: say(judged.Answer), Said: html.EscapeString(quantityText(judged.Said)),
		Say: v.html(judged.Say, false, judged.Answer, say)}
	if i, err := strconv.Atoi(reply); err == nil && q.Number == nil && i >= 0 && i < len(q.Choices) {
		out.Said = v.choice(q.Choices[i], judged.Said)
	}
	return out, v.err
}

// scopeAddress is the scope with these runs at a step.
func (v *lessonView) scopeAddress(names []string, align string, step int) string {
	q := url.Values{"v": {strconv.Itoa(scopeSchema)}}
	for i, name := range names {
		r, err := v.seen.Run(name)
		if err != nil {
			v.err = errors.Join(v.err, err)
			continue
		}
		q.Set(laneIDs[i], r.String())
	}
	if align != "" && align != "step" {
		q.Set("align", align)
	}
	if step > 0 {
		q.Set("step", strconv.Itoa(step))
	}
	return "/scope?" + strings.NewReplacer("%2C", ",", "%3D", "=").Replace(q.Encode())
}

// steps are the walk, and the stage where it begins.
func (v *lessonView) steps(one *lesson.Lesson, library *lesson.Library, page *templates.LessonPage) {
	var names []string
	first := map[string]laneSource{}
	align, in := "step", ""
	for i, s := range one.Steps {
		if len(s.Show) > 0 {
			names, align, in = s.Show, "step", s.Show[0]
		}
		align, in = cmp.Or(s.Align, align), cmp.Or(s.In, in)
		step, err := v.seen.StepOf(v.ctx, in, s.At)
		if err != nil {
			v.err = errors.Join(v.err, err)
			return
		}
		lanes, end := map[string]string{}, s.At.Word == "end"
		for n, name := range names {
			r, err := v.seen.Run(name)
			if err != nil {
				v.err = errors.Join(v.err, err)
				return
			}
			lanes[laneIDs[n]] = r.String()
			if end && name != in && align == "step" {
				last, err := v.seen.StepOf(v.ctx, name, s.At)
				if err != nil {
					v.err = errors.Join(v.err, err)
					return
				}
				step = max(step, last)
			}
			if i > 0 {
				continue
			}
			if first[laneIDs[n]], err = parseSource(r.String()); err != nil {
				v.err = errors.Join(v.err, err)
				return
			}
		}
		page.Steps = append(page.Steps, templates.LessonStep{Say: v.told(s.Say, library), Address: v.scopeAddress(names, align, step)})
		page.Script.Steps = append(page.Script.Steps, templates.LessonScriptStep{Lanes: lanes, Align: align, Lane: laneIDs[slices.Index(names, in)], Step: step, End: end})
	}
	page.Stage = v.l.scope.stage(v.ctx, v.Translator, first, 0,
		templates.StageParts{Narration: true, Timeline: true, Scoreboard: true, Controls: true})
}

// realPart is something to do on the real kernel.
func (v *lessonView) realPart(r lesson.Real, library *lesson.Library) templates.LessonReal {
	out := templates.LessonReal{Say: v.told(r.Say, library), Name: r.Run, Command: r.Command, Page: r.Page, Rows: strings.Join(r.Rows, " ")}
	if r.Run == "" {
		return out
	}
	run, err := v.seen.Run(r.Run)
	if err != nil {
		v.err = errors.Join(v.err, err)
		return out
	}
	out.Scenario = run.String()
	out.Scope = v.scopeAddress([]string{r.Run}, "", 0)
	played, ok, err := v.seen.Instead(v.ctx, run)
	if err != nil {
		v.err = errors.Join(v.err, err)
	}
	if ok {
		recorded, _ := lab.RecordedInstead(run.Lab)
		out.Recorded, out.Machine = recorded.String(), played.Machine
	}
	if !v.l.local {
		out.Why = v.T("lesson.real.remote")
	}
	return out
}
