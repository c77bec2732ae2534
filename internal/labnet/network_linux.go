package labnet

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"

	"github.com/safchain/ethtool"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// Network is two namespaces, the sender's and the receiver's, and what joins them.
type Network struct {
	sender, receiver netns.NsHandle
	downstream       []pair
	upstream         *pair
	sg               bool
}

// pair is one pair of devices with an address at each end.
type pair struct {
	// name is that of the sender's device. No other device of the host has it: the
	// kernel's tracepoints tell devices by their names, whatever namespace they are in.
	name, peer string
	at, peerAt [4]byte
}

// The addresses are those that are for documentation, and so in use nowhere
// (RFC 5737); nobody outside the two namespaces sees them.
var (
	downstreamNet = [3]byte{192, 0, 2}
	upstreamNet   = [3]byte{198, 51, 100}
)

// linkHosts is how many addresses of its network a pair has (a /28), the first and
// the second of which are its ends'.
const linkHosts = 16

// gather is what ethtool(8) calls scatter-gather (netdev_features_strings,
// net/ethtool/common.c).
const gather = "tx-scatter-gather"

// Open makes a network. An [*UnavailableError] says what this process lacks.
func Open(o Options) (*Network, error) {
	if o.Links < 0 || o.Links > MaxLinks {
		return nil, fmt.Errorf("a lab network of %d links: use 1 to %d", o.Links, MaxLinks)
	}
	n := &Network{sender: netns.None(), receiver: netns.None(), sg: o.SG}
	if err := n.open(o); err != nil {
		_ = n.Close()
		return nil, unavailable(err)
	}
	return n, nil
}

func (n *Network) open(o Options) (err error) {
	for _, ns := range []*netns.NsHandle{&n.sender, &n.receiver} {
		if *ns, err = newNamespace(); err != nil {
			return &step{"a network namespace, unshare(CLONE_NEWNET)", err}
		}
	}
	for i := range max(o.Links, 1) {
		p, err := n.join(downstreamNet, i)
		if err != nil {
			return err
		}
		n.downstream = append(n.downstream, p)
	}
	if o.Upstream {
		up, err := n.join(upstreamNet, 0)
		if err != nil {
			return err
		}
		n.upstream = &up
	}
	return nil
}

// join makes the i-th pair of devices of a network, one in each namespace, and
// switches them on.
func (n *Network) join(network [3]byte, i int) (p pair, err error) {
	var id [5]byte
	rand.Read(id[:])
	name := "cs" + hex.EncodeToString(id[:]) // with a letter more, less than IFNAMSIZ, 16
	at := func(host int) [4]byte { return [4]byte{network[0], network[1], network[2], byte(i*linkHosts + host)} }
	p = pair{name: name + "s", peer: name + "r", at: at(1), peerAt: at(2)}
	h, err := netlink.NewHandleAt(n.sender)
	if err != nil {
		return p, &step{"a netlink socket", err}
	}
	defer h.Close()
	attributes := netlink.NewLinkAttrs()
	attributes.Name = p.name
	err = h.LinkAdd(&netlink.Veth{LinkAttrs: attributes, PeerName: p.peer, PeerNamespace: netlink.NsFd(int(n.receiver))})
	if err != nil {
		return p, &step{vethStep, err}
	}
	if err := n.switchOn(n.sender, p.name, p.at); err != nil {
		return p, err
	}
	return p, n.switchOn(n.receiver, p.peer, p.peerAt)
}

// switchOn gives a device its offloads and its address.
func (n *Network) switchOn(ns netns.NsHandle, name string, at [4]byte) error {
	if err := within(ns, func() error { return n.offload(name) }); err != nil {
		return &step{fmt.Sprintf("ethtool -K %s %s %t", name, gather, n.sg), err}
	}
	h, err := netlink.NewHandleAt(ns)
	if err != nil {
		return &step{"a netlink socket", err}
	}
	defer h.Close()
	link, err := h.LinkByName(name)
	if err != nil {
		return &step{"ip link show " + name, err}
	}
	address := &netlink.Addr{IPNet: &net.IPNet{IP: net.IP(at[:]), Mask: net.CIDRMask(28, 32)}}
	if err := h.AddrAdd(link, address); err != nil {
		return &step{"ip addr add", err}
	}
	if err := h.LinkSetUp(link); err != nil {
		return &step{"ip link set up", err}
	}
	return nil
}

// offload switches scatter-gather, and looks whether the device took it.
func (n *Network) offload(name string) error {
	e, err := ethtool.NewEthtool()
	if err != nil {
		return err
	}
	defer e.Close()
	if err := e.Change(name, map[string]bool{gather: n.sg}); err != nil {
		return err
	}
	now, err := e.Features(name)
	if err == nil && now[gather] != n.sg {
		err = fmt.Errorf("the device has %s %t all the same", gather, now[gather])
	}
	return err
}

// SG says whether the devices gather.
func (n *Network) SG() bool { return n.sg }

// Links is how many pairs go from the sender to the receiver.
func (n *Network) Links() int { return len(n.downstream) }

// Device is the name of the device from which the sender's packets leave on a link,
// counted from 0.
func (n *Network) Device(link int) string { return n.downstream[link].name }

// Close removes the network: the devices at once, the namespaces when the last
// socket in them is closed.
func (n *Network) Close() (err error) {
	if n.sender.IsOpen() {
		if h, failed := netlink.NewHandleAt(n.sender); failed == nil {
			pairs := n.downstream
			if n.upstream != nil {
				pairs = append(pairs, *n.upstream)
			}
			for _, p := range pairs {
				if link, failed := h.LinkByName(p.name); failed == nil {
					err = errors.Join(err, h.LinkDel(link)) // its peer goes with it
				}
			}
			h.Close()
		}
	}
	for _, ns := range []*netns.NsHandle{&n.sender, &n.receiver} {
		if ns.IsOpen() {
			err = errors.Join(err, ns.Close())
		}
	}
	return err
}

// step is what failed on the way to a network.
type step struct {
	what string
	err  error
}

func (s *step) Error() string { return s.what + ": " + s.err.Error() }
func (s *step) Unwrap() error { return s.err }

const vethStep = "a pair of veth devices"

// unavailable says what would help.
func unavailable(err error) error {
	out := &UnavailableError{Why: err.Error(), Err: err}
	var at *step
	switch errors.As(err, &at); {
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES):
		out.Enable = "it takes CAP_SYS_ADMIN and CAP_NET_ADMIN: run it with sudo"
	case errors.Is(err, unix.EOPNOTSUPP) && at != nil && at.what == vethStep:
		out.Enable = "the kernel has no veth: sudo modprobe veth, if it has the module (CONFIG_VETH)"
	case errors.Is(err, unix.EINVAL) && at != nil && at.what != vethStep:
		out.Enable = "the kernel may have been built without network namespaces (CONFIG_NET_NS)"
	case errors.Is(err, unix.ENOSPC):
		out.Enable = "there are as many namespaces as /proc/sys/user/max_net_namespaces allows"
	}
	return out
}
