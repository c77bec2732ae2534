package host

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// tryProcfs takes two samples and says what is not in them.
func tryProcfs(ctx context.Context) finding {
	s, err := NewSampler("", nil)
	if err != nil {
		return missing(err.Error(), "mount -t proc proc /proc")
	}
	if _, err := s.Sample(); err != nil {
		return missing(err.Error(), "mount -t proc proc /proc")
	}
	select {
	case <-ctx.Done():
	case <-time.After(20 * time.Millisecond):
	}
	sample, err := s.Sample()
	if err != nil {
		return missing(err.Error(), "mount -t proc proc /proc")
	}
	var known int
	var files []string
	for _, f := range sample.Figures {
		if f.Value != nil {
			known++
		}
	}
	for file, err := range s.before.failed {
		if file != tcpInfo && err != nil {
			files = append(files, "/proc/"+file)
		}
	}
	slices.Sort(files)
	if len(files) == 0 {
		return active(fmt.Sprintf("of %d figures of this host %d could be read", len(sample.Figures), known))
	}
	return active(fmt.Sprintf("of %d figures of this host %d could be read; this host does not have, or not for this user, %s", len(sample.Figures), known, strings.Join(files, ", ")))
}

// tryTCPInfo asks the kernel about a connection over loopback.
func tryTCPInfo(context.Context) finding {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return missing(err.Error(), "sudo ip l set lo up")
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return missing(err.Error(), "sudo ip l set lo up")
	}
	defer c.Close()
	socket, ok := askSocket(c)
	switch {
	case !ok:
		return notHere("a connection over loopback was closed before it could be asked")
	case socket.failed[tcpInfo] != nil:
		return notHere("TCP_INFO: " + socket.failed[tcpInfo].Error())
	}
	var lacks []string
	for _, f := range connectionRules {
		if _, has := socket.values[f.key]; !has {
			lacks = append(lacks, f.key.field)
		}
	}
	if len(lacks) > 0 {
		return active("a connection over loopback was asked; this kernel does not tell " + strings.Join(lacks, ", "))
	}
	return active("a connection over loopback was asked with TCP_INFO and SO_MEMINFO")
}

// tryThreadSamples tries what samples of a thread need: its clock, with kernel
// code and call chains.
func tryThreadSamples(context.Context) finding {
	return perfFinding("this thread's clock with call chains in kernel code",
		openPerf(unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK, Sample: 1_000_000,
			Sample_type: unix.PERF_SAMPLE_IP | unix.PERF_SAMPLE_CALLCHAIN}, 0, -1), 1)
}

// tryKernelNames looks whether the addresses of the kernel's functions are told:
// they are all 0 for who may not know them (kallsyms_show_value,
// kernel/kallsyms.c).
func tryKernelNames(context.Context) finding {
	const path = "/proc/kallsyms"
	f, err := os.Open(path)
	if err != nil {
		if os.IsNotExist(err) {
			return notHere("there is no " + path + ": the kernel was built without CONFIG_KALLSYMS, or a container hides it")
		}
		return missing(err.Error(), asRoot("doctor"))
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		// The first symbols of each processor's own data are at 0 in truth.
		if address, _, _ := strings.Cut(lines.Text(), " "); strings.Trim(address, "0") != "" {
			return active(path + " tells the addresses of the kernel's functions")
		}
	}
	return missing(path+" tells no addresses to this user, with kernel.kptr_restrict="+readText("/proc/sys/kernel/kptr_restrict"),
		"sudo sysctl -w kernel.kptr_restrict=0 kernel.perf_event_paranoid=1")
}

// hasModule looks for a module among those that are installed for this kernel.
func hasModule(name string) bool {
	return strings.Contains(readText("/lib/modules/"+kernelRelease()+"/modules.dep"), "/"+name+".ko")
}
