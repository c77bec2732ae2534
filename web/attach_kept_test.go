package web

import (
	"testing"

	"copyscope/internal/attach"
	"copyscope/internal/trace"
)

// nginxFDs are the descriptors of an nginx: 3 is a file, 5 a client.
type nginxFDs struct{}

func (nginxFDs) Look(_, fd int) (attach.Looked, bool) {
	ends := map[int]attach.End{3: {Kind: attach.File, Name: "/srv/film"}, 5: {Kind: attach.Socket, Name: "tcp port 80"}}
	end, ok := ends[fd]
	return attach.Looked{End: end, At: 1}, ok
}

func (nginxFDs) Mappings(int) []attach.Mapping { return nil }

// NginxTrace is the trace of an nginx that sends so many pieces of a file by the calls
// of these names each, with the newest most of its calls.
func NginxTrace(t *testing.T, most, pieces int, names ...string) *trace.Run {
	t.Helper()
	const piece = 64 << 10
	arguments := map[string][6]uint64{"pread64": {3, 0x10000000, piece}, "write": {5, 0x10000000, piece}, "sendfile": {5, 3, 0, piece}}
	recent := attach.NewRecent(most)
	l := attach.NewLedger(nginxFDs{})
	l.KeepCalls(recent)
	now := int64(0)
	for range pieces {
		for _, name := range names {
			l.Book(attach.Call{Process: 12, Thread: 12, Began: now, At: now + 800, Name: name, Args: arguments[name], Ret: piece})
			now += 1000
		}
	}
	got, err := recent.Trace([]attach.Process{{PID: 12, Name: "nginx"}})
	if err != nil {
		t.Fatal(err)
	}
	return got.Run
}
