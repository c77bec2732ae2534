//go:build !linux

package labnet

import "runtime"

// Network cannot be had here.
type Network struct{}

// Open needs Linux.
func Open(Options) (*Network, error) {
	return nil, &UnavailableError{Why: "network namespaces and veth devices are Linux's; this is " + runtime.GOOS, Enable: "run it on Linux, as root"}
}

func (n *Network) SG() bool     { return false }
func (n *Network) Close() error { return nil }
