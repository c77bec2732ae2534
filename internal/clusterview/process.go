package clusterview

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"copyscope/internal/host"
)

// lookedFor is how long a look at who listens here stands: it reads /proc of every
// process.
const lookedFor = 10 * time.Second

// hosts finds the brokers' processes on this host.
type hosts struct {
	mu    sync.Mutex
	at    time.Time
	found host.Listening
	err   error
}

var errElsewhere = errors.New("on another host: its process is watched there, with copyscope attach")

// process is the one that listens at a broker's address, if that is of this host. The
// address is the cluster's word: that somebody listens there does not make it a broker.
func (h *hosts) process(name string, port int) (host.Listener, error) {
	if !local(name) {
		return host.Listener{}, errElsewhere
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.at.IsZero() || time.Since(h.at) > lookedFor {
		h.found, h.err = host.Listeners()
		h.at = time.Now()
	}
	if h.err != nil {
		return host.Listener{}, h.err
	}
	i := slices.IndexFunc(h.found.Processes, func(l host.Listener) bool { return slices.Contains(l.Ports, port) })
	if i < 0 {
		return host.Listener{}, fmt.Errorf("no process that this user may look into listens at port %d here: run copyscope as root or as the broker's user", port)
	}
	return h.found.Processes[i], nil
}

// local says whether a host's name or address is of this host. Names are looked up in
// no DNS: localhost and addresses alone are told.
func local(name string) bool {
	if name == "localhost" {
		return true
	}
	ip := net.ParseIP(name)
	if ip == nil {
		own, err := os.Hostname()
		return err == nil && name == own
	}
	if ip.IsLoopback() {
		return true
	}
	all, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(all, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(ip)
	})
}
