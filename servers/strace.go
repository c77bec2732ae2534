//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"copyscope/internal/process"
)

// dataCalls are the syscalls that can carry a payload between a file and a
// socket, as strace names them.
var dataCalls = strings.Fields(`read pread64 readv preadv preadv2 recvfrom recvmsg
	write pwrite64 writev pwritev pwritev2 sendto sendmsg
	sendfile splice tee vmsplice copy_file_range io_uring_enter`)

// flow is one kind of step of a payload: a call, and what it moved bytes from
// and to. An end is a file's path, or socket, pipe, memory, other.
type flow struct{ call, from, to string }

// tally is what one flow, or several, came to.
type tally struct{ calls, bytes int64 }

func (t *tally) add(o tally) { t.calls += o.calls; t.bytes += o.bytes }

// straced is what strace saw of a process and its threads.
type straced struct {
	calls map[string]int64 // by name, as the table of -c has them
	flows map[flow]tally   // calls that succeeded, those that found the end among them
}

// underStrace runs a load while strace counts the calls of the process.
func underStrace(ctx context.Context, dir string, pid int, load func(context.Context) (amount, error)) (s straced, a amount, err error) {
	out := filepath.Join(dir, "strace.out")
	// -C is -c with the calls themselves beside the table: -c alone tells no
	// bytes. -y names the file of a descriptor; no data is written out.
	p, err := process.Launch(filepath.Join(dir, "strace.log"), "strace", "-f", "-C", "-y", "-s", "0", "-e", "signal=none",
		"-e", "trace="+strings.Join(dataCalls, ","), "-o", out, "-p", strconv.Itoa(pid))
	if err != nil {
		return s, a, err
	}
	err = p.Says(ctx, fmt.Sprintf("Process %d attached", pid))
	if err == nil {
		a, err = load(ctx)
	}
	if stopErr := p.Stop(syscall.SIGINT); err == nil {
		err = stopErr
	}
	if err != nil {
		return s, a, err
	}
	text, err := os.ReadFile(out)
	if err != nil {
		return s, a, err
	}
	if s, err = parseStrace(bytes.NewReader(text)); err != nil {
		err = fmt.Errorf("%w\n%s", err, process.End(p.Said()))
	}
	return s, a, err
}

var (
	// 1234 pread64(5</srv/f>, ""..., 32768, 0) = 32768
	begunCall = regexp.MustCompile(`^(\d+) +(\w+)\((.*)$`)
	// 1234 <... pread64 resumed>""..., 32768, 0) = 32768
	resumedCall = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)$`)
	result      = regexp.MustCompile(`\) += (-?\d+)`)
	descriptor  = regexp.MustCompile(`\b\d+<(.*?)>[,)\]]`)
	// % time     seconds  usecs/call     calls    errors syscall
	tableRow = regexp.MustCompile(`^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$`)
)

// parseStrace reads what strace -f -C -y writes to a file: its lines, among
// them calls that another thread interrupted, and the table at the end.
func parseStrace(r io.Reader) (straced, error) {
	s := straced{calls: map[string]int64{}, flows: map[flow]tally{}}
	open := map[string]string{} // by thread and call: the arguments of an unfinished one
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if m := tableRow.FindStringSubmatch(line); m != nil && m[2] != "total" {
			n, err := strconv.ParseInt(m[1], 10, 64)
			if err != nil {
				return s, fmt.Errorf("strace's table: %q: %w", line, err)
			}
			s.calls[m[2]] += n
			continue
		}
		var thread, call, args string
		if m := resumedCall.FindStringSubmatch(line); m != nil {
			thread, call, args = m[1], m[2], open[m[1]+m[2]]+m[3]
			delete(open, m[1]+m[2])
		} else if m := begunCall.FindStringSubmatch(line); m != nil {
			thread, call, args = m[1], m[2], m[3]
		} else {
			continue
		}
		if begun, unfinished := strings.CutSuffix(args, "<unfinished ...>"); unfinished {
			open[thread+call] = begun
			continue
		}
		moved := result.FindStringSubmatch(args)
		if moved == nil {
			continue // the process ended in it, or strace did
		}
		if n, err := strconv.ParseInt(moved[1], 10, 64); err == nil && n >= 0 {
			f := flowOf(call, args)
			t := s.flows[f]
			t.add(tally{1, n})
			s.flows[f] = t
		}
	}
	if err := lines.Err(); err != nil {
		return s, fmt.Errorf("strace's output: %w", err)
	}
	if len(s.calls) == 0 {
		return s, fmt.Errorf("strace wrote no table: it saw no call")
	}
	return s, nil
}

// flowOf tells from where to where a call moves bytes: by its descriptors, in
// the order of its arguments (man 2 of each).
func flowOf(call, args string) flow {
	var ends []string
	for _, m := range descriptor.FindAllStringSubmatch(args, 2) {
		ends = append(ends, endOf(m[1]))
	}
	for len(ends) < 2 {
		ends = append(ends, "other")
	}
	switch {
	case call == "sendfile":
		return flow{call, ends[1], ends[0]} // out_fd, in_fd
	case call == "splice", call == "tee", call == "copy_file_range":
		return flow{call, ends[0], ends[1]}
	case strings.Contains(call, "read"), strings.HasPrefix(call, "recv"):
		return flow{call, ends[0], "memory"}
	default:
		return flow{call, "memory", ends[0]}
	}
}

func endOf(name string) string {
	switch {
	case strings.HasPrefix(name, "/"):
		return name
	case strings.HasPrefix(name, "socket:"), strings.HasPrefix(name, "TCP"), strings.HasPrefix(name, "UNIX"):
		return "socket"
	case strings.HasPrefix(name, "pipe:"):
		return "pipe"
	default:
		return "other"
	}
}

// of adds up the flows of a leg.
func (s straced) of(l leg) (sum tally) {
	for f, t := range s.flows {
		if slices.Contains(l.names(), f.call) && l.from.is(f.from) && l.to.is(f.to) {
			sum.add(t)
		}
	}
	return sum
}
