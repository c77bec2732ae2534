package broker

import (
	"testing"

	"golang.org/x/sys/unix"
)

// The listener itself has the algorithm of loopback connections: one that began
// with a pacing algorithm would go on pacing.
func TestListenerIsTuned(t *testing.T) {
	l, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var name string
	err = control(l, "get TCP_CONGESTION", func(fd int) (err error) {
		name, err = unix.GetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION)
		return err
	})
	if err != nil || name != "cubic" && name != "reno" {
		t.Errorf("it has %q, %v; want cubic or reno", name, err)
	}
}
