package packaging_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// analyze runs systemd-analyze, which needs no systemd that runs.
func analyze(t *testing.T, args ...string) (said string, err error) {
	t.Helper()
	program, missing := exec.LookPath("systemd-analyze")
	if missing != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("systemd-analyze is missing; install systemd")
		}
		t.Skip("SKIPPED: systemd-analyze is missing; install systemd")
	}
	out, err := exec.Command(program, args...).CombinedOutput()
	return string(out), err
}

// unit is the service as it would be installed, with the drop-in if asked for; the
// program's place is that of one that is there.
func unit(t *testing.T, dropIn string) string {
	t.Helper()
	text, err := os.ReadFile("copyscope.service")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	placed := strings.Replace(string(text), "ExecStart=/usr/local/bin/copyscope ", "ExecStart="+self+" ", 1)
	if placed == string(text) {
		t.Fatal("the unit does not start /usr/local/bin/copyscope")
	}
	name := filepath.Join(t.TempDir(), "copyscope.service")
	if err := os.WriteFile(name, []byte(placed), 0o644); err != nil {
		t.Fatal(err)
	}
	if dropIn != "" {
		more, err := os.ReadFile(dropIn)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(name+".d", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(name+".d", dropIn), more, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

// systemd understands every line, with and without the drop-in.
func TestTheUnitIsUnderstood(t *testing.T) {
	for _, dropIn := range []string{"", "witness.conf"} {
		if said, err := analyze(t, "verify", unit(t, dropIn)); err != nil || said != "" {
			t.Errorf("with %q: %v: %s", dropIn, err, said)
		}
	}
}

// exposed is what systemd says that a unit may do, by the name of the setting, and
// its sum, from 0 (nothing) to 10.
func exposed(t *testing.T, name string) (open map[string]bool, sum float64) {
	t.Helper()
	said, err := analyze(t, "security", "--offline=true", "--json=short", name)
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	var rows []struct {
		Set  *bool
		Name string
	}
	if err := json.Unmarshal([]byte(said[strings.IndexByte(said, '['):]), &rows); err != nil {
		t.Fatalf("%v: %.300s", err, said)
	}
	open = map[string]bool{}
	for _, r := range rows {
		open[r.Name] = r.Set != nil && !*r.Set
	}
	said, err = analyze(t, "security", "--offline=true", "--no-pager", name)
	m := regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`).FindStringSubmatch(said)
	if err != nil || m == nil {
		t.Fatalf("%v: no sum in %s", err, said)
	}
	sum, err = strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return open, sum
}

// The service may do what serving takes; the witness's capabilities are for who asks
// for them.
func TestTheUnitMayDoLittle(t *testing.T) {
	open, sum := exposed(t, unit(t, ""))
	if most := 1.2; sum > most || sum == 0 {
		t.Errorf("systemd rates the service %v, at most %v is wanted", sum, most)
	}
	tried := 0
	for name, may := range open {
		for _, closed := range []string{"CapabilityBoundingSet", "AmbientCapabilities", "NoNewPrivileges", "MemoryDenyWriteExecute", "ProtectSystem", "ProtectHome", "UMask", "User=/DynamicUser",
			"RestrictNamespaces", "RestrictSUIDSGID", "SystemCallFilter=~@privileged", "SystemCallFilter=~@mount", "SystemCallFilter=~@debug", "SystemCallArchitectures", "PrivateUsers"} {
			if strings.HasPrefix(name, closed) {
				if tried++; may {
					t.Errorf("%s is open", name)
				}
			}
		}
	}
	if tried < 30 {
		t.Errorf("only %d of what systemd tells was looked at", tried)
	}
	if witness, more := exposed(t, unit(t, "witness.conf")); more <= sum || !witness["CapabilityBoundingSet=~CAP_SYS_ADMIN"] || witness["CapabilityBoundingSet=~CAP_SYS_MODULE"] {
		t.Errorf("with the drop-in systemd rates it %v, without it %v; %v", more, sum, witness)
	}
}

// What the fetch paths and the pages call is let through.
func TestTheUnitLetsItServe(t *testing.T) {
	said, err := analyze(t, "syscall-filter")
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	groups, group := map[string][]string{}, ""
	for line := range strings.Lines(said) {
		switch word := strings.TrimSpace(line); {
		case strings.HasPrefix(line, "@"):
			group = word
		case word != "" && !strings.HasPrefix(word, "#"):
			groups[group] = append(groups[group], word)
		}
	}
	allowed := map[string]bool{}
	var set func(word string, let bool)
	set = func(word string, let bool) {
		allowed[word] = let
		for _, member := range groups[word] {
			set(member, let)
		}
	}
	text, err := os.ReadFile("copyscope.service")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if words, is := strings.CutPrefix(strings.TrimSpace(line), "SystemCallFilter="); is {
			words, denied := strings.CutPrefix(words, "~")
			for word := range strings.FieldsSeq(words) {
				set(word, !denied)
			}
		}
	}
	for _, call := range []string{"sendfile", "splice", "tee", "read", "writev", "mmap", "msync", "mincore", "fallocate", "fdatasync", "flock", "accept4", "setsockopt", "epoll_pwait", "pidfd_open", "execve", "getrusage", "prlimit64"} {
		if !allowed[call] {
			t.Errorf("%s is not let through", call)
		}
	}
	for _, call := range []string{"mount", "bpf", "ptrace", "setuid", "init_module"} {
		if allowed[call] {
			t.Errorf("%s is let through", call)
		}
	}
}
