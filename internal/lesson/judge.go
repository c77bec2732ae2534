package lesson

import (
	"context"
	"strconv"
	"strings"
	"time"

	"copyscope/internal/authored"
	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/internal/yamlfile"
)

// Verdict is what is said to a reply.
type Verdict struct {
	Right bool
	// Answer is the computed one, Said what the reply came to.
	Answer, Said Value
	// Say is the feedback, for [Seen.Fill].
	Say authored.Text
}

// Judge computes the answer and holds a reply against it: the number of a choice,
// from 0, or what was typed in. A reply that cannot be is an error of type
// [*lab.FieldError].
func (s *Seen) Judge(ctx context.Context, q Question, reply string) (v Verdict, err error) {
	if q.Number == nil {
		return s.judgeChoice(ctx, q, reply)
	}
	said, err := ReadNumber(q.Number.Unit, reply)
	if err != nil {
		return v, err
	}
	if v.Answer, err = s.Answer(ctx, q.Answer); err != nil {
		return v, err
	}
	v.Said = Value{Number: said, Unit: v.Answer.Unit}
	v.Right, v.Say = near(said, v.Answer.Number, q.Number.Within+1e-9), q.Wrong.Text
	if v.Right {
		v.Say = q.Right
		return v, nil
	}
	for _, m := range q.Wrong.Known {
		known, err := s.Answer(ctx, *m.Value)
		if err != nil {
			return v, err
		}
		if near(said, known.Number, q.Number.Within+1e-9) {
			v.Say = m.Say
			return v, nil
		}
	}
	return v, nil
}

func (s *Seen) judgeChoice(ctx context.Context, q Question, reply string) (v Verdict, err error) {
	i, err := strconv.Atoi(reply)
	if err != nil || i < 0 || i >= len(q.Choices) {
		return v, &lab.FieldError{Field: "answer", Value: reply, Remedy: "choose one of the answers"}
	}
	if v.Answer, err = s.Answer(ctx, q.Answer); err != nil {
		return v, err
	}
	if v.Said, err = s.Choice(ctx, q.Choices[i]); err != nil {
		return v, err
	}
	v.Said.Unit = v.Answer.Unit
	v.Right, v.Say = v.Said.Is(v.Answer), q.Choices[i].Wrong
	if v.Right {
		v.Say = q.Right
	}
	return v, nil
}

// Choices are the values of a question's choices, with the unit of the answer.
func (s *Seen) Choices(ctx context.Context, q Question) ([]Value, error) {
	answer, err := s.Answer(ctx, q.Answer)
	if err != nil {
		return nil, err
	}
	values := make([]Value, len(q.Choices))
	for i, c := range q.Choices {
		if values[i], err = s.Choice(ctx, c); err != nil {
			return nil, err
		}
		values[i].Unit = answer.Unit
	}
	return values, nil
}

// ReadNumber reads what a student types: 3, 3×, 1,5 or 1.5, 64KiB where bytes are asked for, 2 ms where
// a time is, 50 % where a percentage is.
func ReadNumber(unit, typed string) (float64, error) {
	text := strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "，", ",", "。", ".", "％", "%", "−", "-").Replace(strings.TrimSpace(typed))
	bad := func(remedy string) (float64, error) {
		return 0, &lab.FieldError{Field: "answer", Value: yamlfile.Shortened(typed), Remedy: remedy}
	}
	switch unit {
	case string(trace.Bytes):
		if text == "0" || strings.EqualFold(text, "0B") {
			return 0, nil
		}
		n, err := lab.ParseSize("answer", text)
		if err != nil {
			return bad("write a number of bytes such as 4096 or 64KiB")
		}
		return float64(n), nil
	case string(trace.Nanos):
		if d, err := time.ParseDuration(text); err == nil {
			return float64(d), nil
		}
	case Percent:
		text = strings.TrimSuffix(text, "%")
	case string(trace.Times):
		text = strings.TrimRight(text, "×xX倍次个")
	}
	if whole, rest, ok := strings.Cut(text, ","); ok && !strings.Contains(rest, ",") && !strings.Contains(rest, ".") && len(rest) != 3 {
		text = whole + "." + rest
	}
	v, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
	switch {
	case (err != nil || v-v != 0) && unit == string(trace.Nanos):
		return bad("write a time such as 500ns, 20us or 1.5ms")
	case err != nil || v-v != 0:
		return bad("write a number such as 3 or 1.5")
	}
	return v, nil
}
