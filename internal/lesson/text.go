package lesson

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"copyscope/internal/lab"
)

// part is a piece of a text: words, or what stands in braces.
type part struct{ Words, Ref string }

// split takes a text apart at its braces; {{ and }} are braces themselves.
func split(text string) (all []part, err error) {
	words := &strings.Builder{}
	for i := 0; i < len(text); i++ {
		switch rest := text[i:]; {
		case strings.HasPrefix(rest, "{{"), strings.HasPrefix(rest, "}}"):
			words.WriteByte(rest[0])
			i++
		case rest[0] == '}':
			return nil, errors.New("} without {; a brace itself is written twice")
		case rest[0] == '{':
			end := strings.IndexAny(rest[1:], "{}\n")
			if end < 1 || rest[1+end] != '}' {
				return nil, errors.New("{ without a name and }; a brace itself is written twice")
			}
			all = append(all, part{Words: words.String()}, part{Ref: rest[1 : 1+end]})
			words.Reset()
			i += end + 1
		default:
			words.WriteByte(rest[0])
		}
	}
	return append(all, part{Words: words.String()}), nil
}

// Marks stand for values in a text while it becomes HTML. They are characters that
// no text has.
const markBegin, markEnd = '\ue000', '\ue001'

// Filled is a text whose values are known: varied ones are written into it, computed
// ones are marks, in their order.
type Filled struct {
	Text   string
	Values []Shown
}

// Shown is a computed value where it stands in a text.
type Shown struct {
	// Ref is what stood in the braces.
	Ref string
	Value
}

// mark is the mark of the n-th value.
func mark(n int) string { return fmt.Sprintf("%c%d%c", markBegin, n, markEnd) }

// Replace puts a text in the place of each mark.
func (f Filled) Replace(rendered string, of func(Shown) string) string {
	for i, v := range f.Values {
		rendered = strings.ReplaceAll(rendered, mark(i), of(v))
	}
	return rendered
}

// Fill puts values into a text; answer is what {answer} stands for.
func (s *Seen) Fill(ctx context.Context, text string, answer Value) (Filled, error) {
	all, err := split(text)
	if err != nil {
		return Filled{}, err
	}
	out, words := Filled{}, &strings.Builder{}
	for _, p := range all {
		words.WriteString(p.Words)
		if p.Ref == "" {
			continue
		}
		if value, ok := s.Values[p.Ref]; ok {
			words.WriteString(Spaced(value))
			continue
		}
		if _, ok := s.runs[p.Ref]; ok { // in a link to the scope
			r, err := s.Run(p.Ref)
			if err != nil {
				return out, err
			}
			words.WriteString(url.QueryEscape(r.String()))
			continue
		}
		v := answer
		if figure, ok := s.figures[p.Ref]; ok {
			if v, err = s.Answer(ctx, figure); err != nil {
				return out, fmt.Errorf("{%s}: %w", p.Ref, err)
			}
		} else if p.Ref != "answer" {
			if v, err = s.Value(ctx, p.Ref); err != nil {
				return out, fmt.Errorf("{%s}: %w", p.Ref, err)
			}
		}
		words.WriteString(mark(len(out.Values)))
		out.Values = append(out.Values, Shown{p.Ref, v})
	}
	out.Text = words.String()
	return out, nil
}

// Spaced writes a size as texts do: 64 KiB.
func Spaced(value string) string {
	n, err := lab.ParseSize("", value)
	if err != nil || lab.FormatSize(n) != value {
		return value
	}
	i := strings.IndexFunc(value, unicode.IsLetter)
	return value[:i] + " " + value[i:]
}
