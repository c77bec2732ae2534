package host_test

import (
	"maps"
	"os"
	"testing"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// available are the programs that this host can run for real.
func available(t testing.TB) (out []transfer.Program) {
	t.Helper()
	for _, p := range transfer.Programs() {
		if ok, why := host.Available(p.Path); !ok {
			t.Logf("%s is left out: %s", p.Path, why)
			continue
		}
		out = append(out, p)
	}
	return out
}

// What each path does with a file of so many chunks, as its man pages say.
func TestRunMeasuresPathsWithOtherEnds(t *testing.T) {
	const size, chunk = 8 << 20, 64 << 10
	const n = size / chunk
	const sealed = size + size/transfer.TLSRecordBytes*transfer.TLSOverheadBytes
	type figures struct {
		calls                     map[string]int64
		copied, descriptors, sent float64
	}
	for path, want := range map[string]figures{
		"read":         {map[string]int64{"read": n}, size, 0, 0},
		"tee":          {map[string]int64{"splice": 3 * n, "tee": n}, 0, 4 * size / 4096, 2 * size},
		"relay-copy":   {map[string]int64{"read": n, "write": n}, 2 * size, 0, size},
		"msg-zerocopy": {map[string]int64{"read": n, "sendto": n, "poll": n, "recvmsg": n}, 2 * size, size / 4096, size},
		"io-uring":     {map[string]int64{"io_uring_enter": n}, 2 * size, 0, size},
		"direct":       {map[string]int64{"read": n, "write": n}, size, 0, size},
		"tls":          {map[string]int64{"read": n, "write": n}, size + sealed, 0, sealed},
	} {
		t.Run(path, func(t *testing.T) {
			if ok, why := host.Available(path); !ok {
				t.Skip(why)
			}
			p, _ := transfer.Lookup(path)
			out, run := measure(t, host.Options{Program: p, Size: size, Chunk: chunk, Dir: t.TempDir()})
			if !out.Intact() || out.Sent != size {
				t.Errorf("%+v", out)
			}
			c := run.CountsAt(len(run.Events))
			if got := c.SyscallsByName(); !maps.Equal(got, want.calls) {
				t.Errorf("calls %v, want %v", got, want.calls)
			}
			for name, value := range map[trace.CountName]float64{trace.CPUCopiedBytes: want.copied,
				trace.Descriptors: want.descriptors, trace.BytesSent: want.sent} {
				if got := c.Count(name).Value; got != value {
					t.Errorf("%s is %v, want %v", name, got, value)
				}
			}
			for _, e := range run.Events {
				if relays := p.Source == transfer.FromSocket; e.Endpoint != trace.Receiver && relays != (e.Endpoint == trace.Relay) {
					t.Fatalf("event %d, %s, is the %s's", e.Seq, e.Kind, e.Endpoint)
				}
			}
		})
	}
}

// io-uring lends the buffer if it is told to, and loopback copies it all the
// same, as the notification says.
func TestRingSendsByReference(t *testing.T) {
	if ok, why := host.Available("io-uring"); !ok {
		t.Skip(why)
	}
	const size, chunk = 4 << 20, 64 << 10
	p, _ := transfer.Lookup("io-uring")
	out, run := measure(t, host.Options{Program: p, Size: size, Chunk: chunk, ZeroCopy: true, Dir: t.TempDir()})
	pinned, copied := int64(0), int64(0)
	for _, e := range run.Events {
		switch e.Detail {
		case "pin":
			pinned += e.Bytes
		case "zerocopy-copied":
			copied += e.Bytes
		}
	}
	if !out.Intact() || pinned != size || copied != size {
		t.Errorf("%d bytes were lent and %d copied all the same, want %d; %+v", pinned, copied, size, out)
	}
}

// gzip makes less of text, and the receiver makes the text of it again.
func TestCompressSendsLess(t *testing.T) {
	const size = 4 << 20
	p, _ := transfer.Lookup("compress")
	out, run := measure(t, host.Options{Program: p, Size: size, Chunk: 64 << 10, Dir: t.TempDir()})
	sent := run.CountsAt(len(run.Events)).Count(trace.BytesSent).Value
	if !out.Intact() || sent < size/4 || sent > size/2 {
		t.Errorf("%v of %d bytes were sent; %+v", sent, size, out)
	}
}

// Nothing of a run stays open, whatever the path opens.
func TestRunsLeaveNoDescriptor(t *testing.T) {
	paths := available(t)
	for _, p := range paths { // what the process keeps for good is open then
		measure(t, host.Options{Program: p, Size: 10_000, Chunk: 4096, Dir: t.TempDir()})
	}
	for _, p := range paths {
		before := openDescriptors(t)
		for range 3 {
			measure(t, host.Options{Program: p, Size: 10_000, Chunk: 4096, Dir: t.TempDir()})
		}
		if after := openDescriptors(t); after != before {
			t.Errorf("%s: %d descriptors were open, then %d", p.Path, before, after)
		}
	}
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}
