package clusterview_test

import (
	"encoding/binary"
	"io"
	"net"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// fake is a broker that answers as a test says: what a real one would not.
func fake(t *testing.T, answer func(req kmsg.Request) kmsg.Response) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go speak(conn, answer)
		}
	}()
	return listener.Addr().String()
}

// speak reads requests (a size, key, version, correlation id, client id, and tags if the
// version is a flexible one) and writes answers.
func speak(conn net.Conn, answer func(req kmsg.Request) kmsg.Response) {
	defer conn.Close()
	for {
		var size [4]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		frame := make([]byte, binary.BigEndian.Uint32(size[:]))
		if _, err := io.ReadFull(conn, frame); err != nil {
			return
		}
		key, version := int16(binary.BigEndian.Uint16(frame)), int16(binary.BigEndian.Uint16(frame[2:]))
		req := kmsg.RequestForKey(key)
		req.SetVersion(version)
		body := frame[8:]
		body = body[2+int(binary.BigEndian.Uint16(body)):]
		if req.IsFlexible() {
			body = body[1:]
		}
		if req.ReadFrom(body) != nil {
			return
		}
		resp := answer(req)
		if resp == nil {
			return
		}
		resp.SetVersion(version)
		out := append([]byte{0, 0, 0, 0}, frame[4:8]...)
		if resp.IsFlexible() && key != kmsg.ApiVersions.Int16() {
			out = append(out, 0)
		}
		out = resp.AppendTo(out)
		binary.BigEndian.PutUint32(out, uint32(len(out)-4))
		if _, err := conn.Write(out); err != nil {
			return
		}
	}
}

// versions says that these requests are known up to these versions.
func versions(req kmsg.Request, known map[kmsg.Key]int16) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.ApiVersionsResponse)
	for key, top := range known {
		resp.ApiKeys = append(resp.ApiKeys, kmsg.ApiVersionsResponseApiKey{ApiKey: key.Int16(), MaxVersion: top})
	}
	return resp
}
