package host_test

import (
	"net"
	"os"
	"os/exec"
	"slices"
	"testing"

	"copyscope/internal/host"
)

// A process that inherited a listening socket is found with its port; this process,
// which has it too, is left out, and so is a port of somebody else's.
func TestListenersNameWhoListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	child := exec.Command("sleep", "60")
	child.ExtraFiles = []*os.File{socket}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Wait()
	defer child.Process.Kill()
	found, err := host.Listeners()
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	var who []int
	for _, p := range found.Processes {
		if len(p.Ports) == 0 || !slices.IsSorted(p.Ports) || p.Name == "" {
			t.Errorf("%+v: no name, or its ports are not in order", p)
		}
		if slices.Contains(p.Ports, port) {
			who = append(who, p.PID)
			if p.Name != "sleep" || len(p.Ports) != 1 {
				t.Errorf("%+v, want sleep with port %d alone", p, port)
			}
		}
	}
	if !slices.Equal(who, []int{child.Process.Pid}) {
		t.Errorf("at port %d listen %v, want %d alone (this process is %d)", port, who, child.Process.Pid, os.Getpid())
	}
	if os.Geteuid() == 0 && found.Hidden != 0 {
		t.Errorf("root may look into every process, and %d are hidden", found.Hidden)
	}
}
