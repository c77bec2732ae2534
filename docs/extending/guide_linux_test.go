package extending

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"copyscope/docs/schema/schematest"
	"copyscope/internal/trace"
)

// Whoever does what the guide says has a path that runs on both kernels, and files
// that the command takes.
func TestGuide(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the command and runs tests of other packages with the guide's path")
	}
	r := newReader(t)
	t.Run("commands", func(t *testing.T) {
		for _, line := range commands(t, "copyscope") {
			if out, err := r.run(r.folder, line); err != nil {
				t.Errorf("%s: %v\n%s", line, err, out)
			}
		}
	})
	t.Run("path", func(t *testing.T) { r.path(t) })
	t.Run("scenario", func(t *testing.T) { r.scenario(t) })
	t.Run("schemas", func(t *testing.T) { r.schemas(t) })
	t.Run("mistakes", func(t *testing.T) { r.mistakes(t) })
	t.Run("tests", func(t *testing.T) {
		for _, line := range commands(t, "go") {
			out, err := r.run(root, line)
			if err != nil {
				t.Errorf("%s: %v\n%s", line, err, out)
			}
			if strings.Contains(out, "no tests to run") {
				t.Errorf("%s runs no test of a package:\n%s", line, out)
			}
		}
	})
}

// path holds the guide's path to what it says: each line copies every byte once, and
// both kernels tell of the same calls and copies. The counts are those of events.
func (r *reader) path(t *testing.T) {
	counts := map[string]*trace.Counter{}
	for _, side := range []string{"sim", "real"} {
		if out, err := r.run(r.folder, "copyscope run fan-out-copy --side "+side+" --size 1MiB --chunk 64KiB --trace-out "+side+".json"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		text, err := os.ReadFile(filepath.Join(r.folder, side+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var run trace.Run
		if err := json.Unmarshal(text, &run); err != nil {
			t.Fatal(err)
		}
		copied := map[string]int64{}
		for _, e := range run.Events {
			if e.Kind == trace.CPUCopy && e.Endpoint == trace.Sender {
				copied[e.Line] += e.Bytes
			}
		}
		if want := map[string]int64{"read": 1 << 20, "write": 1 << 20, "write-2": 1 << 20}; !maps.Equal(copied, want) {
			t.Errorf("%s: the lines copied %v, want %v", side, copied, want)
		}
		counts[side] = run.CountsAt(len(run.Events))
	}
	predicted, measured := counts["sim"], counts["real"]
	if p, m := predicted.SyscallsByName(), measured.SyscallsByName(); !maps.Equal(p, m) || len(p) != 2 {
		t.Errorf("calls: %v are predicted, %v measured", p, m)
	}
	for _, name := range []trace.CountName{trace.Syscalls, trace.ModeSwitches, trace.CPUCopies, trace.CPUCopiedBytes, trace.CPUCopiesPerByte, trace.BytesSent} {
		if p, m := predicted.Count(name), measured.Count(name); p.Value != m.Value || !p.Known() || !m.Known() {
			t.Errorf("%s: %v is predicted, %v measured", name, p, m)
		}
	}
	const chunks = 1 << 20 / (64 << 10)
	if n := measured.Count(trace.Syscalls).Value; n != 3*chunks {
		t.Errorf("%v calls, want three for each of %d chunks", n, chunks)
	}
	if n := measured.Count(trace.CPUCopiesPerByte).Value; n != 3 {
		t.Errorf("%v copies of each byte, want 3", n)
	}
}

// scenario holds the guide's scenario to its title.
func (r *reader) scenario(t *testing.T) {
	out, err := r.run(r.folder, "copyscope run --scenario second-reader.yaml --json")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var report struct {
		Groups []struct {
			Name   string
			Bytes  float64
			Counts trace.Counts
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Groups) != 2 {
		t.Fatalf("%d groups, want 2", len(report.Groups))
	}
	first, second := report.Groups[0], report.Groups[1]
	if n := first.Counts[trace.DiskReadBytes].Value; n != first.Bytes || n == 0 {
		t.Errorf("the first reads %v of %v bytes from the disk", n, first.Bytes)
	}
	if n := second.Counts[trace.DiskReadBytes].Value; n != 0 || second.Bytes != first.Bytes {
		t.Errorf("the second reads %v of %v bytes from the disk", n, second.Bytes)
	}
}

var modeline = regexp.MustCompile(`^# yaml-language-server: \$schema=(\S+)\n`)

// schemas holds each of the guide's files to the schema that its first line names,
// which is where copyscope schema wrote it.
func (r *reader) schemas(t *testing.T) {
	held := 0
	for _, b := range guide(t) {
		if b.Language != "yaml" {
			continue
		}
		m := modeline.FindStringSubmatch(b.Text)
		if m == nil {
			t.Errorf("%s names no schema", b.File())
			continue
		}
		if _, err := os.Stat(filepath.Join(r.folder, filepath.Dir(b.File()), m[1])); err != nil {
			t.Errorf("%s: %v", b.File(), err)
		}
		if err := schematest.Check(strings.TrimSuffix(filepath.Base(m[1]), ".schema.json"), []byte(b.Text)); err != nil {
			t.Errorf("%s: %v", b.File(), err)
		}
		held++
	}
	if held != 4 {
		t.Errorf("%d files were held to schemas, want a scenario, a profile, a lesson and a talk", held)
	}
}

// mistakes makes mistakes in the guide's files: the command says the line, the field,
// the value and the remedy.
func (r *reader) mistakes(t *testing.T) {
	checks := map[string]string{
		"second-reader.yaml": "copyscope run --scenario second-reader.yaml", "old-laptop.yaml": "copyscope run read --side sim --profile old-laptop.yaml",
		"my-lessons/fan-out.yaml": "copyscope lessons check my-lessons", "my-talk.yaml": "copyscope talk my-talk.yaml --check",
	}
	text := map[string]string{}
	for _, b := range guide(t) {
		if checks[b.File()] != "" {
			text[b.File()] = b.Text
		}
	}
	for _, m := range []struct{ file, right, wrong, says string }{
		{"second-reader.yaml", "threads:", "treads:", "second-reader.yaml:13: treads: unknown field; did you mean threads?"},
		{"second-reader.yaml", "path: sendfile", "path: sendfil", `second-reader.yaml:16: threads[0].do[0].send.path: "sendfil": did you mean sendfile?`},
		{"second-reader.yaml", "file: log}\n  - name: second", "file: lag}\n  - name: second", `second-reader.yaml:16: threads[0].do[0].send.file: "lag" is no file of this scenario; use log`},
		{"second-reader.yaml", "size: 16MiB", "size: 16 apples", `second-reader.yaml:12: files[0].size: "16 apples": write a size such as 4096, 64KiB`},
		{"second-reader.yaml", "start: 2s", "start: 2", `second-reader.yaml:18: threads[1].start: "2": write a duration such as 5ms`},
		{"second-reader.yaml", "disk: hdd", "disk: hd", `second-reader.yaml:10: machine.disk: "hd": use hdd`},
		{"second-reader.yaml", "schema: 1\n", "schema: 2\n", "second-reader.yaml:2: schema: 2: this program reads schema 1"},
		{"old-laptop.yaml", "base: hdd-1g", "base: hd-1g", `old-laptop.yaml:4: base: "hd-1g": did you mean hdd-1g?`},
		{"old-laptop.yaml", "disk_latency_ns", "disk_latency", "old-laptop.yaml:8: costs.disk_latency: unknown cost; did you mean disk_latency_ns?"},
		{"old-laptop.yaml", "value: 17560000", "value: 17.56ms", "old-laptop.yaml:8: costs.disk_latency_ns.value: \"17.56ms\": write a whole number"},
		{"old-laptop.yaml", "value: 3000000000", "value: 0", "old-laptop.yaml:6: costs.copy_bytes_per_second: the copy rate is 0 bytes per second; use 1 or more"},
		{"old-laptop.yaml", "base: hdd-1g\n", "", "old-laptop.yaml:4: costs.mode_switch_ns: it is missing; give all costs, or name a shipped profile as base"},
		{"my-lessons/fan-out.yaml", "minutes: 3", "minutes: few", `fan-out.yaml:5: minutes: "few": write a whole number`},
		{"my-lessons/fan-out.yaml", "answer: {run: two, events", "answer: {run: too, events", `fan-out.yaml:19: predict[0].answer.run: "too" is no run of this file; did you mean two?`},
		{"my-lessons/fan-out.yaml", "actor: disk-dma", "actor: disk-dna", `fan-out.yaml:19: predict[0].answer.events.actor: "disk-dna": did you mean disk-dma?`},
		{"my-lessons/fan-out.yaml", "value: 1\n", "value: 3\n", "fan-out.yaml:20: predict[0].choices: 0 of them are right, and one must be; the computed answer is 1 times"},
		{"my-lessons/fan-out.yaml", "{one.syscalls}", "{one.syscals}", `fan-out.yaml:36: steps[1].say.en: "syscals" is no count; did you mean syscalls?`},
		{"my-talk.yaml", "view: machine", "views: machine", "my-talk.yaml:8: slides[0].scope.views: unknown field; did you mean view?"},
		{"my-talk.yaml", "count: cpu_copies}", "count: copies}", `my-talk.yaml:15: slides[1].ask.answer.count: "copies": `},
		{"my-talk.yaml", "- {value: 0}", "- {value: none}", `my-talk.yaml:17: slides[1].ask.choices[0].value: "none": write a number`},
		{"my-talk.yaml", "kind: descriptor", "kind: descripter", `my-talk.yaml:11: slides[0].scope.stops[1].kind: "descripter": did you mean descriptor?`},
		{"my-talk.yaml", "model=textbook,cache=cold,net=nic,size=64KiB,chunk=64KiB\"\n      b:", "model=texbook\"\n      b:", `my-talk.yaml:9: slides[0].scope.a: model "texbook": use textbook or linux`},
	} {
		if strings.Count(text[m.file], m.right) < 1 {
			t.Fatalf("%s has no %q", m.file, m.right)
		}
		file := filepath.Join(r.folder, m.file)
		if err := os.WriteFile(file, []byte(strings.Replace(text[m.file], m.right, m.wrong, 1)), 0o666); err != nil {
			t.Fatal(err)
		}
		out, err := r.run(r.folder, checks[m.file])
		if err == nil || !strings.Contains(out, m.says) {
			t.Errorf("%s with %q: %v\n%s\nwant %s", m.file, m.wrong, err, out, m.says)
		}
		if err := os.WriteFile(file, []byte(text[m.file]), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
