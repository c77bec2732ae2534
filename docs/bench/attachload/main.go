//go:build linux

// Command attachload makes syscalls at a fixed rate: pread of 4 KiB of a file and
// write to /dev/null in turn, on one thread, in bursts of a millisecond. It ends after
// the time and prints the processor time that it took, in ms.
//
// Usage: attachload FILE CALLS_PER_SECOND SECONDS
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	if len(os.Args) != 4 {
		fail(fmt.Errorf("usage: attachload FILE CALLS_PER_SECOND SECONDS"))
	}
	rate, err := strconv.Atoi(os.Args[2])
	fail(err)
	seconds, err := strconv.Atoi(os.Args[3])
	fail(err)
	from, err := unix.Open(os.Args[1], unix.O_RDONLY, 0)
	fail(err)
	to, err := unix.Open("/dev/null", unix.O_WRONLY, 0)
	fail(err)
	runtime.LockOSThread()
	buf := make([]byte, 4096)
	began := time.Now()
	for done := 0; done < rate*seconds; {
		for due := int(time.Since(began).Seconds() * float64(rate)); done < min(due, rate*seconds); done += 2 {
			n, err := unix.Pread(from, buf, 0)
			fail(err)
			_, err = unix.Write(to, buf[:n])
			fail(err)
		}
		pause := unix.NsecToTimespec(int64(time.Millisecond))
		_ = unix.Nanosleep(&pause, nil)
	}
	var u unix.Rusage
	fail(unix.Getrusage(unix.RUSAGE_SELF, &u))
	fmt.Printf("%.1f\n", float64(u.Utime.Nano()+u.Stime.Nano())/1e6)
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "attachload:", err)
		os.Exit(1)
	}
}
