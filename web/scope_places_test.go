package web

import (
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// At the end of a run everything that was read has been sent: nothing is left
// in the pipe or the socket buffer, and the NIC took every byte as often as there
// are sinks. What comes from a socket or goes past the page cache is not in it.
func TestPlacesAreEmptyAtTheEnd(t *testing.T) {
	for _, path := range transfer.Paths() {
		settings := []string{"", ",sg=off", ",dma=off", ",model=linux,net=nic,chunk=16KiB", ",model=linux,net=nic,sg=off", ",model=linux,net=loopback,cache=warm"}
		// In longer runs calls and transmissions overlap: bytes are sent while
		// references to later ones wait.
		for _, sg := range []string{"sg=on", "sg=off", "whatif=2/sg=off", "sg=off,whatif=20/sg=on"} {
			for _, size := range []string{"100KiB", "128KiB", "256KiB", "1MiB"} {
				settings = append(settings, ",model=linux,net=nic,cache=warm,size="+size+","+sg)
			}
		}
		for _, more := range settings {
			r := simulated(t, path+more)
			places := occupancy(r.Scenario, r.Run.Events)
			for _, p := range []trace.Place{trace.Pipe, trace.SocketBuffer} {
				if c := places[p]; c.Own.now() != 0 || c.Lent.now() != 0 || c.Refs.now() != 0 {
					t.Errorf("%s: at the end the %s holds %d bytes and references to %d", r.Scenario, p, c.Own.now(), c.Lent.now())
				}
			}
			program, _ := transfer.Lookup(path)
			cached := r.Scenario.Size
			if r.Scenario.Cache == lab.Cold && (path == "direct" || program.Source == transfer.FromSocket) {
				cached = 0
			}
			if got := places[trace.PageCache].Own.now(); got != cached {
				t.Errorf("%s: the page cache holds %d bytes, want %d", r.Scenario, got, cached)
			}
			sent := r.Scenario.Size * int64(program.Sinks)
			if got := places[trace.NICRing].Own.now(); r.Scenario.Net == lab.NIC && got != sent && (!program.Reshapes || got == 0) {
				t.Errorf("%s: the NIC took %d bytes, want %d", r.Scenario, got, sent)
			}
		}
	}
}

// What a place held at the most is of bytes and references together: it has both
// where earlier bytes are still being sent.
func TestRoomIsThePeakOfBothKinds(t *testing.T) {
	r := simulated(t, "sendfile,model=linux,net=nic,cache=warm,size=128KiB,sg=off")
	c := occupancy(r.Scenario, r.Run.Events)[trace.SocketBuffer]
	if c.Own.most() != 128<<10 || c.Lent.most() != 64<<10 {
		t.Fatalf("the socket buffer held up to %d bytes and references to %d: this test has nothing to look at", c.Own.most(), c.Lent.most())
	}
	if c.Room != 128<<10 {
		t.Errorf("the socket buffer held up to %d bytes and references together, want 131072", c.Room)
	}
}
