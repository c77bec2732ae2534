package broker_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
)

// FuzzRequest: whatever follows a request's header, the broker answers or ends
// the connection, meets no bug in itself, and serves others as before.
func FuzzRequest(f *testing.F) {
	for _, key := range []int16{0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 29, 30, 31, 32, 33, 35, 37, 42, 44, 47, 50, 60} {
		req := sample(key)
		for _, version := range []int16{0, 2, 4, 7, 11, 12} {
			req.SetVersion(min(version, req.MaxVersion()))
			f.Add(key, req.GetVersion(), req.AppendTo(nil))
		}
	}
	b := startFuzzed(f)
	f.Fuzz(func(t *testing.T, key, version int16, message []byte) {
		if len(message) > 1<<16 {
			return
		}
		c := dial(t, b.addr)
		c.SetDeadline(time.Now().Add(3 * time.Second))
		body := binary.BigEndian.AppendUint16(nil, uint16(key))
		body = binary.BigEndian.AppendUint16(body, uint16(version))
		body = append(append(body, 0, 0, 0, 1, 0xff, 0xff), message...)
		c.send(append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...))
		c.Conn.(*net.TCPConn).CloseWrite()
		c.Read(make([]byte, 1<<16)) // an answer, the end, or a fetch that waits
		c.Close()
		if said := b.text(); strings.Contains(said, "met a bug") {
			t.Fatal(said)
		}
		other := dial(t, b.addr)
		ask[*kmsg.ApiVersionsResponse](other, &kmsg.ApiVersionsRequest{}, 2)
		other.Close()
	})
}

// startFuzzed starts a broker with one topic, for the whole run.
func startFuzzed(f *testing.F) *running {
	r := open(f, f.TempDir(), func(c *broker.Config) { c.MaxPartitions = 50 })
	r.serve(f)
	conn, err := net.Dial("tcp", r.addr)
	if err != nil {
		f.Fatal(err)
	}
	defer conn.Close()
	conn.Write(frame(createReq(topicReq("t", 1)), 1))
	if _, err := conn.Read(make([]byte, 100)); err != nil {
		f.Fatal(fmt.Errorf("create the topic: %w", err))
	}
	return r
}

// text is what the broker logged; it is cut when it grows long.
func (r *running) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.said.String()
	if r.said.Len() > 1<<20 {
		r.said = bytes.Buffer{}
	}
	return s
}
