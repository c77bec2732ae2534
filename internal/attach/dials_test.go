package attach_test

import (
	"strings"
	"testing"

	"copyscope/internal/attach"
)

// A connection that the process opened itself, and closed before anybody could look at
// it, is named by where it led, and is none of the port's, whose clients' connections
// are accepted.
func TestShortConnectionsOfItsOwn(t *testing.T) {
	const fd, listener, port = 20, 30, 18082
	backend := &attach.End{Kind: attach.Socket, Name: "tcp to 192.0.2.7:80", Protocol: "tcp", Peer: "192.0.2.7:80"}
	const unknown = "connections that it opened itself, and closed before they could be looked at"
	call := func(name string, ret int64, args ...uint64) attach.Call {
		c := attach.Call{Process: 1, Thread: 1, Name: name, Ret: ret}
		copy(c.Args[:], args)
		return c
	}
	dialed := func(c attach.Call) attach.Call { c.Dialed = backend; return c }
	made, write, closed := call("socket", fd), call("write", 100000, fd, 0x10000000), call("close", 0, fd)
	const inProgress, isConnected = -115, -106 // EINPROGRESS, EISCONN
	for _, r := range []struct {
		name  string
		later *attach.Looked // at the number, when somebody looks
		calls []attach.Call
		want  string
		at    attach.At
	}{
		{"it waited", nil, []attach.Call{made, dialed(call("connect", 0, fd)), write, closed}, backend.Name, attach.Elsewhere},
		{"it did not wait, and asked again", nil, []attach.Call{made, dialed(call("connect", inProgress, fd)), call("connect", isConnected, fd), write, closed}, backend.Name, attach.Elsewhere},
		{"its first bytes opened it", nil, []attach.Call{made, call("connect", 0, fd), dialed(write), closed}, backend.Name, attach.Elsewhere},
		{"the kernel told no address", nil, []attach.Call{made, call("connect", 0, fd), write, closed}, unknown, attach.Elsewhere},
		{"a file has its number now", &attach.Looked{End: attach.End{Kind: attach.File, Name: "/srv/later"}}, []attach.Call{made, dialed(call("connect", 0, fd)), write, closed}, backend.Name, attach.Elsewhere},
		{"it is there, and known better", &attach.Looked{End: attach.End{Kind: attach.Socket, Name: "tcp to 192.0.2.9:80", Protocol: "tcp", Local: "192.0.2.1:50000", Peer: "192.0.2.9:80"}}, []attach.Call{made, dialed(call("connect", 0, fd)), write}, "tcp to 192.0.2.9:80", attach.Elsewhere},
		{"a client's", nil, []attach.Call{call("accept4", fd, listener), write, closed}, "tcp port 18082", attach.AtPort},
		{"nobody's", nil, []attach.Call{write, closed}, "descriptors that were closed before they could be looked at", ""},
		{"a socket's of which nothing is told", nil, []attach.Call{made, write, closed}, "connections that were closed before they could be looked at", attach.Unplaced},
		{"a client's, by the number of one of its own", nil, []attach.Call{made, dialed(call("connect", 0, fd)), closed, call("accept4", fd, listener), write, closed}, "tcp port 18082", attach.AtPort},
	} {
		t.Run(r.name, func(t *testing.T) {
			now := int64(1e9) // long after all of it
			open := opened()
			open[listener] = attach.Looked{End: attach.End{Kind: attach.Socket, Name: "tcp port 18082", Protocol: "tcp", Local: "*:18082"}}
			if r.later != nil {
				open[fd] = *r.later
			}
			l := attach.NewLedger(descriptors{now: &now, open: open})
			l.ForPort(port)
			for i, c := range r.calls {
				c.At = int64(i + 1)
				l.Book(c)
			}
			report := l.Report()
			if r.at == "" { // what is no socket for certain is not listed
				if len(report.Paths) != 0 || report.Rest.Paths != 1 {
					t.Errorf("%+v, %+v", report.Paths, report.Rest)
				}
				return
			}
			if len(report.Paths) != 1 || report.Paths[0].To.Name != r.want || report.Paths[0].At != r.at || report.Paths[0].To.Kind != attach.Socket {
				t.Fatalf("%+v, want %q, %s", report.Paths, r.want, r.at)
			}
			report.Conclude("")
			if got := strings.Join(report.Notes, "\n"); strings.Contains(got, "nobody could look at in time") != (r.at == attach.Unplaced) {
				t.Errorf("notes %q", got)
			}
		})
	}
}
