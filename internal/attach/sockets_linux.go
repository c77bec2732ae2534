package attach

import (
	"fmt"
	"net"
	"strconv"

	"github.com/prometheus/procfs"
)

// tcpListen is the state of a socket that listens (TCP_LISTEN, include/net/tcp_states.h).
const tcpListen = 10

// sockets has the addresses of all sockets in the network namespace of a process, by
// inode (proc_pid_net(5)).
func sockets(process int) map[uint64]End {
	fs, err := procfs.NewFS(fmt.Sprintf("/proc/%d", process))
	if err != nil {
		return nil
	}
	out := map[uint64]End{}
	serving := map[uint64]bool{} // ports that somebody listens at
	var lines []socketLine
	//lint:ignore SA1019 netlink tells of the network namespace that this process is in, the file of the other's
	for _, read := range []func() (procfs.NetTCP, error){fs.NetTCP, fs.NetTCP6} {
		table, _ := read() // without IPv6 there is no tcp6
		for _, s := range table {
			lines = append(lines, socketLine{"tcp", s.Inode, s.LocalAddr, s.RemAddr, s.LocalPort, s.RemPort, s.St == tcpListen})
		}
	}
	for _, read := range []func() (procfs.NetUDP, error){fs.NetUDP, fs.NetUDP6} {
		table, _ := read()
		for _, s := range table {
			lines = append(lines, socketLine{"udp", s.Inode, s.LocalAddr, s.RemAddr, s.LocalPort, s.RemPort, s.RemPort == 0})
		}
	}
	for _, s := range lines {
		if s.listens {
			serving[s.localPort] = true
		}
	}
	for _, s := range lines {
		if s.inode != 0 {
			out[s.inode] = s.end(serving[s.localPort])
		}
	}
	if table, err := fs.NetUNIX(); err == nil {
		for _, s := range table.Rows {
			end := End{Kind: Socket, Protocol: "unix", Local: s.Path, Name: "unix " + s.Path}
			if s.Path == "" {
				end.Name = "a unix socket"
			}
			out[s.Inode] = end
		}
	}
	return out
}

// socketLine is what the tables of protocols have in common.
type socketLine struct {
	protocol              string
	inode                 uint64
	local, remote         net.IP
	localPort, remotePort uint64
	listens               bool
}

// end names a socket as a person would: a service by its own address, a client's
// connection by where it leads to.
func (s socketLine) end(serves bool) End {
	address := func(ip net.IP, port uint64) string {
		if ip.IsUnspecified() {
			return "*:" + strconv.FormatUint(port, 10)
		}
		return net.JoinHostPort(ip.String(), strconv.FormatUint(port, 10))
	}
	e := End{Kind: Socket, Protocol: s.protocol, Local: address(s.local, s.localPort)}
	if s.remotePort != 0 {
		e.Peer = address(s.remote, s.remotePort)
	}
	switch {
	case s.listens || serves:
		e.Name = fmt.Sprintf("%s port %d", s.protocol, s.localPort)
	default:
		e.Name = s.protocol + " to " + e.Peer
	}
	return e
}
