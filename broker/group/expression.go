package group

import (
	"fmt"
	"regexp"
	"regexp/syntax"
)

// pattern is a regular expression of topic names, and those that it matched.
type pattern struct {
	expression *regexp.Regexp
	topics     []string

	instructions int64
	bytes        int64 // that the expression takes in memory, about
}

// An expression is refused if it is longer or takes more instructions, or if to
// match all of a group with all topics' names could take more steps: that is done
// while the group waits. RE2, of Kafka and of Go, needs no more steps than the
// product of the instructions and the names' bytes. 20 ns each, on a machine of
// today, is 1.3 s; a few hundred instructions match 10,000 names.
const (
	longestExpression = 4096 // bytes
	maxInstructions   = 8192
	mostSteps         = 1 << 26
)

// compile reads an expression in RE2's syntax, which must match whole names
// (KIP-848). How much it takes is known before it is compiled: a few bytes can
// repeat others a thousand times.
func compile(expression string) (*pattern, error) {
	if len(expression) > longestExpression {
		return nil, fmt.Errorf("%w: it has %d bytes, at most %d are possible", ErrExpression, len(expression), longestExpression)
	}
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %w", ErrExpression, expression, err)
	}
	takes := weigh(parsed)
	if takes.instructions > maxInstructions {
		return nil, fmt.Errorf("%w: it takes %d instructions, at most %d are possible", ErrExpression, takes.instructions, maxInstructions)
	}
	whole, err := regexp.Compile(`\A(?:` + parsed.String() + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %w", ErrExpression, expression, err)
	}
	const perInstruction = 100
	return &pattern{expression: whole, instructions: takes.instructions, bytes: takes.instructions*perInstruction + takes.tables}, nil
}

// weight is what an expression takes once it is compiled.
type weight struct {
	instructions int64
	tables       int64 // bytes, of classes of characters
}

// weigh is how package regexp compiles an expression (regexp/syntax/compile.go).
func weigh(e *syntax.Regexp) (w weight) {
	for _, sub := range e.Sub {
		of := weigh(sub)
		w.instructions, w.tables = w.instructions+of.instructions, w.tables+of.tables
	}
	switch e.Op {
	case syntax.OpLiteral:
		w.instructions = int64(len(e.Rune))
	case syntax.OpCharClass:
		const perRune = 4
		w.instructions, w.tables = 1, perRune*int64(len(e.Rune))
	case syntax.OpAlternate:
		w.instructions += int64(len(e.Sub))
	case syntax.OpCapture, syntax.OpStar, syntax.OpPlus, syntax.OpQuest:
		w.instructions += 2
	case syntax.OpRepeat: // the tables are of all together
		w.instructions = max(1, int64(e.Min), int64(e.Max))*(w.instructions+1) + 1
	}
	w.instructions = max(1, w.instructions)
	return w
}
