package trace_test

import (
	"testing"

	"copyscope/internal/trace"
)

func TestSummariesGiveMeasuredAndDerivedCounts(t *testing.T) {
	type figures map[trace.CountName]trace.Count
	measured := func(v float64) trace.Count { return trace.Count{Value: v, Provenance: trace.Measured} }
	derived := func(v float64) trace.Count { return trace.Count{Value: v, Provenance: trace.Derived} }
	for _, c := range []struct {
		name string
		got  trace.Counts
		want figures
	}{
		{"read-write", trace.Served{Stands: 1, Path: "read-write", Bytes: 1000, SocketBytes: 1000, Chunk: 600, Dur: 7,
			SyscallsByName: map[string]int64{"pread64": 2, "write": 2}}.Counts(),
			figures{trace.Syscalls: measured(4), trace.ModeSwitches: derived(8), trace.CPUCopiedBytes: derived(2000), trace.CPUCopiesPerByte: derived(2),
				trace.UserBufferBytes: derived(600), trace.BytesSent: measured(1000), trace.WallTime: measured(7)}},
		{"TLS", trace.Served{Stands: 1, Path: "read-write", Why: "TLS: …", Bytes: 1000, SocketBytes: 1022, Chunk: 4096}.Counts(),
			figures{trace.CPUCopiedBytes: derived(2022), trace.CPUCopiesPerByte: derived(2.022), trace.UserBufferBytes: derived(1000), trace.BytesSent: measured(1022)}},
		{"mmap-write", trace.Served{Stands: 1, Path: "mmap-write", Bytes: 1000, SocketBytes: 1000, SyscallsByName: map[string]int64{"mmap": 1, "write": 1, "munmap": 1}}.Counts(),
			figures{trace.Syscalls: measured(2), trace.CPUCopiesPerByte: derived(1)}},
		{"a sum by sendfile", trace.Served{Stands: 9, Path: "sendfile", Bytes: 9000, SocketBytes: 9000, SyscallsByName: map[string]int64{"sendfile": 9}}.Counts(),
			figures{trace.Syscalls: measured(9), trace.ModeSwitches: derived(18), trace.CPUCopiedBytes: derived(0), trace.CPUCopiesPerByte: derived(0)}},
		{"splice, pipe apart", trace.Served{Path: "splice", Bytes: 10, SyscallsByName: map[string]int64{"splice": 2, "pipe2": 1}}.Counts(),
			figures{trace.Syscalls: measured(2)}},
		{"append", trace.Appended{Stands: 1, Engine: "write", Bytes: 500, Records: 5, Dur: 3, SyscallsByName: map[string]int64{"pwrite64": 1}}.Counts(),
			figures{trace.Syscalls: measured(1), trace.ModeSwitches: derived(2), trace.CPUCopiedBytes: derived(500), trace.CPUCopiesPerByte: derived(1), trace.WallTime: measured(3)}},
		{"append by mmap", trace.Appended{Stands: 1, Engine: "mmap", Bytes: 500}.Counts(),
			figures{trace.Syscalls: measured(0), trace.ModeSwitches: derived(0), trace.CPUCopiesPerByte: derived(1)}},
		{"duplicate", trace.Appended{Stands: 1, Engine: "write", Duplicates: 1}.Counts(), figures{trace.CPUCopiedBytes: derived(0)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, want := range c.want {
				if got := c.got[name]; got != want {
					t.Errorf("%s is %+v, want %+v", name, got, want)
				}
			}
			for _, name := range trace.CountNames() {
				got, ok := c.got[name]
				if !ok || got.Provenance == "" || !got.Known() && got.Reason == "" {
					t.Errorf("%s is %+v: every count has a value or a reason", name, got)
				}
			}
		})
	}
	for _, s := range []trace.Served{{Path: "sendfile", Bytes: 1, Err: "connection reset"}, {Path: "io-uring", Bytes: 1}} {
		if got := s.Counts()[trace.CPUCopiedBytes]; got.Known() || got.Reason == "" {
			t.Errorf("%+v: copied %+v, want unavailable with a reason", s, got)
		}
	}
}
