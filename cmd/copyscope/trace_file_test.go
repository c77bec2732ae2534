package main

import (
	"bytes"
	"reflect"
	"testing"

	"copyscope/internal/export"
	"copyscope/internal/trace"
)

// What is written event by event is read back as it was, compressed or not.
func TestTraceFileHoldsTheRun(t *testing.T) {
	run := &trace.Run{Path: "x", Side: trace.Real, Payload: 7, Base: trace.Measured, Scenario: "s]}", Machine: "m", Threads: []string{"a", "b"},
		Watch: trace.Watch{trace.Packets: {Provenance: trace.Unavailable, Reason: "because"}}}
	for i := range 3 {
		run.Record(trace.Event{At: trace.Ns(i), Dur: 1, Endpoint: trace.Sender, Phase: trace.Transfer, Kind: trace.Syscall, Actor: trace.KernelCode,
			Syscall: "read", Thread: i, Ret: -1, Errno: "EAGAIN", Offset: 5, Provenance: trace.Measured})
	}
	for _, compressed := range []bool{false, true} {
		var b bytes.Buffer
		if err := encodeTrace(&b, compressed, run); err != nil {
			t.Fatal(err)
		}
		got, err := export.Read(&b)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, run) {
			t.Errorf("compressed %v: got %+v, want %+v", compressed, got, run)
		}
	}
}
