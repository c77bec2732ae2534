package broker_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"copyscope/broker"
)

// childDir makes the test binary a broker on the directory, which ends with its
// standard input: a process of its own can die of a signal, and its memory is
// the broker's alone.
const childDir = "COPYSCOPE_TEST_BROKER_ON"

// childListen is where it listens, if not at a free port.
const childListen = "COPYSCOPE_TEST_BROKER_LISTEN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := beChild(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func beChild(dir string) error {
	b, err := broker.Open(context.Background(), broker.Config{Listen: cmp.Or(os.Getenv(childListen), "127.0.0.1:0"), Dir: dir, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	fmt.Println(b.Addr())
	return b.Serve(ctx)
}

// child is a broker in a process of its own.
type child struct {
	addr string
	pid  int
	stop func() // ends it as Ctrl-C does; fails the test if it ended otherwise
	kill func() // SIGKILL

	mu   sync.Mutex
	said bytes.Buffer
}

func (c *child) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said.Write(b)
}

func (c *child) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said.String()
}

func startChild(t *testing.T, dir string, env ...string) *child {
	t.Helper()
	c := &child{}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), childDir+"="+dir), env...)
	cmd.Stderr = c
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.pid = cmd.Process.Pid
	var killed atomic.Bool
	c.stop = sync.OnceFunc(func() {
		in.Close()
		late := time.AfterFunc(15*time.Second, func() { cmd.Process.Kill() })
		defer late.Stop()
		if err := cmd.Wait(); err != nil && !killed.Load() {
			t.Errorf("the broker's process ended with %v; it said:\n%.4000s", err, c.text())
		}
	})
	c.kill = func() {
		killed.Store(true)
		cmd.Process.Kill()
		c.stop()
	}
	t.Cleanup(c.stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		c.stop()
		t.Fatalf("the broker's process is not ready: %v", err)
	}
	c.addr = strings.TrimSpace(line)
	return c
}

// wholeBatches gives each whole batch with one record to f, holds it to its
// checksum and its offset, and returns their number.
func wholeBatches(t *testing.T, b []byte, from int64, f func(offset int64, batch []byte)) (n int64) {
	t.Helper()
	for len(b) >= 61 {
		size := 12 + int(binary.BigEndian.Uint32(b[8:]))
		if size > len(b) {
			break
		}
		if offset := int64(binary.BigEndian.Uint64(b)); offset != from+n {
			t.Fatalf("offset %d came where %d should", offset, from+n)
		}
		if sum := crc32.Checksum(b[21:size], crc32.MakeTable(crc32.Castagnoli)); sum != binary.BigEndian.Uint32(b[17:]) {
			t.Fatalf("the batch at offset %d has a wrong checksum", from+n)
		}
		f(from+n, b[:size])
		b = b[size:]
		n++
	}
	return n
}

// peak is the most memory that the process had in bytes, proc_pid_status(5).
func peak(t *testing.T, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "VmHWM:")
	if !ok {
		t.Fatal("/proc tells no VmHWM")
	}
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}
