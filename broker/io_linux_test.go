package broker_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sys/unix"
)

// ioCount is a field of /proc/self/io, proc(5): rchar are the bytes of read(2)
// and its like, wchar those of write(2); sockets count, recvfrom(2) does not.
func ioCount(t *testing.T, field string) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/io")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED: %v; this test needs a kernel with task I/O accounting", err)
	}
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), field+": "); ok {
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("/proc/self/io has no %s", field)
	return 0
}

// On the sendfile path the payload passes through the kernel once and through
// this process's memory never, whatever the path's own counts say; on
// read-write it is read. The kernel counts what sendfile(2) moves as read, too
// (fs/read_write.c, do_sendfile); beyond that almost nothing may be.
func TestPayloadIsNotReadIntoMemory(t *testing.T) {
	ioCount(t, "rchar")
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	batch := batchOf(strings.Repeat("x", 1<<20-200))
	const batches = 64
	for i := range int32(batches) {
		if p := ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", 0, batch), i).Topics[0].Partitions[0]; p.ErrorCode != 0 {
			t.Fatalf("produce: error %d", p.ErrorCode)
		}
	}
	payload := int64(batches * len(batch))
	for _, k := range []struct {
		path     string
		kernel   int64 // bytes that sendfile(2) moves
		min, max int64 // bytes read beyond that
	}{
		{"sendfile", payload, -payload / 50, payload / 50},
		{"read-write", 0, payload, payload + payload/50},
	} {
		if code, message := c.setPath("t", k.path); code != 0 {
			t.Fatalf("error %d %s", code, message)
		}
		before := ioCount(t, "rchar")
		for from := int64(0); from < batches; from += batches / 2 {
			req := fetchReq("t", from, func(r *kmsg.FetchRequest) {
				r.MaxBytes = int32(payload / 2)
				r.Topics[0].Partitions[0].PartitionMaxBytes = int32(payload / 2)
			})
			c.send(frame(req, 1))
			if got := c.discard(); got < payload/2 {
				t.Fatalf("%s: an answer of %d bytes, want the %d asked for", k.path, got, payload/2)
			}
		}
		read := ioCount(t, "rchar") - before - k.kernel
		t.Logf("%s: %d bytes fetched, %d read into memory", k.path, payload, read)
		if read < k.min || read > k.max {
			t.Errorf("%s: %d bytes were read into memory for %d fetched, want %d to %d", k.path, read, payload, k.min, k.max)
		}
	}
}

// discard takes an answer without reading it: recvfrom(2) with MSG_TRUNC,
// tcp(7). It returns its size.
func (c raw) discard() int64 {
	c.t.Helper()
	conn, err := c.Conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		c.t.Fatal(err)
	}
	take := func(b []byte, flags int) {
		for len(b) > 0 {
			var n int
			var failed error
			if err := conn.Read(func(fd uintptr) bool {
				n, _, failed = unix.Recvfrom(int(fd), b[:min(len(b), 1<<20)], flags)
				return failed != unix.EAGAIN
			}); err != nil || failed != nil || n == 0 {
				c.t.Fatalf("%d bytes of an answer are missing: %v %v", len(b), err, failed)
			}
			b = b[n:]
		}
	}
	size := make([]byte, 4)
	take(size, 0)
	n := int64(size[0])<<24 | int64(size[1])<<16 | int64(size[2])<<8 | int64(size[3])
	take(make([]byte, n), unix.MSG_TRUNC)
	return n
}

// The topics of one request are stored with one write of the catalogue, and so
// are their configs: were it one write each, it would be hundreds of times the
// bytes of the file.
func TestCatalogueIsWrittenOnce(t *testing.T) {
	ioCount(t, "wchar")
	dir := t.TempDir()
	b := start(t, dir)
	c := dial(t, b.addr)
	const topics = 300
	var wanted []kmsg.CreateTopicsRequestTopic
	alter := kmsg.NewPtrIncrementalAlterConfigsRequest()
	for i := range topics {
		name := fmt.Sprint("topic-", i)
		wanted = append(wanted, topicReq(name, 1))
		alter.Resources = append(alter.Resources, kmsg.IncrementalAlterConfigsRequestResource{ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: name,
			Configs: []kmsg.IncrementalAlterConfigsRequestResourceConfig{{Name: "max.message.bytes", Value: kmsg.StringPtr("777")}}})
	}
	written := func(f func()) {
		t.Helper()
		before := ioCount(t, "wchar")
		f()
		wrote := ioCount(t, "wchar") - before
		s, err := os.Stat(filepath.Join(dir, "topics.json"))
		if err != nil {
			t.Fatal(err)
		}
		if wrote < s.Size() || wrote > 30*s.Size() { // requests, answers, log lines and partition.metadata count as well
			t.Errorf("%d bytes were written for a file of %d", wrote, s.Size())
		}
	}
	written(func() {
		create := createReq(wanted...)
		create.Version = 4 // later ones answer with all configs
		for _, got := range ask[*kmsg.CreateTopicsResponse](c, create, 1).Topics {
			if got.ErrorCode != 0 {
				t.Fatalf("%s: error %d %v", got.Topic, got.ErrorCode, got.ErrorMessage)
			}
		}
	})
	written(func() {
		for _, got := range ask[*kmsg.IncrementalAlterConfigsResponse](c, alter, 2).Resources {
			if got.ErrorCode != 0 {
				t.Fatalf("%s: error %d %v", got.ResourceName, got.ErrorCode, got.ErrorMessage)
			}
		}
	})
	b.stop()
	again := start(t, dir).Topics()
	if len(again) != topics || again[0].Configs["max.message.bytes"] != "777" {
		t.Errorf("after a restart there are %d topics, want %d with their configs", len(again), topics)
	}
}
