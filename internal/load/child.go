package load

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// child is a process of the copyscope command. It is in a process group of its own,
// so that Ctrl-C reaches it by us alone, when its figures are read.
type child struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	stderr *tail
	ended  chan struct{}
	err    error
}

// startChild runs the binary, or this one if it is empty, with the arguments. It
// ends by SIGTERM, or, if it reads its standard input, when that ends.
func startChild(binary string, args []string, stdout io.Writer) (c *child, err error) {
	if binary == "" {
		if binary, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("start a server of our own: %w", err)
		}
	}
	c = &child{cmd: exec.Command(binary, args...), stderr: &tail{}, ended: make(chan struct{})}
	c.cmd.Args[0] = "copyscope"
	c.cmd.Stdout, c.cmd.Stderr = stdout, c.stderr
	ownGroup(c.cmd)
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a server of our own: %w", err)
	}
	go func() {
		c.err = c.cmd.Wait()
		close(c.ended)
	}()
	return c, nil
}

// stop ends the process, in bad cases by force.
func (c *child) stop() error {
	c.stdin.Close()
	forced := false
	select {
	case <-c.ended:
	default:
		forced = terminate(c.cmd.Process)
	}
	select {
	case <-c.ended:
	case <-time.After(15 * time.Second):
		c.cmd.Process.Kill()
		<-c.ended
		return fmt.Errorf("process %d did not end within 15 s and was killed: %s", c.cmd.Process.Pid, c.stderr)
	}
	var exit *exec.ExitError
	if c.err != nil && !forced && (!errors.As(c.err, &exit) || exit.ExitCode() > 0) {
		return fmt.Errorf("%s: %w: %s", strings.Join(c.cmd.Args, " "), c.err, c.stderr)
	}
	return nil
}

// tail keeps the last of what a process says of itself.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailBytes = 2 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if over := len(t.text) - tailBytes; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.text))
}

// Target is a server under load.
type Target struct {
	// Address is host:port.
	Address string
	// PID is its process on this host, 0 where Reason says why there is none.
	PID    int
	Reason string
	// Data is its data directory, empty if it is not known.
	Data string
	// Secure is how it is reached over TLS, nil for plain text.
	Secure *tls.Config

	child *child
	owned string // directory to remove
}

// Attach is a broker that is there. pid 0 looks for the process that listens
// at the address on this host.
func Attach(address string, pid int) *Target {
	t := &Target{Address: address, PID: pid}
	if pid == 0 {
		t.PID, t.Reason = listenerOf(address)
	}
	return t
}

// BrokerOptions are those of [StartBroker].
type BrokerOptions struct {
	Binary string   // the copyscope command; empty: this program is it
	Dir    string   // where its temporary data directory is made; empty: the system's
	Data   string   // its data directory, which stays; empty: a temporary one
	Args   []string // further arguments of `copyscope serve`
}

// readyTime is how long a server may take to begin to serve.
const readyTime = 60 * time.Second

// StartBroker starts a broker as a child process on a free port of loopback.
func StartBroker(ctx context.Context, o BrokerOptions) (*Target, error) {
	work, err := os.MkdirTemp(o.Dir, "copyscope-bench-")
	if err != nil {
		return nil, fmt.Errorf("temporary data directory: %w; give another place with --dir", err)
	}
	t := &Target{Data: o.Data, owned: work}
	if t.Data == "" {
		t.Data = filepath.Join(work, "data")
	}
	ready := filepath.Join(work, "ready")
	args := append([]string{"serve", "--http", "127.0.0.1:0", "--kafka-listen", "127.0.0.1:0",
		"--data", t.Data, "--ready-file", ready, "--log-level", "warn"}, o.Args...)
	if t.child, err = startChild(o.Binary, args, io.Discard); err != nil {
		os.RemoveAll(work)
		return nil, err
	}
	t.PID = t.child.cmd.Process.Pid
	if t.Address, err = t.child.ready(ctx, ready); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// ready waits for the ready file and returns the broker's address.
func (c *child) ready(ctx context.Context, file string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for {
		if b, err := os.ReadFile(file); err == nil {
			var at struct{ Kafka string }
			if err := json.Unmarshal(b, &at); err != nil {
				return "", err
			}
			return at.Kafka, nil
		}
		select {
		case <-look.C:
		case <-c.ended:
			return "", fmt.Errorf("the broker did not start: %v: %s", c.err, c.stderr)
		case <-ctx.Done():
			return "", fmt.Errorf("the broker did not start: %w: %s", ctx.Err(), c.stderr)
		}
	}
}

// startBare starts a bare server: the hidden command `bench bare KIND`, which
// prints its address.
func startBare(ctx context.Context, kind string, args ...string) (*Target, error) {
	out, in := io.Pipe()
	c, err := startChild("", append([]string{"bench", "bare", kind}, args...), in)
	if err != nil {
		return nil, err
	}
	t := &Target{PID: c.cmd.Process.Pid, child: c}
	address := make(chan string, 1)
	go func() {
		if line, err := bufio.NewReader(out).ReadString('\n'); err == nil {
			address <- strings.TrimSpace(line)
		}
		io.Copy(io.Discard, out)
	}()
	go func() {
		<-c.ended
		in.Close() // nobody else would, and the reader would wait for ever
	}()
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	select {
	case t.Address = <-address:
		return t, nil
	case <-c.ended:
		err = fmt.Errorf("the bare server did not start: %v: %s", c.err, c.stderr)
	case <-ctx.Done():
		err = ctx.Err()
	}
	return nil, errors.Join(err, t.Close())
}

// Holds is what the server's process has now: open descriptors, and anonymous
// resident memory (RssAnon, proc(5)) in bytes.
func (t *Target) Holds() (descriptors int, rssAnon float64, err error) {
	if t.PID == 0 {
		return 0, 0, errors.New(t.Reason)
	}
	if descriptors, err = descriptorsOf(t.PID); err != nil {
		return 0, 0, err
	}
	rssAnon, err = rssAnonOf(t.PID)
	return descriptors, rssAnon, err
}

// Stop ends a server that was started here; its data directory stays.
func (t *Target) Stop() error {
	if t.child == nil {
		return nil
	}
	c := t.child
	t.child = nil
	return c.stop()
}

// Close ends a server that was started here and removes what was made for it.
func (t *Target) Close() error {
	err := t.Stop()
	if t.owned != "" {
		err = errors.Join(err, os.RemoveAll(t.owned))
	}
	return err
}
