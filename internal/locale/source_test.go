package locale_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"copyscope/internal/locale"
)

// Where sentences for readers are made: the first argument of these calls (a
// function's errors reach a page from some packages only), these fields, and
// what these functions return.
var (
	findings       = []string{"active", "missing", "notHere", "cannot", "perfFinding", "bad"}
	errorsToo      = append([]string{"Errorf", "New"}, findings...)
	sentenceFields = []string{"Reason", "Why", "Remedy", "why", "remedy"}
	sentenceFuncs  = []string{"has", "figureValue", "perSecond", "explain", "Error", "Message"}
)

// Every sentence in the sources whose packages reach a page is in the
// catalogue, whether or not this host has an occasion to say it.
func TestSentencesOfTheSourcesAreKnown(t *testing.T) {
	chinese := locale.New(locale.Chinese)
	for pattern, made := range map[string]struct {
		calls   []string
		atLeast int
	}{
		"../host/*.go": {errorsToo, 70}, "../lab/*.go": {errorsToo, 12}, "../trace/compare.go": {findings, 2}, "../claim/*.go": {errorsToo, 12},
		"../transfer/program.go": {errorsToo, 5}, "../attach/*_*.go": {errorsToo, 14}, "../clusterview/[lops]*.go": {append([]string{"unknown"}, errorsToo...), 14}, "../../web/*.go": {findings, 15},
	} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		found := 0
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, sentence := range sentencesIn(t, file, made.calls) {
				found++
				id, ambiguous := locale.Recognised(sentence)
				if id == "" {
					t.Errorf("%s says %q, which no text of catalogue/sentence.en.json fits", file, sentence)
				}
				if left := leftover.FindString(chinese.Sentence(sentence)); left != "" {
					t.Errorf("%s says %q; its Chinese form still has %q", file, sentence, left)
				}
				if ambiguous {
					t.Errorf("%s says %q, which %s and another text with as much fixed text fit", file, sentence, id)
				}
			}
		}
		if found < made.atLeast {
			t.Errorf("%s: only %d sentences were found: the test no longer fits the code", pattern, found)
		}
	}
}

// leftover is four English words in a row; names and commands in Chinese
// sentences are shorter.
var leftover = regexp.MustCompile(`(?:[A-Za-z][A-Za-z'-]+ ){3}[A-Za-z]+`)

var letters = regexp.MustCompile(`[A-Za-z]{2}`)

// sample stands for what is known only when the program runs.
const sample = "§"

// sentencesIn are the sentences that a file makes, in the given calls and
// elsewhere.
func sentencesIn(t *testing.T, name string, calls []string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range file.Decls {
		in, names := map[string][]ast.Expr{}, []string{}
		if f, ok := d.(*ast.FuncDecl); ok {
			names = append(names, f.Name.Name)
		}
		say := func(e ast.Expr) {
			if text, ok := written(e, in); ok && letters.MatchString(text) {
				out = append(out, text)
			}
		}
		ast.Inspect(d, func(n ast.Node) bool { // what each name of the function is given
			switch n := n.(type) {
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					if id, ok := left.(*ast.Ident); ok && len(n.Lhs) == len(n.Rhs) {
						in[id.Name] = append(in[id.Name], n.Rhs[i])
					}
				}
			case *ast.ValueSpec:
				for i, id := range n.Names {
					if i < len(n.Values) {
						in[id.Name] = append(in[id.Name], n.Values[i])
					}
				}
			}
			return true
		})
		ast.Inspect(d, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				switch call := lastName(n.Fun); {
				case !slices.Contains(calls, call) || len(n.Args) == 0:
				case call == "Errorf":
					say(n)
				default:
					say(n.Args[0])
					// A command needs no translation, a remark on it does.
					if command, _ := written(n.Args[len(n.Args)-1], in); leftover.MatchString(command) {
						say(n.Args[len(n.Args)-1])
					}
				}
			case *ast.KeyValueExpr:
				if slices.Contains(sentenceFields, lastName(n.Key)) {
					say(n.Value)
				}
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					if slices.Contains(sentenceFields, lastName(left)) && n.Tok != token.ADD_ASSIGN && len(n.Lhs) == len(n.Rhs) {
						say(n.Rhs[i])
					}
				}
			case *ast.CompositeLit:
				// lab.FieldError{field, value, remedy}, web.Problem{code, message, remedy}
				if kind := lastName(n.Type); len(n.Elts) == 3 && (kind == "FieldError" || kind == "Problem") {
					if _, keyed := n.Elts[0].(*ast.KeyValueExpr); !keyed {
						say(n.Elts[2])
						if kind == "Problem" {
							say(n.Elts[1])
						}
					}
				}
			case *ast.ReturnStmt:
				if len(names) > 0 && slices.Contains(sentenceFuncs, names[0]) {
					for _, r := range n.Results {
						say(r)
					}
				}
			}
			return true
		})
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var verb = regexp.MustCompile(`%[#.0-9]*[a-zA-Z]`)

