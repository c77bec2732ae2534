package host_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"copyscope/internal/host"
)

// Each way in which an address is not taken has its own remedy.
func TestListenRemedy(t *testing.T) {
	for _, c := range []struct{ address, says string }{
		{"8081", "give host:port: 127.0.0.1:8081, or 0.0.0.0:8081"},
		{"nowhere", "give host:port, such as an-example:1"},
		{"192.0.2.99:0", "no interface of this host has that address: take one of 127.0.0.1"},
		{"no-such-host.invalid:0", "no interface of this host has that address"},
	} {
		l, err := net.Listen("tcp", c.address)
		if err == nil {
			l.Close()
			t.Fatalf("%s was taken", c.address)
		}
		if says := host.ListenRemedy(c.address, "an-example:1", err); !strings.Contains(says, c.says) {
			t.Errorf("%s: %s", c.address, says)
		}
	}
}

// Who holds a port is named.
func TestListenRemedyNamesTheHolder(t *testing.T) {
	const variable = "COPYSCOPE_TEST_HOLDS"
	if at := os.Getenv(variable); at != "" { // the other process
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if err := os.WriteFile(at, []byte(l.Addr().String()), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		return
	}
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: who listens is told by procfs, which is Linux's")
	}
	at := t.TempDir() + "/address"
	other := exec.Command(os.Args[0], "-test.run", "^TestListenRemedyNamesTheHolder$")
	other.Env = append(os.Environ(), variable+"="+at)
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { other.Process.Kill(); other.Wait() }()
	var address []byte
	for end := time.Now().Add(30 * time.Second); len(address) == 0; time.Sleep(10 * time.Millisecond) {
		if address, _ = os.ReadFile(at); time.Now().After(end) {
			t.Fatal("the other process does not listen")
		}
	}
	_, err := net.Listen("tcp", string(address))
	if says := host.ListenRemedy(string(address), "", err); !strings.Contains(says, fmt.Sprintf("(process %d): end it", other.Process.Pid)) {
		t.Errorf("it says %s", says)
	}
}
