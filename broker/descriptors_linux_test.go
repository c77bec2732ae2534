package broker_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sys/unix"
)

// Connections take the last descriptor of a broker in a process of its own: who is
// there is served; the processor is not taken by trying again; the log is told once;
// and when they leave, others are let in.
func TestNoDescriptorForConnections(t *testing.T) {
	b := startChild(t, t.TempDir())
	good := dial(t, b.addr)
	good.create(topicReq("t", 1))
	produce := func(c raw) int16 {
		t.Helper()
		return ask[*kmsg.ProduceResponse](c, produceReq(9, -1, "t", 0, batchOf("good")), 1).Topics[0].Partitions[0].ErrorCode
	}
	if code := produce(good); code != 0 {
		t.Fatalf("produce: error %d", code)
	}
	const descriptors = 60
	if err := unix.Prlimit(b.pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: descriptors, Max: descriptors}, nil); err != nil {
		t.Fatal(err)
	}
	var crowd []net.Conn
	for range 2 * descriptors { // the kernel's queue takes those that the broker cannot
		conn, err := net.Dial("tcp", b.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		crowd = append(crowd, conn)
	}
	const said = "accept failed"
	for end := time.Now().Add(10 * time.Second); !strings.Contains(b.text(), said); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("with %d connections and %d descriptors the log says nothing:\n%.2000s", len(crowd), descriptors, b.text())
		}
	}
	for range 5 {
		if code := produce(good); code != 0 {
			t.Fatalf("a produce while there is no descriptor: error %d", code)
		}
		if p := good.fetchOne(fetchReq("t", 0)); p.ErrorCode != 0 || len(p.RecordBatches) == 0 {
			t.Fatalf("a fetch while there is no descriptor: error %d, %d bytes", p.ErrorCode, len(p.RecordBatches))
		}
	}
	idle := cpuTime(t, b.pid)
	time.Sleep(time.Second) // in which it has nothing to do but some tries to accept
	if used := cpuTime(t, b.pid) - idle; used > 40*time.Millisecond {
		t.Errorf("trying to accept took %v of a processor in a second", used)
	}
	if n := strings.Count(b.text(), said); n != 1 {
		t.Errorf("the log tells it %d times in a second", n)
	}
	for _, conn := range crowd {
		conn.Close()
	}
	if code := produce(dial(t, b.addr)); code != 0 {
		t.Errorf("when the others have left: error %d", code)
	}
}

// cpuTime is what the process used of processors, clock_getcpuclockid(3).
func cpuTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	var used unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|2), &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Nano())
}
