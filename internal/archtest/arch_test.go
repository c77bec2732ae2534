package archtest

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

var rules = map[string]Rule{
	"arrows": Arrows, "purity": Purity, "blocking": Blocking, "short": Short, "named": Named, "clean": Clean, "views": Views, "defended": Defended, "removable": Removable,
	"linked": Linked, "translated": Translated, "mapped": Mapped, "made": Made,
}

// TestTree holds this repository to every rule.
func TestTree(t *testing.T) {
	root := os.DirFS("../..")
	if _, err := os.Stat("../../go.mod"); err != nil {
		t.Fatalf("the module's root is not two folders up: %v", err)
	}
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			found, err := rule(root)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range found {
				t.Error(f)
			}
		})
	}
}

// TestRulesSpeakUp breaks each rule in a tree of one file and expects the
// sentence about it; "" expects silence.
func TestRulesSpeakUp(t *testing.T) {
	imports := func(pkg string) string { return "package p\n\nimport _ \"" + pkg + "\"\n" }
	call := func(pkg, expr string) string {
		return "package sim\n\nimport \"" + pkg + "\"\n\nvar x = " + expr + "\n"
	}
	long := "package p\n" + strings.Repeat("// line\n", MaxLines)
	for _, r := range []struct{ rule, file, text, want string }{
		{"arrows", "internal/trace/x.go", imports("copyscope/internal/transfer"), "internal/trace must not import internal/transfer"},
		{"arrows", "internal/transfer/x.go", imports("copyscope/sim"), "internal/transfer must not import sim"},
		{"arrows", "internal/transfer/x.go", imports("copyscope/internal/transfer/transfertest"), "must not import internal/transfer/transfertest"},
		{"arrows", "internal/transfer/x_test.go", imports("copyscope/internal/transfer/transfertest"), ""},
		{"arrows", "sim/x.go", imports("copyscope/internal/host"), "sim must not import internal/host"},
		{"arrows", "sim/x_windows.go", imports("copyscope/internal/lab"), "sim must not import internal/lab"},
		{"arrows", "internal/host/x_linux.go", imports("copyscope/sim"), "internal/host must not import sim"},
		{"arrows", "internal/lab/x.go", imports("copyscope/web"), "internal/lab must not import web"},
		{"arrows", "internal/lab/x.go", imports("copyscope/internal/host"), ""},
		{"arrows", "internal/lesson/x.go", imports("copyscope/templates"), "internal/lesson must not import templates"},
		{"arrows", "templates/x_templ.go", imports("copyscope/internal/host"), "templates must not import internal/host"},
		{"arrows", "templates/x_templ.go", imports("copyscope/sim"), "templates must not import sim"},
		{"arrows", "templates/x.go", imports("copyscope/web"), "templates must not import web"},
		{"arrows", "templates/x.go", imports("copyscope/broker"), "templates must not import broker"},
		{"arrows", "internal/locale/x.go", imports("copyscope/internal/trace"), "internal/locale must not import internal/trace"},
		{"arrows", "web/x.go", imports("copyscope/broker"), "web must not import broker"},
		{"arrows", "web/x.go", imports("copyscope/templates"), ""},
		{"arrows", "broker/x.go", imports("copyscope/internal/lab"), "broker must not import internal/lab"},
		{"arrows", "broker/x.go", imports("copyscope/broker/wire"), ""},
		{"arrows", "broker/log/x.go", imports("copyscope/broker/wire"), "broker/log must not import broker/wire"},
		{"arrows", "broker/group/x.go", imports("copyscope/web"), "broker/group must not import web"},
		{"arrows", "cmd/copyscope/x.go", imports("copyscope/broker"), ""},
		{"arrows", "clients/matrix/x.go", imports("copyscope/broker"), "clients/matrix must not import broker"},
		{"arrows", "other/x.go", imports("fmt"), "other is not in the table of arrows"},
		{"purity", "sim/x.go", imports("os"), "sim must not import os"},
		{"purity", "sim/x.go", imports("os/exec"), "sim must not import os/exec"},
		{"purity", "sim/x.go", imports("golang.org/x/sys/unix"), "sim must not import golang.org/x/sys/unix"},
		{"purity", "sim/x_test.go", imports("os"), ""},
		{"purity", "internal/host/x.go", imports("os"), ""},
		{"purity", "sim/x.go", call("time", "time.Now()"), "sim must not call time.Now"},
		{"purity", "sim/x.go", "package sim\n\nimport clock \"time\"\n\nvar x = clock.Since(clock.Time{})\n", "sim must not call time.Since"},
		{"purity", "sim/x.go", call("time", "time.Second"), ""},
		{"purity", "sim/x.go", call("math/rand", "rand.Intn(3)"), "global rand.Intn"},
		{"purity", "sim/x.go", call("math/rand/v2", "rand.IntN(3)"), "global rand.IntN"},
		{"purity", "sim/x.go", call("math/rand/v2", "rand.New(rand.NewPCG(1, 2))"), ""},
		{"blocking", "internal/host/x.go", call("syscall", "syscall.RawSyscall(1, 2, 3, 4)"), "must not call RawSyscall"},
		{"blocking", "internal/host/x_linux.go", call("golang.org/x/sys/unix", "unix.RawSyscall6(1, 2, 3, 4, 5, 6, 7)"), "must not call RawSyscall6"},
		{"blocking", "internal/host/x_linux.go", "package host\n\nimport . \"syscall\"\n\nvar f = RawSyscall\n", "must not call RawSyscall"},
		{"blocking", "internal/host/x_linux.go", "package host\n\nimport _ \"unsafe\"\n\n//go:linkname raw syscall.rawSyscallNoError\nfunc raw()\n", "must not use //go:linkname"},
		{"blocking", "internal/host/x_linux.go", call("golang.org/x/sys/unix", "unix.Syscall(1, 2, 3, 4)"), ""},
		{"blocking", "internal/host/x_test.go", call("syscall", "syscall.RawSyscall(1, 2, 3, 4)"), ""},
		{"short", "web/x.go", long, "601 lines"},
		{"short", "clients/x.java", strings.Repeat("//\n", MaxLines+1), "601 lines"},
		{"short", "static/x.js", strings.Repeat("x\n", MaxLines+1), "601 lines"},
		{"short", "templates/x_templ.go", "// Code generated by templ - DO NOT EDIT.\n\n" + long, ""},
		{"named", "internal/util/x.go", "package util\n", `"util" says nothing`},
		{"clean", "README.md", "see /" + "home/me/x", "a path of some machine"},
		{"clean", "web/x.go", "// \"/" + "root/x\"", "a path of some machine"},
		{"clean", "web/x.go", "r.Handle(\"/work\")", ""},
		{"clean", "web/x.go", "// TO" + "DO: later", "an open end"},
		{"views", "static/x.js", "cpuCopies += 1;", "a count that is raised"},
		{"views", "static/x.js", "counts.mode_switches++;", "a count that is raised"},
		{"views", "static/x.js", "++totals.syscalls;", "a count that is raised"},
		{"views", "static/x.js", "counts['syscalls'] += 1", "a count that is raised"},
		{"views", "static/x.js", "if (e.kind === 'cpu-copy') n += e.bytes;", "a count of events"},
		{"views", "static/x.js", "sum += event.bytes;", "a sum of events"},
		{"views", "static/x.js", "events.reduce((s, e) => s + e.bytes, 0)", "a sum of events"},
		{"views", "static/x.js", "events.filter((e) => e.kind === \"dma\").length", "a count of events"},
		{"views", "static/x.js", "const copyCost = 0.3;", "a cost rule"},
		{"views", "static/x.js", "const nsPerByte = 2;", "a cost rule"},
		{"views", "static/x.js", "if (event.kind === 'dma') animate(event.bytes);", ""},
		{"views", "static/x.js", "row.value = count(name, step).value - before.value;", ""},
		{"views", "web/x.js", "cpuCopies += 1;", ""},
		{"defended", "SECURITY.md", "# Security\n", "no table"},
		{"defended", "SECURITY.md", "| attack | defence | test |\n| --- |\n| a | b | `web.TestX` |\n", "no test web.TestX"},
		{"defended", "SECURITY.md", "| attack | defence | test |\n| --- |\n| a | b | `TestX` |\n", "no test TestX"},
		{"defended", "SECURITY.md", "| attack | defence | test |\n| --- |\n| a | b | it is clear |\n", `done about "a"`},
		{"defended", "SECURITY.md", "| attack | defence | test |\n| --- |\n| a | `TestX` |\n", "2 cells"},
		{"removable", "SECURITY.md", "| attack | defence | test |\n| --- |\n| a | b | `web.TestX` |\n", `what is done about "a"`},
	} {
		t.Run(r.rule+"/"+r.file+"/"+r.want, func(t *testing.T) {
			found, err := rules[r.rule](fstest.MapFS{r.file: {Data: []byte(r.text)}})
			if err != nil {
				t.Fatal(err)
			}
			said := strings.Join(found, "\n")
			if r.want == "" && said != "" {
				t.Errorf("said %q about\n%s", said, r.text)
			}
			if !strings.Contains(said, r.want) {
				t.Errorf("said %q, want %q, about\n%s", said, r.want, r.text)
			}
		})
	}
}
