//go:build !linux

package host

import "net"

// AskConnection needs Linux: it is never ok.
func AskConnection(net.Conn) (Connection, bool) { return Connection{}, false }
