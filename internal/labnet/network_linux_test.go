package labnet_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"copyscope/internal/labnet"
)

// open makes a network, or skips where this user may not.
func open(t *testing.T, o labnet.Options) *labnet.Network {
	t.Helper()
	n, err := labnet.Open(o)
	if err != nil {
		if os.Geteuid() == 0 && os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED: %v; run it as root", err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func TestBytesArrive(t *testing.T) {
	for _, sg := range []bool{true, false} {
		n := open(t, labnet.Options{SG: sg, Links: 2, Upstream: true})
		for name, connect := range map[string]func() (*labnet.Conn, error){
			"downstream": func() (*labnet.Conn, error) { return n.Connect(0) },
			"second":     func() (*labnet.Conn, error) { return n.Connect(1) },
			"upstream":   n.ConnectUpstream} {
			c, err := connect()
			if err != nil {
				t.Fatalf("SG %v, %s: %v", sg, name, err)
			}
			const text = "from one namespace to the other"
			if _, err := unix.Write(c.Send, []byte(text)); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(text))
			if k, err := unix.Read(c.Recv, got); err != nil || string(got[:k]) != text {
				t.Errorf("SG %v, %s: received %q, %v", sg, name, got[:k], err)
			}
			if c.Congestion != "cubic" {
				t.Errorf("SG %v, %s: congestion control %q", sg, name, c.Congestion)
			}
			unix.Close(c.Send)
			unix.Close(c.Recv)
		}
	}
}

// The host's own namespace has as many devices while a network is there as before, and
// none of them is the network's.
func TestNobodyElseSeesTheDevices(t *testing.T) {
	before := devices(t)
	n := open(t, labnet.Options{})
	if now := devices(t); !slices.Equal(now, before) {
		t.Errorf("devices %v, before %v", now, before)
	}
	if n.Device(0) == "" || slices.Contains(devices(t), n.Device(0)) {
		t.Errorf("device %q is seen from here", n.Device(0))
	}
}

func TestWhatWasNotMadeIsRefused(t *testing.T) {
	n := open(t, labnet.Options{SG: true})
	for _, link := range []int{-1, 1} {
		if c, err := n.Connect(link); err == nil {
			t.Errorf("connected over link %d: %+v", link, c)
		}
	}
	if _, err := labnet.Open(labnet.Options{Links: labnet.MaxLinks + 1}); err == nil {
		t.Error("a network of too many links was made")
	}
	if c, err := n.ConnectUpstream(); err == nil {
		t.Errorf("connected: %+v", c)
	}
}

// Whoever may not have a network is told what it takes.
func TestWhoMayNotIsTold(t *testing.T) {
	if os.Getenv(childOf) != "" {
		_, err := labnet.Open(labnet.Options{})
		fmt.Println(err)
		return
	}
	command := exec.Command(readable(t), "-test.run=^TestWhoMayNotIsTold$")
	command.Env = append(os.Environ(), childOf+"=nobody")
	if os.Geteuid() == 0 {
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &nobody}
	}
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"no lab network", "CAP_SYS_ADMIN", "sudo"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("told %q, want %q in it", out, want)
		}
	}
	var not *labnet.UnavailableError
	if err := error(&labnet.UnavailableError{Why: "x"}); !errors.As(err, &not) || err.Error() != "no lab network: x" {
		t.Errorf("%v", err)
	}
}

// nobody is an ordinary user.
var nobody = syscall.Credential{Uid: 65534, Gid: 65534}

const childOf = "COPYSCOPE_LABNET_CHILD"

// readable is a copy of this test that an ordinary user may run.
func readable(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "copyscope-labnet-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "labnet.test")
	if err := os.WriteFile(name, self, 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

// A process that is killed with a network and connections in use leaves nothing.
func TestDeathLeavesNothing(t *testing.T) {
	if os.Getenv(childOf) != "" {
		n, err := labnet.Open(labnet.Options{Upstream: true})
		if err != nil {
			fmt.Println("failed", err)
			return
		}
		c, err := n.Connect(0)
		if err != nil {
			fmt.Println("failed", err)
			return
		}
		fmt.Println("ready", n.Device(0))
		piece := make([]byte, 64<<10)
		for { // more than is ever read: the queues are full when the end comes
			if _, err := unix.Write(c.Send, piece); err != nil {
				fmt.Println("failed", err)
				return
			}
		}
	}
	open(t, labnet.Options{}) // or it is skipped
	had := devices(t)
	for range 3 {
		command := exec.Command("/proc/self/exe", "-test.run=^TestDeathLeavesNothing$")
		command.Env = append(os.Environ(), childOf+"=victim")
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "ready ") {
			rest, _ := io.ReadAll(out)
			t.Fatalf("the child said %q %s, %v", line, rest, err)
		}
		its := namespaces(t, fmt.Sprintf("/proc/%d/fd/*", command.Process.Pid))
		if len(its) != 2 {
			t.Fatalf("the child holds the network namespaces %v, want two", its)
		}
		time.Sleep(20 * time.Millisecond) // its sends block
		if err := command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = command.Wait()
		settle(t, its, had)
	}
	if _, err := os.Stat("/run/netns"); err == nil {
		names, _ := filepath.Glob("/run/netns/cs*")
		if len(names) > 0 {
			t.Errorf("named namespaces are left: %v", names)
		}
	}
}

// settle waits until namespaces are gone, and the devices are as they were.
func settle(t *testing.T, gone, had []string) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		now, have := namespaces(t, "/proc/[0-9]*/ns/net", "/proc/[0-9]*/task/*/ns/net", "/proc/[0-9]*/fd/*"), devices(t)
		if slices.Equal(have, had) && !slices.ContainsFunc(gone, func(name string) bool { return slices.Contains(now, name) }) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("network namespaces %v, with %v; devices %v, before %v", now, gone, have, had)
		}
	}
}

func devices(t *testing.T) (names []string) {
	t.Helper()
	entries, err := os.ReadDir("/sys/class/net")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// namespaces are the network namespaces that links of /proc lead to.
func namespaces(t *testing.T, patterns ...string) []string {
	t.Helper()
	found := map[string]bool{}
	for _, pattern := range patterns {
		links, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range links {
			if to, err := os.Readlink(link); err == nil && strings.HasPrefix(to, "net:[") {
				found[to] = true
			}
		}
	}
	var out []string
	for name := range found {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
