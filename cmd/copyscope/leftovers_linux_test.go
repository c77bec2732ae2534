package main

import (
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// leavers are commands that make what could be left behind: files, tracing
// instances, devices, namespaces.
var leavers = [][]string{
	{"run", "sendfile", "--side", "real", "--size", "32MiB", "--cache", "cold", "--json"},
	{"run", "read-write", "splice", "--side", "real", "--size", "16MiB", "--cache", "warm,cold", "--json"},
	{"run", "mmap-write", "--side", "sim,real", "--size", "16MiB", "--cache", "cold"},
	{"run", "sendfile", "--side", "real", "--size", "16MiB", "--net", "veth", "--sg", "on,off", "--json"},
	{"doctor"},
}

// killings is how many of them are started and killed at some time.
const killings = 50

// longest is how long one of them lives at the most: on a busy machine too the
// test ends within a minute.
const longest = 600 * time.Millisecond

// Whatever kills the program and whenever, nothing of it stays once it has been
// started again: no tracing instance, network device, namespace or file.
func TestKilledRunsLeaveNothing(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: what a run leaves behind takes rights to make; run it as root")
	}
	program, dir := nobodys(t)
	begin := func(args []string) *exec.Cmd {
		t.Helper()
		c := exec.CommandContext(t.Context(), program, args...)
		c.Dir, c.Env = dir, append(os.Environ(), "TMPDIR="+dir)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		return c
	}
	whole := make([]time.Duration, len(leavers))
	for i, args := range leavers {
		began := time.Now()
		if err := begin(args).Wait(); err != nil {
			t.Fatalf("copyscope %s: %v", strings.Join(args, " "), err)
		}
		whole[i] = min(time.Since(began), longest)
	}
	before := surroundingsNow(t, dir)

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, runs of %v", seed, whole)
	dice := rand.New(rand.NewPCG(seed, 0))
	started := map[int]bool{}
	caught := 0
	for i := range killings {
		n := i % len(leavers)
		c := begin(leavers[n])
		started[c.Process.Pid] = true
		time.Sleep(time.Duration(dice.Int64N(int64(whole[n]))))
		c.Process.Kill()
		c.Wait()
		caught += len(instancesOf(t, map[int]bool{c.Process.Pid: true}))
	}
	if caught == 0 && mayTrace(t, program) {
		t.Errorf("none of %d runs was killed while it traced: the test has shown nothing", killings)
	}
	t.Logf("%d of %d were killed while they traced", caught, killings)

	if err := begin([]string{"run", "sendfile", "--side", "real", "--size", "64KiB", "--cache", "cold"}).Wait(); err != nil {
		t.Fatal(err)
	}
	if left := instancesOf(t, started); len(left) > 0 {
		t.Errorf("tracing instances are left: %v", left)
	}
	after := surroundingsNow(t, dir)
	for kind, names := range after {
		for _, name := range names {
			if !slices.Contains(before[kind], name) {
				t.Errorf("%s: %s is left", kind, name)
			}
		}
	}
}

// mayTrace says whether the doctor finds that tracing works.
func mayTrace(t *testing.T, program string) bool {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, "doctor", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(out), "an instance was made and removed")
}

// surroundingsNow lists what a run could leave behind, tracing instances apart:
// programs of other tests have theirs.
func surroundingsNow(t *testing.T, dir string) map[string][]string {
	t.Helper()
	now := map[string][]string{}
	list := func(kind, dir string) {
		entries, err := os.ReadDir(dir)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, e := range entries {
			now[kind] = append(now[kind], e.Name())
		}
	}
	list("files", dir)
	list("network namespaces (ip netns)", "/run/netns")
	devices, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range devices {
		now["network devices (ip link)"] = append(now["network devices (ip link)"], d.Name)
	}
	return now
}

// instancesOf lists the tracing instances of processes. They are the same in
// every tracefs; where there is none it is mounted for this look alone.
func instancesOf(t *testing.T, pids map[int]bool) (names []string) {
	t.Helper()
	const look = "mount -t tracefs none /sys/kernel/tracing 2>/dev/null; ls /sys/kernel/tracing/instances"
	out, err := exec.CommandContext(t.Context(), "unshare", "--mount", "sh", "-c", look).CombinedOutput()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%v: %s", err, out)
		}
		t.Skipf("SKIPPED: tracefs cannot be looked at: %v: %s", err, out)
	}
	for _, name := range strings.Fields(string(out)) {
		rest, _ := strings.CutPrefix(name, "copyscope-")
		pid, _, _ := strings.Cut(rest, "-")
		if n, err := strconv.Atoi(pid); err == nil && pids[n] {
			names = append(names, name)
		}
	}
	return names
}
