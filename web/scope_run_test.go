package web

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// gatedLab runs simulations at once and holds real runs until it is let go.
type gatedLab struct {
	*lab.Lab
	started chan string // scenarios whose real run has begun
	open    chan struct{}
}

func (l gatedLab) Run(ctx context.Context, s lab.Scenario, o lab.Options) (*lab.Result, error) {
	if s.Side != trace.Real {
		return l.Lab.Run(ctx, s, o)
	}
	l.started <- s.Path
	o.Progress(1, 2)
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-l.open:
	}
	s.Side, s.Model, s.Net = trace.Sim, lab.Linux, lab.Loopback
	r, err := l.Lab.Run(ctx, s, o)
	if err == nil {
		r.Scenario.Side = trace.Real
	}
	return r, err
}

func (l gatedLab) Compare(context.Context, *lab.Result) ([]trace.Comparison, error) {
	return []trace.Comparison{trace.CompareWords("sendfile", "who_copies", "lend", trace.Modelled, "lend", trace.Measured)}, nil
}

func request(kind, id, body string) string {
	return fmt.Sprintf(`{"v":1,"type":%q,"id":%q,"body":%s}`, kind, id, body)
}

func TestRunTellsTheWholeRunInBatches(t *testing.T) {
	url := listen(t, newServer(t, Config{Lab: lab.New(t.TempDir())}))
	conn := dial(t, url+"/ws")
	say(t, conn, request("scope.run", "r1", `{"lane":"a","scenario":"read-write,model=linux,net=nic,size=16MiB,chunk=64KiB,cache=warm","lang":"zh"}`))
	var head laneHead
	events, last := 0, ""
	for last != "scope.done" {
		m := hear(t, conn)
		last = m.Type
		if m.ID != "r1" {
			t.Fatalf("%s came under %q, want r1", m.Type, m.ID)
		}
		switch m.Type {
		case "scope.lane":
			if err := m.Decode(&head); err != nil {
				t.Fatal(err)
			}
		case "scope.events":
			var batch struct {
				From   int
				Events []shownEvent
			}
			if err := m.Decode(&batch); err != nil {
				t.Fatal(err)
			}
			if batch.From != events || len(batch.Events) == 0 || len(batch.Events) > scopeBatch {
				t.Fatalf("a batch of %d events from %d on after %d events", len(batch.Events), batch.From, events)
			}
			if e := batch.Events[0]; e.Seq != batch.From+1 || e.Say == "" || e.CPUState == "" || !strings.Contains(e.Say, "。") {
				t.Errorf("the batch begins with %+v, want event %d with a Chinese sentence", e, batch.From+1)
			}
			events += len(batch.Events)
		}
	}
	if events != head.Shown || events <= scopeBatch || head.Total < head.Shown {
		t.Errorf("%d events came, the head promised %d of %d", events, head.Shown, head.Total)
	}
	if n := len(head.Counts); n != len(trace.CountNames()) {
		t.Errorf("%d series came, want one for each of %d counts", n, len(trace.CountNames()))
	}
}

func TestRealRunsGoOneAtATime(t *testing.T) {
	l := gatedLab{Lab: lab.New(t.TempDir()), started: make(chan string, 8), open: make(chan struct{})}
	url := listen(t, newServer(t, Config{Lab: l}))
	conn := dial(t, url+"/ws")
	say(t, conn, request("scope.run", "one", `{"lane":"a","scenario":"sendfile,side=real"}`))
	<-l.started
	if m := hear(t, conn); m.Type != "scope.progress" || m.ID != "one" {
		t.Fatalf("got %s for %s, want the progress of one", m.Type, m.ID)
	}
	say(t, conn, request("scope.run", "two", `{"lane":"b","scenario":"splice,side=real"}`))
	if m := hear(t, conn); m.Type != "scope.queued" || m.ID != "two" || !strings.Contains(string(m.Body), `"place":1`) {
		t.Fatalf("got %s %s for %s, want two queued at place 1", m.Type, m.Body, m.ID)
	}
	// A simulated run does not wait for real ones.
	say(t, conn, request("scope.run", "sim", `{"lane":"a","scenario":"sendfile"}`))
	for m := hear(t, conn); m.Type != "scope.done"; m = hear(t, conn) {
		if m.ID != "sim" {
			t.Fatalf("got %s for %s, want the simulated run", m.Type, m.ID)
		}
	}
	say(t, conn, request("scope.cancel", "c1", `{"run":"one"}`))
	var cancelled, began bool
	for !cancelled || !began {
		m := hear(t, conn)
		cancelled = cancelled || m.Type == "scope.cancelled" && m.ID == "one"
		began = began || m.Type == "scope.progress" && m.ID == "two"
	}
	if path := <-l.started; path != "splice" {
		t.Errorf("after the cancelled run %s began, want splice", path)
	}
	close(l.open)
	var done, compared bool
	for !done || !compared {
		m := hear(t, conn)
		done = done || m.Type == "scope.done" && m.ID == "two"
		compared = compared || m.Type == "scope.predictions" && m.ID == "two"
	}
	say(t, conn, request("scope.cancel", "c2", `{"run":"one"}`))
	hearError(t, conn, "c2")
}

// Pages that other machines can reach simulate, but start no real run.
func TestReachablePagesStartNoRealRun(t *testing.T) {
	for addr, refused := range map[string]bool{"127.0.0.1:8080": false, "[::1]:8080": false, "0.0.0.0:8080": true, "[::]:8080": true, "192.0.2.7:8080": true} {
		t.Run(addr, func(t *testing.T) {
			conn := dial(t, listen(t, newServer(t, Config{Addr: addr, Lab: lab.New(t.TempDir())}))+"/ws")
			say(t, conn, request("scope.run", "sim", `{"lane":"a","scenario":"sendfile,size=64KiB"}`))
			for m := hear(t, conn); m.Type != "scope.done"; m = hear(t, conn) {
				if m.Type == "error" {
					t.Fatalf("a simulated run: %s", m.Body)
				}
			}
			say(t, conn, request("scope.run", "real", `{"lane":"a","scenario":"sendfile,side=real,size=64KiB"}`))
			m := hear(t, conn)
			for ; m.Type != "scope.predictions" && m.Type != "error"; m = hear(t, conn) {
			}
			var fault scopeFault
			if err := m.Decode(&fault); err != nil || (m.Type == "error") != refused || refused && fault.Field != "side" {
				t.Errorf("a real run: got %s %s; want it refused: %v", m.Type, m.Body, refused)
			}
		})
	}
}

func TestRunNamesTheFieldThatCannotBe(t *testing.T) {
	url := listen(t, newServer(t, Config{Lab: lab.New(t.TempDir())}))
	conn := dial(t, url+"/ws")
	for scenario, field := range map[string]string{"teleport": "path", "sendfile,size=0": "size", "sendfile,size=-1": "size",
		"sendfile,side=real,size=64GiB": "size", "sendfile,cache=hot": "cache", "splice,touch=on": "touch"} {
		say(t, conn, request("scope.run", scenario, fmt.Sprintf(`{"lane":"a","scenario":%q}`, scenario)))
		m := hear(t, conn)
		var fault scopeFault
		if err := m.Decode(&fault); err != nil || m.Type != "error" || fault.Field != field || fault.Message == "" || fault.Remedy == "" {
			t.Errorf("%s: got %s %s, want an error about %s", scenario, m.Type, m.Body, field)
		}
	}
}
