package host_test

import (
	"context"
	"os"
	"testing"

	"copyscope/internal/host"
	"copyscope/internal/labnet"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// labNetwork makes one for a program, or skips where this user may not.
func labNetwork(t *testing.T, p transfer.Program, sg bool) *labnet.Network {
	t.Helper()
	n, err := labnet.Open(labnet.Options{SG: sg, Links: max(p.Sinks, 1), Upstream: p.Source == transfer.FromSocket})
	if err != nil {
		if os.Geteuid() == 0 && os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED: %v; run it as root", err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// Every byte that a socket took leaves by the device once, retransmissions apart: in
// pages where that gathers, in one piece, by a copy more, where it does not.
func TestPacketsCarryWhatWasSent(t *testing.T) {
	traced(t)
	const size, chunk = 8<<20 + 4097, 64 << 10
	src := newSource(t, size)
	// The copies that a byte takes on a device that gathers. A program that sends by
	// reference to a receiver on this host has the kernel copy what it lent; on a
	// device that does not gather that is the copy for the device.
	copies := map[string]float64{"read": 1, "read-write": 2, "mmap-write": 1, "sendfile": 0, "splice": 0, "tee": 0, "relay-copy": 2,
		"relay-splice": 0, "msg-zerocopy": 2, "io-uring": 2, "direct": 1, "tls": 2}
	for _, p := range available(t) {
		for _, sg := range []bool{true, false} {
			o := host.Options{Program: p, Size: size, Chunk: chunk, Net: labNetwork(t, p, sg)}
			if p.Path != "compress" { // which needs another file
				o.Source = src
			}
			out, run := measure(t, o)
			c := run.CountsAt(len(run.Events))
			value := func(name trace.CountName) float64 {
				n := c.Count(name)
				if !n.Known() {
					t.Errorf("%s, SG %v: %s is %+v", p.Path, sg, name, n)
				}
				return n.Value
			}
			if p.Sinks > 0 && !out.Intact() {
				t.Errorf("%s, SG %v: the receiver got something else: %+v", p.Path, sg, out)
			}
			sent := value(trace.BytesSent)
			if p.Path == "tee" {
				sent = 2 * size
			}
			paged, linear := sent, 0.0
			if !sg {
				paged, linear = linear, paged
			}
			if value(trace.PagedPayloadBytes) != paged || value(trace.LinearPayloadBytes) != linear {
				t.Errorf("%s, SG %v: %v bytes paged, %v linear; want %v and %v (%v sent once more)", p.Path, sg,
					value(trace.PagedPayloadBytes), value(trace.LinearPayloadBytes), paged, linear, value(trace.RetransmittedBytes))
			}
			// Fewer only if some were lost on their way to the device.
			if got := value(trace.RetransmittedBytes); got > float64(out.Retransmitted) {
				t.Errorf("%s, SG %v: %v bytes were sent once more by the tracepoints, %d by TCP_INFO", p.Path, sg, got, out.Retransmitted)
			}
			if least := sent / (64 << 10); value(trace.Packets) < least || !sg && value(trace.Packets) < sent/1448 {
				t.Errorf("%s, SG %v: %v packets for %v bytes", p.Path, sg, value(trace.Packets), sent)
			}
			want, known := copies[p.Path]
			if !known {
				continue
			}
			want *= size
			if p.Path == "tls" { // the records are longer than what is in them
				want = size + sent
			}
			if !sg && p.Path != "msg-zerocopy" {
				want += sent
			}
			if got := value(trace.CPUCopiedBytes); got != want {
				t.Errorf("%s, SG %v: %v bytes copied, want %v", p.Path, sg, got, want)
			}
		}
	}
}

// The alias probe asks over the same device: what sendfile lends, a device that does
// not gather is given a copy of.
func TestAliasOverTheLabNetwork(t *testing.T) {
	for path, want := range map[string][2]string{
		"read-write": {host.AliasCopy, host.AliasCopy}, "sendfile": {host.AliasLend, host.AliasCopy},
		"splice": {host.AliasLend, host.AliasCopy}, "tee": {host.AliasLend, host.AliasCopy},
	} {
		p, _ := transfer.Lookup(path)
		for i, sg := range []bool{true, false} {
			r, err := host.Alias(context.Background(), p, host.AliasOptions{Dir: t.TempDir(), Net: labNetwork(t, p, sg)})
			if err != nil {
				t.Fatal(err)
			}
			if r.Verdict != want[i] {
				t.Errorf("SG %v: %+v, want %s", sg, r, want[i])
			}
		}
	}
}

// Without packets nobody knows of the copies for a device that does not gather: they
// are unavailable then, and not fewer.
func TestWithoutPacketsCopiesAreNotKnown(t *testing.T) {
	p, _ := transfer.Lookup("read-write")
	for _, sg := range []bool{true, false} {
		o := host.Options{Program: p, Size: 1 << 20, Chunk: 64 << 10, Net: labNetwork(t, p, sg)}
		lossy := host.Watch(o)
		host.Lost(o, lossy, &host.Outcome{Lost: 3})
		o.Untraced = true
		for what, w := range map[string]trace.Watch{"untraced": host.Watch(o), "lossy": lossy} {
			for _, name := range []trace.CountName{trace.Packets, trace.PagedPayloadBytes, trace.LinearPayloadBytes, trace.RetransmittedBytes} {
				if b := w[name]; b.Provenance != trace.Unavailable || b.Reason == "" {
					t.Errorf("%s, SG %v: %s is %+v", what, sg, name, b)
				}
			}
			if known := w[trace.CPUCopiedBytes].Provenance != trace.Unavailable; known != sg {
				t.Errorf("%s, SG %v: the copies are known: %v", what, sg, known)
			}
		}
	}
}
