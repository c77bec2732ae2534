package copysample

// Kind is what a sample was doing.
type Kind int

// The kinds. A copy is the receiver's where what is copied has arrived: by a call that
// receives, or in the path that takes packets in. Over loopback that path runs on the
// thread that sends.
const (
	NoCopy      Kind = iota
	ToUser           // from the page cache or a pipe to user memory
	FromUser         // from user memory to a socket, a pipe or the page cache
	Linearising      // within the kernel: payload into linear segments, or lent pages after all
	Receiver
)

// copies are functions that move bytes themselves, and what a copy in them is; NoCopy:
// a function further out tells. Where the processor has fast string copies (FSRM), the
// instruction stands in the caller (copy_user_generic,
// arch/x86/include/asm/uaccess_64.h), so the callers are in here too. What calls take
// and return beside payload goes by _copy_from_user and _copy_to_user (lib/usercopy.c),
// which are no copies here.
var copies = map[string]Kind{
	// lib/iov_iter.c: what read(2) and write(2) and their kin copy by.
	"_copy_to_iter": ToUser, "copy_page_to_iter": ToUser, "copy_page_to_iter_nofault": ToUser, "_copy_mc_to_iter": ToUser,
	"copy_to_user_iter": ToUser, "copy_to_user_iter_mc": ToUser,
	"_copy_from_iter": FromUser, "copy_page_from_iter": FromUser, "_copy_from_iter_nocache": FromUser, "_copy_from_iter_flushcache": FromUser,
	"copy_page_from_iter_atomic": FromUser, "copy_folio_from_iter_atomic": FromUser, "copy_from_user_iter": FromUser,
	// net/core/skbuff.c and net/core/datagram.c: the same with a checksum, until
	// Linux 6.17 in lib/iov_iter.c.
	"csum_and_copy_to_iter": ToUser, "csum_and_copy_from_iter": FromUser, "csum_and_copy_from_iter_full": FromUser,
	"csum_and_copy_to_user": ToUser, "csum_and_copy_from_user": FromUser, "skb_copy_and_csum_datagram": ToUser,
	// net/core/skbuff.c: out of a packet into linear memory.
	"skb_copy_bits": Linearising, "skb_copy_and_csum_bits": Linearising,
	// arch/x86/lib/copy_user_64.S and copy_user_uncached_64.S; before Linux 6.4 by
	// the other names. arch/arm64/lib/copy_{to,from}_user.S.
	"rep_movs_alternative": NoCopy, "copy_user_generic": NoCopy, "copy_user_enhanced_fast_string": NoCopy, "copy_user_generic_string": NoCopy,
	"copy_user_generic_unrolled": NoCopy, "copy_user_fast_string": NoCopy, "__copy_user_nocache": NoCopy, "copy_to_nontemporal": NoCopy,
	"__arch_copy_to_user": ToUser, "__arch_copy_from_user": FromUser,
	// arch/x86/lib/memcpy_64.S, csum-copy_64.S, copy_page_64.S.
	"memcpy": NoCopy, "__memcpy": NoCopy, "memcpy_orig": NoCopy, "memmove": NoCopy, "__memmove": NoCopy, "copy_mc_to_kernel": NoCopy,
	"csum_partial_copy_generic": NoCopy, "csum_partial_copy_nocheck": NoCopy, "copy_page": NoCopy,
}

// callers are functions that tell what a copy in what they call is, and do other work as
// well (net/core/skbuff.c).
var callers = map[string]Kind{"skb_segment": Linearising, "skb_copy_ubufs": Linearising, "skb_copy_expand": Linearising, "__pskb_pull_tail": Linearising, "__pskb_copy_fclone": Linearising}

// receives are functions in which what has arrived is at work: calls that receive
// (net/socket.c, net/ipv4/tcp.c, net/core/datagram.c), and the path that packets take
// in (net/core/dev.c, net/ipv4, net/ipv6).
var receives = set("sock_recvmsg", "__sys_recvfrom", "___sys_recvmsg", "inet_recvmsg", "inet6_recvmsg", "tcp_recvmsg", "tcp_recvmsg_locked", "udp_recvmsg",
	"unix_stream_recvmsg", "unix_stream_read_generic", "tcp_splice_read", "tcp_read_sock", "sock_read_iter",
	"skb_copy_datagram_iter", "__skb_datagram_iter", "skb_copy_and_hash_datagram_iter",
	"process_backlog", "__netif_receive_skb", "__netif_receive_skb_core", "__netif_receive_skb_one_core", "netif_receive_skb", "netif_receive_skb_internal", "napi_gro_receive",
	"ip_rcv", "ipv6_rcv", "ip_local_deliver", "tcp_v4_rcv", "tcp_v6_rcv", "tcp_v4_do_rcv", "tcp_v6_do_rcv", "tcp_rcv_established", "tcp_collapse", "tcp_try_coalesce")

// transmits are functions in which packets leave (net/ipv4/tcp_output.c,
// net/core/dev.c): an acknowledgement that has come may send more, so the path in may
// stand around the path out.
var transmits = set("tcp_write_xmit", "__tcp_transmit_skb", "__dev_queue_xmit", "dev_hard_start_xmit", "validate_xmit_skb", "__skb_gso_segment", "skb_segment", "tcp_sendmsg", "tcp_sendmsg_locked")

// lent are functions that copy pages which were lent and must not be
// (skb_orphan_frags_rx, include/linux/skbuff.h): the price of the sender's call, though
// paid where the packet arrives.
var lent = set("skb_copy_ubufs")

func set(names ...string) map[string]bool {
	m := map[string]bool{}
	for _, n := range names {
		m[n] = true
	}
	return m
}

// Attribute says what a call chain of the kernel's functions, innermost first, was
// doing. It is a copy if the innermost function is one that copies: what runs on top of
// it, a fault or an interrupt, is not. Which one, the nearest function tells that knows.
func Attribute(chain []string) Kind {
	if len(chain) == 0 {
		return NoCopy
	}
	kind, copying := copies[chain[0]]
	if !copying {
		return NoCopy
	}
	for _, name := range chain {
		if kind == NoCopy {
			kind = max(copies[name], callers[name])
		}
		switch {
		case lent[name]:
			return Linearising
		case receives[name]:
			// memcpy there is a header's, or a collapsing queue's: the
			// receiver's all the same.
			return Receiver
		case transmits[name]:
			return kind
		}
	}
	return kind
}
