package lesson_test

import (
	"fmt"
	"testing"

	"copyscope/internal/lesson"
)

// A run keeps the lane, and so the letter, in which a lesson showed it first; but
// not where that letter is also the first one of the run that has it now.
func TestShippedLettersStay(t *testing.T) {
	for _, l := range lesson.Shipped().Lessons {
		first := map[string]int{}
		look := func(where string, lanes []string) {
			for n, name := range lanes {
				was, seen := first[name]
				if !seen || was == n {
					continue
				}
				if was < len(lanes) {
					if other, ok := first[lanes[was]]; ok && other == was {
						continue
					}
				}
				t.Errorf("%s, %s: %s was in lane %c and is in lane %c", l.Name, where, name, 'A'+was, 'A'+n)
			}
			for n, name := range lanes {
				if _, seen := first[name]; !seen {
					first[name] = n
				}
			}
		}
		for i, s := range l.Steps {
			look(fmt.Sprintf("step %d", i+1), s.Show)
		}
		for i, q := range l.Exercises {
			look(fmt.Sprintf("exercise %d", i+1), q.Open)
		}
	}
}
