package web

import (
	"context"
	"strings"

	"copyscope/internal/lesson"
	"copyscope/templates"
)

// cards are the claim cards with their evidence computed; measured is what was
// measured on this host.
func (l *lessons) cards(ctx context.Context, p templates.PageData, measured []templates.ClaimCard) (all []templates.ClaimCardView) {
	for _, c := range l.current(ctx).Cards {
		v := l.view(ctx, p, c.Seen(l.player), 0)
		card := v.card(c)
		for i := range measured {
			if name, ok := strings.CutPrefix(card.Page, "/claims/"); ok && name == measured[i].Name {
				card.Measured = &measured[i]
			}
		}
		all = append(all, card)
	}
	return all
}

// card is one of them. What cannot be computed is told on the card alone.
func (v *lessonView) card(c *lesson.Card) templates.ClaimCardView {
	x := c.Experiment
	out := templates.ClaimCardView{LessonClaim: v.claim(c), Truth: v.block(c.Truth), Page: x.Page, Command: x.Command, Say: v.block(x.Say)}
	for _, e := range c.Evidence {
		value, err := v.seen.Answer(v.ctx, e.Answer)
		if err != nil {
			v.err = err
			continue
		}
		out.Evidence = append(out.Evidence, templates.ClaimEvidence{Say: v.inline(e.Say), Value: v.value(value, "")})
	}
	if len(x.Open) > 0 {
		out.Open = v.scopeAddress(x.Open, "", 0) + "&claim=" + c.Name
	}
	if out.Page != "" && !strings.HasPrefix(out.Page, "/claims/") { // those lead back themselves
		join := "?"
		if strings.Contains(out.Page, "?") {
			join = "&"
		}
		out.Page += join + "claim=" + c.Name
	}
	for _, s := range c.Sources {
		out.Sources = append(out.Sources, templates.ClaimSource{Text: s.Text, URL: s.URL})
	}
	if v.err != nil {
		out.Failed = v.T("lesson.card.failed", "Reason", v.Sentence(v.err.Error()))
	}
	return out
}

// led is what a page shows of the claim whose card led there; nil if there is no such
// card.
func (l *lessons) led(ctx context.Context, p templates.PageData, name string) *templates.ClaimLed {
	library := l.current(ctx)
	c := library.Card(name)
	if c == nil {
		return nil
	}
	ctx, stop := context.WithTimeout(ctx, lessonTime)
	defer stop()
	v := l.view(ctx, p, c.Seen(l.player), 0)
	return &templates.ClaimLed{Name: c.Name, Claim: v.claim(c).Claim, Say: v.block(c.Experiment.Say)}
}