// written is the text that an expression makes, with sample for its variable
// parts. ok is false if nothing of it is known.
func written(e ast.Expr, names map[string][]ast.Expr) (text string, ok bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.ParenExpr:
		return written(e.X, names)
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return sample, false
		}
		left, a := written(e.X, names)
		right, b := written(e.Y, names)
		if !a && !b {
			return sample, false
		}
		return left + right, true
	case *ast.Ident:
		if given := names[e.Name]; len(given) == 1 {
			without := map[string][]ast.Expr{} // a name may be given to itself
			for name, g := range names {
				if name != e.Name {
					without[name] = g
				}
			}
			return written(given[0], without)
		}
	case *ast.CallExpr:
		if name := lastName(e.Fun); (name == "Sprintf" || name == "Errorf") && len(e.Args) > 0 {
			format, ok := written(e.Args[0], names)
			at := 0
			return verb.ReplaceAllStringFunc(format, func(v string) string {
				at++
				if strings.HasSuffix(v, "q") {
					return `"` + sample + `"`
				}
				if at < len(e.Args) {
					text, _ := written(e.Args[at], names)
					return text
				}
				return sample
			}), ok
		}
	}
	return sample, false
}

// lastName is the name that an expression ends in.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// What a watch of a process says, errors apart, is in tables, concatenations and
// formats: whatever in these files reads as a sentence is in the catalogue.
func TestSentencesOfAWatchAreKnown(t *testing.T) {
	chinese, found := locale.New(locale.Chinese), 0
	for _, name := range []string{"advice", "technique", "paths", "object", "port", "verdict", "temporary", "unsent", "watch_linux", "arrivals", "family_linux"} {
		file, err := parser.ParseFile(token.NewFileSet(), "../attach/"+name+".go", nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, isCall := n.(*ast.CallExpr)
			if isCall && (lastName(call.Fun) == "Errorf" || lastName(call.Fun) == "New") {
				return false // held by the test above
			}
			e, isExpression := n.(ast.Expr)
			if !isExpression {
				return true
			}
			sentence, _ := written(e, nil)
			sentence = strings.ReplaceAll(sentence, "%%", "%")
			if strings.HasPrefix(sentence, ";") { // the end of another one
				sentence = "sent with MSG_ZEROCOPY" + sentence
			}
			if !leftover.MatchString(sentence) {
				return true
			}
			found++
			if id, _ := locale.Recognised(sentence); id == "" {
				t.Errorf("%s.go says %q, which no text of the catalogue fits", name, sentence)
			} else if left := leftover.FindString(chinese.Sentence(sentence)); left != "" {
				t.Errorf("%s.go says %q; its Chinese form still has %q", name, sentence, left)
			}
			return false
		})
	}
	if found < 40 {
		t.Errorf("only %d sentences were found: the test no longer fits the code", found)
	}
}
