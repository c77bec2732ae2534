package copysample_test

import (
	"strings"
	"testing"

	"copyscope/internal/copysample"
)

// Call chains as they were seen on Linux 6.18, those of a device without scatter-gather
// and of kernels without fast string copies as they follow from the sources.
func TestAttribution(t *testing.T) {
	for chain, want := range map[string]copysample.Kind{
		"":           copysample.NoCopy,
		"ksys_read":  copysample.NoCopy,
		"memcpy foo": copysample.NoCopy,
		"_copy_to_user put_timespec64 __x64_sys_clock_gettime":                   copysample.NoCopy,
		"rep_movs_alternative _copy_from_user move_addr_to_kernel":               copysample.NoCopy,
		"xas_load _copy_to_iter filemap_read":                                    copysample.NoCopy,
		"_copy_to_iter copy_page_to_iter filemap_read vfs_read ksys_read":        copysample.ToUser,
		"rep_movs_alternative _copy_to_iter copy_page_to_iter filemap_read":      copysample.ToUser,
		"_copy_from_iter tcp_sendmsg_locked tcp_sendmsg sock_write_iter":         copysample.FromUser,
		"rep_movs_alternative _copy_from_iter tcp_sendmsg_locked tcp_sendmsg":    copysample.FromUser,
		"copy_page_from_iter_atomic generic_perform_write":                       copysample.FromUser,
		"asm_exc_page_fault _copy_from_iter tcp_sendmsg_locked":                  copysample.NoCopy,
		"memcpy skb_copy_bits skb_segment tcp_gso_segment validate_xmit_skb":     copysample.Linearising,
		"memcpy skb_segment tcp_gso_segment __dev_queue_xmit":                    copysample.Linearising,
		"skb_segment tcp_gso_segment __dev_queue_xmit":                           copysample.NoCopy,
		"memcpy ring_buffer_write trace_buffer_unlock_commit_regs":               copysample.NoCopy,
		"memcpy skb_copy_bits __pskb_pull_tail validate_xmit_skb":                copysample.Linearising,
		"memcpy skb_copy_ubufs __netif_receive_skb_core process_backlog":         copysample.Linearising,
		"_copy_to_iter __skb_datagram_iter skb_copy_datagram_iter tcp_recvmsg":   copysample.Receiver,
		"memcpy skb_copy_bits tcp_collapse tcp_data_queue tcp_rcv_established":   copysample.Receiver,
		"memcpy skb_copy_bits __pskb_pull_tail tcp_v4_rcv process_backlog write": copysample.Receiver,
		// An acknowledgement has come in, and lets more of the sender's bytes out.
		"memcpy skb_copy_bits skb_segment tcp_gso_segment dev_hard_start_xmit tcp_write_xmit tcp_rcv_established tcp_v4_rcv process_backlog": copysample.Linearising,
		// The sender's call, inside of which packets are taken in.
		"memcpy skb_copy_bits tcp_collapse tcp_v4_rcv process_backlog __dev_queue_xmit tcp_write_xmit tcp_sendmsg": copysample.Receiver,
	} {
		if got := copysample.Attribute(strings.Fields(chain)); got != want {
			t.Errorf("%s: %d, want %d", chain, got, want)
		}
	}
}
