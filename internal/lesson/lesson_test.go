package lesson_test

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"copyscope/internal/lab"
	"copyscope/internal/lesson"
	"copyscope/internal/locale"
	"copyscope/internal/yamlfile"
)

// example is the lesson of docs/lessons.md.
func example(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func player(t *testing.T) *lesson.Player { return lesson.NewPlayer(lab.New(t.TempDir())) }

func told(errs []*yamlfile.Error) string {
	lines := make([]string, len(errs))
	for i, err := range errs {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// verified reads a lesson and runs it.
func verified(t *testing.T, p *lesson.Player, text string) []*yamlfile.Error {
	t.Helper()
	l, errs := lesson.Parse("x.yaml", []byte(text), false)
	if len(errs) > 0 {
		return errs
	}
	return l.Verify(t.Context(), p, lesson.Shipped())
}

func TestExample(t *testing.T) {
	if errs := verified(t, player(t), example(t)); len(errs) > 0 {
		t.Fatal(told(errs))
	}
}

// english is four English words in a row: a sentence that nobody translated.
var english = regexp.MustCompile(`(?:[A-Za-z][A-Za-z'-]+ ){3}[A-Za-z]+`)

var inQuotes = regexp.MustCompile(`"[^"]*"`) // what the file has

// What is wrong is told with file, line, field and remedy, in both languages.
func TestErrors(t *testing.T) {
	good, chinese, p := example(t), locale.New(locale.Chinese), player(t)
	for _, row := range []struct{ old, new, want string }{
		{"schema: 1", "schema: 2", "x.yaml:1: schema: 2: this program reads schema 1"},
		{"name: my-first-lesson", "name: My lesson", `x.yaml:2: name: "My lesson": write a name of`},
		{"number: 100", "number: many", `x.yaml:3: number: "many": write a whole number`},
		{"minutes: 5", "minuets: 5", "x.yaml:4: minuets: unknown field; did you mean minutes?"},
		{`, zh: "两次调用变一次"`, "", "x.yaml:5: title.zh: the text in Chinese is missing"},
		{`zh: "两次调用变一次"`, `zh: "One call instead of two"`, `x.yaml:5: title.zh: no Chinese in it`},
		{"size: [64KiB, 128KiB]", "size: []", "x.yaml:11: vary.size: it has no values"},
		{"size: [64KiB, 128KiB]", "size: [\"<script>\", 128KiB]", `x.yaml:11: vary.size[0]: "<script>": write a size, a number or a word`},
		{"main: \"sendfile,model", "main: \"sendfiel,model", `x.yaml:14: runs.main: path "sendfiel": use one of`},
		{"sg=off,size={size}", "sg=maybe,size={size}", `x.yaml:16: runs.nosg: sg "maybe": use on or off`},
		{"nosg: \"sendfile", "nosg: \"scenario=warmer\"\n  old: \"sendfile", `x.yaml:16: runs.nosg: there is no scenario "warmer"; did you mean warm?`},
		{"{run: main, count: cpu_copies}", "{run: man, count: cpu_copies}", `x.yaml:23: predict[0].answer.run: "man" is no run of this file; did you mean main?`},
		{"{run: main, count: cpu_copies}", "{run: main, count: cpu_copy}", `x.yaml:23: predict[0].answer.count: "cpu_copy" is no count; did you mean cpu_copies?`},
		{"{run: main, count: cpu_copies}", "0", `x.yaml:23: predict[0].answer: "0": no answer is stored`},
		{"{run: main, count: cpu_copies}", "{run: main}", `x.yaml:23: predict[0].answer: write one of: run with count`},
		{"{run: main, count: cpu_copies}", "{run: host, count: cpu_copies}", `x.yaml:23: predict[0].answer.run: "host" is a real run`},
		{"{run: main, count: cpu_copies}", "{run: main, count: packets}", `x.yaml:23: predict[0].answer: packets has no value in this run: the textbook knows no packets`},
		{"{run: main, count: cpu_copies}", "{run: main, count: dma_transfers}", "x.yaml:25: predict[0].choices[0].wrong: the choice is wrong, and nothing is said"},
		{"      - value: 0\n", "      - value: 7\n        wrong: {en: No., zh: 不对。}\n", "x.yaml:24: predict[0].choices: 0 of them are right, and one must be; the computed answer is 0 times"},
		{"      - value: 2\n", "      - value: 1\n", "x.yaml:30: predict[0].choices[2]: it comes to the same as choice 2"},
		{"{classic.cpu_copies} times", "{clasic.cpu_copies} times", `x.yaml:32: predict[0].choices[2].wrong.en: {clasic.cpu_copies}: "clasic" is neither a varied value, a run nor a figure`},
		{"{classic.cpu_copies} times", "{classic.copies} times", `x.yaml:32: predict[0].choices[2].wrong.en: "copies" is no count`},
		{"{classic.cpu_copies} times", "{classic.packets} times", `x.yaml:32: predict[0].choices[2].wrong.en: {classic.packets}: packets has no value`},
		{"{classic.cpu_copies} times", "{ times", `x.yaml:32: predict[0].choices[2].wrong.en: { without a name and }`},
		{"show: [classic, main]", "show: [classic, host]", `x.yaml:39: steps[0].show[1]: "host" is a real run`},
		{"predict:\n", "figures:\n  main: {run: main, count: cpu_copies}\npredict:\n", `x.yaml:20: figures.main: "main": name a figure`},
		{"{classic.cpu_copies} times", "{again} times", `x.yaml:32: predict[0].choices[2].wrong.en: {again}: "again" is neither`},
		{"at: start", "in: third\n    at: start", `x.yaml:40: steps[0].in: "third" is in no lane at this step; name one of show`},
		{"at: start", "at: begin", `x.yaml:40: steps[0].at: "begin": write start, end,`},
		{"{kind: dma, actor: disk-dma}", "{kind: dma, actor: disc-dma}", `x.yaml:42: steps[1].at.event.actor: "disc-dma": did you mean disk-dma?`},
		{"{kind: dma, actor: disk-dma}", "{kind: evict}", `x.yaml:42: steps[1].at: in classic: no such event: the run has 0 that match (with {size}=64KiB)`},
		{"Two programs send", "Two [programs](https://example.org) send", `x.yaml:41: steps[0].say.en: link to "https://example.org": lead to pages`},
		{"Two programs send", "Two <b>programs</b> send", `x.yaml:41: steps[0].say.en: HTML is not read`},
		{"两个程序发送", "两个**程序（program）**发送", "x.yaml:41: steps[0].say.zh: ** is left over"},
		{"run: host\n", "run: main\n", `x.yaml:50: real[0].run: "main" is not real; add side=real`},
		{"page: /scope", "page: https://example.org/", `x.yaml:54: real[1].page: "https://example.org/": write the address of a page`},
		{"number: {unit: bytes}", "number: {unit: ns}", `x.yaml:66: exercises[0].number.unit: "ns": the answer is in bytes`},
		{"- value: 0\n        say", "- value: \"{size}\"\n        say", "x.yaml:68: exercises[0].wrong[0].value: this is the right answer"},
		{"exercises:", "terms: [no-such]\nexercises:", `x.yaml:60: terms[0]: "no-such" is not in the glossary`},
		{"exercises:", "claims: [no-such]\nexercises:", `x.yaml:60: claims[0]: there is no claim card "no-such"`},
	} {
		text := strings.Replace(good, row.old, row.new, 1)
		if text == good {
			t.Fatalf("%q is not in the example", row.old)
		}
		errs := verified(t, p, text)
		if len(errs) == 0 || !strings.HasPrefix(errs[0].Error(), row.want) {
			t.Errorf("%q:\n got %s\nwant %s", row.new, told(errs), row.want)
		}
		for _, err := range errs {
			if said := inQuotes.ReplaceAllString(chinese.Sentence(err.Text), ""); english.MatchString(said) {
				t.Errorf("in Chinese it is still %q", said)
			}
		}
	}
}

// All that is wrong with the lessons of a directory is told at once, and the others
// are read.
func TestDirectory(t *testing.T) {
	good := example(t)
	bad := strings.NewReplacer("minutes: 5", "minutes: 0", "number: 100", "number: 0", "my-first", "bad").Replace(good)
	dir := opened{fstest.MapFS{
		"good.yaml":   {Data: []byte(good)},
		"bad.yaml":    {Data: []byte(bad)},
		"broken.yaml": {Data: []byte("schema: [")},
		"twice.yaml":  {Data: []byte(good)},
		"huge.yaml":   {Data: []byte(strings.Repeat("#", 200<<10))},
		"notes.txt":   {Data: []byte("no lesson")},
	}, map[string]bool{}}
	all := lesson.Shipped().With(dir, "mine")
	if l := all.Lesson("my-first-lesson"); l == nil || !l.Own {
		t.Error("the good lesson is not there")
	}
	for _, want := range []string{"mine/bad.yaml:3: number: 0", "mine/bad.yaml:4: minutes: 0", "mine/broken.yaml:1", "mine/twice.yaml:2: name:", "mine/huge.yaml: 204800 bytes: a lesson has at most 131072"} {
		if !strings.Contains(told(all.Errors), want) {
			t.Errorf("%s is not told:\n%s", want, told(all.Errors))
		}
	}
	if !dir.names["good.yaml"] || dir.names["huge.yaml"] || dir.names["notes.txt"] {
		t.Errorf("%v were opened: want what is a lesson and is small enough", dir.names)
	}
}

// opened notes which of its files are opened.
type opened struct {
	fstest.MapFS
	names map[string]bool
}

func (o opened) Open(name string) (fs.File, error) {
	o.names[name] = true
	return o.MapFS.Open(name)
}

func (o opened) ReadFile(name string) ([]byte, error) {
	o.names[name] = true
	return o.MapFS.ReadFile(name)
}

// A lecturer's lesson may be in one language.
func TestOneLanguage(t *testing.T) {
	text := strings.Replace(example(t), `, zh: "两次调用变一次"`, "", 1)
	l, errs := lesson.Parse("x.yaml", []byte(text), true)
	if len(errs) > 0 {
		t.Fatal(told(errs))
	}
	if got, fallback := l.Title.In("zh"); got != "One call instead of two" || !fallback {
		t.Errorf("%q, %v", got, fallback)
	}
}

// Replies are judged by what the run gives, with the feedback of the mistake.
func TestJudge(t *testing.T) {
	l, errs := lesson.Parse("x.yaml", []byte(example(t)), false)
	if len(errs) > 0 {
		t.Fatal(told(errs))
	}
	p := player(t)
	for _, row := range []struct {
		seed     uint64
		exercise bool
		reply    string
		right    bool
		say      string
	}{
		{0, false, "0", true, "0 times: the card"},
		{0, false, "1", false, "cannot gather"},
		{0, false, "2", false, "copy 2 times"},
		{0, true, "64KiB", true, "65536 bytes: all of it"},
		{0, true, " 65,536 ", true, "65536 bytes: all of it"},
		{1, true, "64KiB", false, "copied 1 per-byte times"},
		{1, true, "131072", true, "131072 bytes: all of it"},
		{0, true, "0", false, "look at the socket buffer"},
	} {
		q := l.Predict[0]
		if row.exercise {
			q = l.Exercises[0]
		}
		seen := l.Seen(p, row.seed)
		v, err := seen.Judge(t.Context(), q, row.reply)
		if err != nil {
			t.Fatal(err)
		}
		filled, err := seen.Fill(t.Context(), v.Say.En, v.Answer)
		if err != nil {
			t.Fatal(err)
		}
		said := filled.Replace(filled.Text, func(s lesson.Shown) string {
			return strings.TrimSuffix(lesson.Plain(s.Value), " times")
		})
		if v.Right != row.right || !strings.Contains(said, row.say) {
			t.Errorf("%q with seed %d: %v, %q, want %v, %q", row.reply, row.seed, v.Right, said, row.right, row.say)
		}
	}
	for reply, q := range map[string]lesson.Question{"lots": l.Exercises[0], "-1": l.Predict[0], "9": l.Predict[0], "": l.Exercises[0]} {
		var field *lab.FieldError
		if _, err := l.Seen(p, 0).Judge(t.Context(), q, reply); !errors.As(err, &field) || field.Remedy == "" {
			t.Errorf("%q: %v", reply, err)
		}
	}
}

// A walk reaches what a page reaches: all of a simulated run. By bytes and by time a
// long run leads.
func TestWalksOfLongRuns(t *testing.T) {
	p := player(t)
	for _, row := range []struct{ run, step, want string }{
		{"read-write,model=textbook,size=16MiB,chunk=4KiB", "{show: [long, main], at: 20000}", ""},
		{"read-write,model=textbook,size=16MiB,chunk=4KiB", "{show: [long, main], at: end}", ""},
		{"read-write,model=textbook,size=16MiB,chunk=4KiB", "{show: [long, main], at: 200000}", "x.yaml:40: steps[0].at: in long: 200000: the run has"},
		{"read-write,model=textbook,size=16MiB,chunk=4KiB", "{show: [main, long], align: bytes, at: end}", "x.yaml:40: steps[0].align: long has"},
		{"read-write,model=textbook,size=16MiB,chunk=4KiB", "{show: [long, main], align: bytes, at: end}", ""},
		{"scenario=connections-10000", "{show: [long], at: 20000}", ""},
	} {
		text := strings.NewReplacer("runs:\n", "runs:\n  long: \""+row.run+"\"\n", "steps:\n", "steps:\n  - "+strings.Replace(row.step, "{", "{say: {en: Far., zh: 远处。}, ", 1)+"\n").Replace(example(t))
		if got := told(verified(t, p, text)); !strings.HasPrefix(got, row.want) || row.want == "" && got != "" {
			t.Errorf("%s of %s:\n got %s\nwant %s", row.step, row.run, got, row.want)
		}
	}
}
