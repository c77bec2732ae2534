//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// watched are the calls that could carry records, and mmap, which maps them.
const watched = "read,readv,pread64,preadv,preadv2,recvfrom,recvmsg,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg," +
	"sendfile,splice,tee,vmsplice,copy_file_range,process_vm_readv,process_vm_writev,mmap"

// count is of one kind of call.
type count struct{ calls, bytes int64 }

func (c count) minus(o count) count { return count{c.calls - o.calls, c.bytes - o.bytes} }

// seen are the calls by their kind: "pread64 segment", "write socket",
// "splice segment>pipe"; what is neither of the segment nor of the client's
// socket is "other". The bytes of an mmap are not counted.
type seen map[string]count

// trace watches the process while f runs.
func trace(ctx context.Context, pid int, dir, name string, client net.Addr, segment string, f func() error) (seen, error) {
	out := filepath.Join(dir, name+".trace")
	cmd := exec.Command("strace", "-f", "-yy", "-s", "0", "-e", "trace="+watched, "-e", "signal=none", "-p", strconv.Itoa(pid), "-o", out)
	said, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	lines, attached := bufio.NewScanner(said), false
	for !attached && lines.Scan() {
		attached = strings.Contains(lines.Text(), "attached")
		if !attached {
			fmt.Fprintln(os.Stderr, lines.Text())
		}
	}
	if !attached {
		return nil, errors.Join(errors.New("strace cannot attach (run as root, or set kernel.yama.ptrace_scope to 0)"), cmd.Wait())
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for lines.Scan() {
		}
	}()
	failed := f()
	cmd.Process.Signal(os.Interrupt)
	select {
	case <-drained:
	case <-ctx.Done():
		cmd.Process.Kill()
	case <-time.After(30 * time.Second):
		cmd.Process.Kill()
		failed = errors.Join(failed, errors.New("strace did not end within 30 s of its signal"))
	}
	cmd.Wait() // it ends by the signal that it was sent
	if failed != nil {
		return nil, failed
	}
	file, err := os.Open(out)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return parse(bufio.NewScanner(file), client.String(), segment)
}

var (
	// A call that another thread interrupts is told in two lines: its arguments
	// in the first, its result in the second.
	whole    = regexp.MustCompile(`^(\d+) +([a-z0-9_]+)\((.*)\) += (.*)$`)
	begun    = regexp.MustCompile(`^(\d+) +([a-z0-9_]+)\((.*) <unfinished \.\.\.>$`)
	resumed  = regexp.MustCompile(`^(\d+) +<\.\.\. ([a-z0-9_]+) resumed>(.*)\) += (.*)$`)
	ofFile   = regexp.MustCompile(`\d+<((?:->|[^<>])*)>`)
	byResult = regexp.MustCompile(`^(-?\d+|0x[0-9a-f]+|\?)`)
)

func parse(lines *bufio.Scanner, client, segment string) (seen, error) {
	all, open := seen{}, map[string]string{}
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if m := begun.FindStringSubmatch(line); m != nil {
			open[m[1]+m[2]] = m[3]
			continue
		}
		var name, arguments, result string
		if m := resumed.FindStringSubmatch(line); m != nil {
			name, arguments, result = m[2], open[m[1]+m[2]]+m[3], m[4]
		} else if m := whole.FindStringSubmatch(line); m != nil {
			name, arguments, result = m[2], m[3], m[4]
		} else {
			continue // a thread that came or went
		}
		value := byResult.FindString(result)
		if value == "?" {
			continue // the kernel begins the call anew (ERESTARTSYS), and it is told again
		}
		kind := name + " " + between(arguments, client, segment)
		c := all[kind]
		c.calls++
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && n > 0 && name != "mmap" {
			c.bytes += n
		}
		all[kind] = c
	}
	return all, lines.Err()
}

// between says what the call's descriptors are, as -yy tells them.
func between(arguments, client, segment string) string {
	var ends []string
	for _, m := range ofFile.FindAllStringSubmatch(arguments, 2) {
		switch about := m[1]; {
		case strings.HasSuffix(about, segment):
			ends = append(ends, "segment")
		case strings.HasPrefix(about, "TCP") && strings.Contains(about, "->"+client):
			ends = append(ends, "socket")
		case strings.HasPrefix(about, "pipe:"):
			ends = append(ends, "pipe")
		default:
			ends = append(ends, "other")
		}
	}
	return strings.Join(ends, ">")
}
