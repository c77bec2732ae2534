package attach_test

import (
	"strings"
	"testing"

	"copyscope/internal/attach"
	"copyscope/internal/trace"
)

// A server's calls, stepped through: those that the report sums up, with what each
// moved, and every one of them returns.
func TestAWatchedServerBecomesATrace(t *testing.T) {
	for _, r := range []struct {
		how      string
		kind     trace.Kind
		from, to trace.Place
	}{
		{"plain", trace.Descriptor, trace.PageCache, trace.SocketBuffer},
		{"wrapped", trace.CPUCopy, trace.UserBuffer, trace.SocketBuffer},
		{"mapped", trace.CPUCopy, trace.UserMapping, trace.SocketBuffer},
	} {
		t.Run(r.how, func(t *testing.T) {
			const size = 4 << 20
			file := makeFile(t, size)
			s := startGo(t, r.how, file)
			recent := attach.NewRecent(100_000)
			report := watch(t, attach.Options{Processes: []int{s.pid}, Recent: recent}, func() { get(t, "http://"+s.address, size, size) })
			got, err := recent.Trace(report.Processes)
			if err != nil {
				t.Fatal(err)
			}
			var sent int64
			calls, depth := map[string]int64{}, map[int]int{}
			for _, e := range got.Run.Events {
				switch {
				case e.Kind == trace.Syscall:
					calls[e.Syscall]++
				case e.Kind == trace.ModeSwitch && e.To == trace.KernelMode:
					depth[e.Thread]++
				case e.Kind == trace.ModeSwitch:
					depth[e.Thread]--
				case e.Kind == r.kind && e.From == r.from && e.To == r.to:
					sent += e.Bytes
				}
			}
			// The header and what net/http looks at to find its type go another way.
			if sent < size-8<<10 || sent > size+8<<10 {
				t.Errorf("%d bytes went from %s to %s, want about %d", sent, r.from, r.to, size)
			}
			for name, tally := range report.Calls {
				if calls[name] != tally.Calls {
					t.Errorf("%d calls of %s are in the trace, %d in the report", calls[name], name, tally.Calls)
				}
			}
			for thread, n := range depth {
				if n != 0 {
					t.Errorf("%s entered the kernel %d times more than it returned", got.Run.Threads[thread], n)
				}
			}
			if calls["close"] == 0 || recent.Dropped() != 0 {
				t.Errorf("%d calls of close, %d calls dropped", calls["close"], recent.Dropped())
			}
			if len(got.Run.Threads) == 0 || !strings.Contains(got.Run.Threads[0], report.Processes[0].Name+" ") {
				t.Errorf("the threads are %q", got.Run.Threads)
			}
		})
	}
}
