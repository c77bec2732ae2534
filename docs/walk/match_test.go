package walk

import (
	"regexp"
	"strings"
	"testing"
)

// elided stands in what a page shows for what differs from machine to machine: within
// a line for the rest of a word or more, on a line of its own for any lines.
const elided = "…"

// spaces are those between words. How many there are between columns depends on the
// widest figure, so on the machine.
var spaces = regexp.MustCompile(" +")

// shown is what a page shows as output, as an expression that the output matches
// from its beginning.
func shown(text string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`^`)
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \n")
		if line == elided {
			b.WriteString(`(?:[^\n]*\n)*?`)
			continue
		}
		for i, part := range strings.Split(line, elided) {
			if i > 0 {
				b.WriteString(`[^\n]*?`)
			}
			b.WriteString(spaces.ReplaceAllString(regexp.QuoteMeta(part), " +"))
		}
		b.WriteString(`\n`)
	}
	return regexp.MustCompile(b.String())
}

// printed is a program's output as it is compared: without what no reader sees, spaces
// at the ends of lines.
func printed(output string) string {
	var b strings.Builder
	for line := range strings.Lines(output) {
		b.WriteString(strings.TrimRight(line, " \r\n") + "\n")
	}
	return b.String()
}

// whole says whether all of an output is what a page shows.
func whole(text, output string) bool {
	return regexp.MustCompile(shown(text).String() + `\z`).MatchString(printed(output))
}

func TestWhatIsShownIsWhatCame(t *testing.T) {
	for _, r := range []struct {
		shown, came string
		same        bool
	}{
		{"a\n", "a\n", true},
		{"a\n", "a", true},
		{"a\n", "a  \n", true},
		{"a\n", "b\n", false},
		{"a\n", "a\nb\n", false},
		{"a\nb\n", "a\n", false},
		{"took … s\n", "took 1.5 s\n", true},
		{"took … s\n", "took 1.5\ns\n", false},
		{"took … s\n", "took 1.5 ms\n", false},
		{"a\n…\nb\n", "a\nb\n", true},
		{"a\n…\nb\n", "a\n1\n2\nb\n", true},
		{"a\n…\nb\n", "a\n1\n2\nc\n", false},
		{"a\n…\n", "a\n", true},
		{"a\n…\n", "a\n1\n2", true},
		{"a+ (b)\n", "a+ (b)\n", true},
		{"a  1 ●\n", "a    1 ●\n", true},
		{"a  1 ●\n", "a1 ●\n", false},
		{"", "", true},
		{"", "a\n", false},
	} {
		if whole(r.shown, r.came) != r.same {
			t.Errorf("%q is shown, %q came: want %v", r.shown, r.came, r.same)
		}
	}
}
