package labnet

// Options say what network to make.
type Options struct {
	// SG: the devices gather a packet's payload from scattered pages. Without it
	// the kernel takes TSO and GSO from them as well (netdev_fix_features,
	// net/core/dev.c), and TCP's large segments are cut into linear packets before a
	// device gets them.
	SG bool
	// Links is how many pairs of devices go from the sender to the receiver, 1 to
	// [MaxLinks]; 0 is one. A connection that has a pair of its own is told by the
	// device's name from all others.
	Links int
	// Upstream: a second pair of devices, on which a peer sends to a relay, so that
	// what the relay's own device sends is what the relay sends on.
	Upstream bool
}

// MaxLinks bounds Options.Links.
const MaxLinks = 16

// UnavailableError: this process cannot have a lab network.
type UnavailableError struct {
	// Why is what was tried and what came of it, Enable the command or the
	// condition that would change that, empty if nothing does.
	Why, Enable string
	Err         error
}

func (e *UnavailableError) Error() string {
	if e.Enable == "" {
		return "no lab network: " + e.Why
	}
	return "no lab network: " + e.Why + "; " + e.Enable
}

func (e *UnavailableError) Unwrap() error { return e.Err }

// Conn is one TCP connection as two blocking sockets of this process.
type Conn struct {
	// Send is the end from which the transfer's bytes leave, Recv the one where
	// they arrive. Whoever has them closes them.
	Send, Recv int
	// Congestion is the congestion control in force at the sender.
	Congestion string
}
