package host

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// ListenRemedy says what to do about an address that net.Listen("tcp", address) did not
// take, and who holds it, where that can be seen. example is one of its kind.
func ListenRemedy(address, example string, err error) string {
	var unknown *net.DNSError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "the port is in use by " + holderOf(address) + ": end it, or take another port (0 takes a free one)"
	case errors.Is(err, os.ErrPermission):
		return "ports below 1024 need privilege: take a higher one"
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.As(err, &unknown):
		return "no interface of this host has that address: take one of " + strings.Join(ownAddresses(), ", ") + ", or 0.0.0.0 for all"
	}
	if port, numeric := strconv.ParseUint(address, 10, 16); numeric == nil {
		return fmt.Sprintf("give host:port: 127.0.0.1:%d, or 0.0.0.0:%[1]d for other machines, too", port)
	}
	return "give host:port, such as " + example
}

// holderOf names the process that listens at an address's port.
func holderOf(address string) string {
	const somebody = "another program"
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return somebody
	}
	port, err := net.LookupPort("tcp", text)
	if err != nil {
		return somebody
	}
	all, _ := Listeners() // what it does not tell is another program
	for _, p := range all.Processes {
		if slices.Contains(p.Ports, port) {
			return fmt.Sprintf("%s (process %d)", p.Name, p.PID)
		}
	}
	return somebody
}

// ownAddresses are those of this host's interfaces that are up, but link-local ones,
// which need a zone.
func ownAddresses() []string {
	out := []string{"127.0.0.1"}
	all, _ := net.InterfaceAddrs() // none is no reason for another error
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() && !n.IP.IsLinkLocalUnicast() {
			out = append(out, n.IP.String())
		}
	}
	return out
}
