package host

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

var errNoConnections = errors.New("this process has no broker whose connections could be asked")

// sockets asks the kernel about the connections that are followed: those that
// were, as far as they are still there, and others up to connectionsRead.
func (s *Sampler) sockets(r *reading) error {
	if s.connections == nil {
		return errNoConnections
	}
	open := s.connections()
	there := make(map[net.Conn]bool, len(open))
	for _, c := range open {
		there[c] = true
	}
	maps.DeleteFunc(s.followed, func(c net.Conn, _ int) bool { return !there[c] })
	for _, c := range open {
		if _, ok := s.followed[c]; !ok && len(s.followed) < connectionsRead {
			s.numbered++
			s.followed[c] = s.numbered
		}
	}
	for c, id := range s.followed {
		if socket, ok := askSocket(c); ok {
			socket.id = id
			r.sockets = append(r.sockets, socket)
		}
	}
	slices.SortFunc(r.sockets, func(a, b socketReading) int { return a.id - b.id })
	r.unfollowed = len(open) - min(len(r.sockets), connectionsShown)
	r.values[key{tcpInfo, "count"}] = float64(len(open))
	for _, field := range []string{"bytes_sent", "bytes_retrans"} {
		k := key{tcpInfo, field}
		r.each[k] = map[string]float64{} // without connections nothing is sent: that is seen, and no gap
		for _, socket := range r.sockets {
			if v, ok := socket.values[k]; ok {
				r.add(k, strconv.Itoa(socket.id), v)
			}
		}
	}
	return nil
}

// askSocket reads what the kernel tells of a connection; not ok if it is closed
// or no TCP connection.
func askSocket(c net.Conn) (s socketReading, ok bool) {
	if sealed, is := c.(*tls.Conn); is {
		c = sealed.NetConn()
	}
	raw, is := c.(syscall.Conn)
	if !is {
		return s, false
	}
	control, err := raw.SyscallConn()
	if err != nil {
		return s, false
	}
	s = socketReading{peer: c.RemoteAddr().String(), values: map[key]float64{}, failed: map[string]error{}}
	gone := control.Control(func(fd uintptr) {
		s.askTCP(int(fd))
		s.askMemory(int(fd))
		s.congestion, _ = unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION)
	})
	return s, gone == nil
}

// askTCP reads the fields of struct tcp_info that this kernel has: the length
// that it returns ends before those that came later (tcp_get_info,
// net/ipv4/tcp.c).
func (s *socketReading) askTCP(fd int) {
	var i unix.TCPInfo
	n, err := sockOption(fd, unix.IPPROTO_TCP, unix.TCP_INFO, unsafe.Pointer(&i), unsafe.Sizeof(i))
	if err != nil {
		s.failed[tcpInfo] = err
		return
	}
	for _, f := range []struct {
		name  string
		end   uintptr
		value uint64
	}{
		{"rtt", unsafe.Offsetof(i.Rtt) + 4, uint64(i.Rtt)},
		{"snd_cwnd", unsafe.Offsetof(i.Snd_cwnd) + 4, uint64(i.Snd_cwnd)},
		{"notsent_bytes", unsafe.Offsetof(i.Notsent_bytes) + 4, uint64(i.Notsent_bytes)}, // Linux 4.6
		{"delivery_rate", unsafe.Offsetof(i.Delivery_rate) + 8, i.Delivery_rate},         // 4.9
		{"bytes_sent", unsafe.Offsetof(i.Bytes_sent) + 8, i.Bytes_sent},                  // 4.19
		{"bytes_retrans", unsafe.Offsetof(i.Bytes_retrans) + 8, i.Bytes_retrans},         // 4.19
	} {
		if f.end <= n {
			s.values[key{tcpInfo, f.name}] = float64(f.value)
		}
	}
}

// Indices of SO_MEMINFO's array, and its length at least
// (include/uapi/linux/sock_diag.h; Linux 4.12).
const (
	memInfoQueued = 5 // SK_MEMINFO_WMEM_QUEUED: bytes of memory that wait to be sent or acknowledged
	memInfoVars   = 9 // SK_MEMINFO_VARS
)

func (s *socketReading) askMemory(fd int) {
	var all [memInfoVars]uint32
	n, err := sockOption(fd, unix.SOL_SOCKET, unix.SO_MEMINFO, unsafe.Pointer(&all), unsafe.Sizeof(all))
	if err != nil {
		s.failed[soMemInfo] = err
		return
	}
	if n >= (memInfoQueued+1)*4 {
		s.values[key{soMemInfo, "wmem_queued"}] = float64(all[memInfoQueued])
	}
}

// sockOption is getsockopt(2) with the length that the kernel filled, which
// x/sys/unix keeps to itself for struct tcp_info.
func sockOption(fd, level, name int, to unsafe.Pointer, size uintptr) (uintptr, error) {
	n := uint32(size)
	if _, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), uintptr(level), uintptr(name), uintptr(to), uintptr(unsafe.Pointer(&n)), 0); errno != 0 {
		return 0, fmt.Errorf("getsockopt(2): %w", errno)
	}
	return uintptr(n), nil
}
