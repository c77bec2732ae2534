package host

import "net"

// AskConnection asks the kernel about a TCP connection of this process: TCP_INFO
// (tcp(7)) and SO_MEMINFO (socket(7)). What the kernel is too old to tell is
// unavailable. Not ok: the connection is closed, or no TCP.
func AskConnection(c net.Conn) (out Connection, ok bool) {
	s, ok := askSocket(c)
	if !ok {
		return out, false
	}
	out = Connection{Peer: s.peer, Congestion: s.congestion}
	asked := &reading{values: s.values, failed: s.failed}
	for _, f := range onceRules {
		out.Figures = append(out.Figures, f.figures(nil, asked)...)
	}
	return out, true
}
