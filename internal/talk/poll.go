package talk

import (
	"errors"
	"fmt"
)

// Poll is how the audience has answered a question.
type Poll struct {
	Slide  int
	Counts []int
	Total  int
	// Open: answers are taken.
	Open bool
}

// ErrClosed: the question takes no answers now.
var ErrClosed = errors.New("this question takes no answers now; the speaker has shown them, or is elsewhere")

// vote takes the answer of one voter. Until the answers are shown, a voter may
// answer anew, which replaces the first answer. r.mu is held.
func (r *Room) vote(voter string, slide, choice int) (Change, error) {
	if !r.open(slide) {
		return 0, ErrClosed
	}
	if n := len(r.plan.Slides[slide].Ask.Choices); choice < 0 || choice >= n {
		return 0, fmt.Errorf("choice %d: the question has %d", choice+1, n)
	}
	votes := r.polls[slide]
	if votes == nil {
		votes = map[string]int{}
		r.polls[slide] = votes
	}
	if _, known := votes[voter]; !known && len(votes) >= maxVoters {
		return 0, fmt.Errorf("%d have answered, which is the limit", maxVoters)
	}
	votes[voter] = choice
	return Voted, nil
}

// open says whether the audience sees the question, unanswered. r.mu is held.
func (r *Room) open(slide int) bool {
	return slide == r.shown.Slide && r.plan.Slides[slide].Ask != nil && r.shown.Stop == 0 && !r.black
}

// Poll is how a slide's question was answered; ok is false if it has none.
func (r *Room) Poll(slide int) (p Poll, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if slide < 0 || slide >= len(r.plan.Slides) || r.plan.Slides[slide].Ask == nil {
		return p, false
	}
	p = Poll{Slide: slide, Counts: make([]int, len(r.plan.Slides[slide].Ask.Choices)), Open: r.open(slide)}
	for _, choice := range r.polls[slide] {
		p.Counts[choice]++
		p.Total++
	}
	return p, true
}

// Answered is what a voter has chosen, −1 for nothing.
func (r *Room) Answered(voter string, slide int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if choice, ok := r.polls[slide][voter]; ok {
		return choice
	}
	return -1
}
