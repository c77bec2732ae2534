package host

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// ReadFacts reads this host's facts; dir is where source files go, empty means
// the temporary directory.
func ReadFacts(dir string) Facts {
	if dir == "" {
		dir = os.TempDir()
	}
	const ipv4 = "/proc/sys/net/ipv4/"
	f := Facts{
		Kernel:              kernelRelease(),
		PageBytes:           unix.Getpagesize(),
		CPUs:                runtime.NumCPU(),
		PipeMaxBytes:        int64(pipeMaxSize()),
		Congestion:          readText(ipv4 + "tcp_congestion_control"),
		CongestionAllowed:   strings.Fields(readText(ipv4 + "tcp_allowed_congestion_control")),
		CongestionAvailable: strings.Fields(readText(ipv4 + "tcp_available_congestion_control")),
	}
	f.PipeUnlimited = mayExceedPipeMax(int(f.PipeMaxBytes))
	f.Filesystem, f.ReadaheadBytes, f.RequestBytes = storage(dir)
	return f
}

func kernelRelease() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}

// mayExceedPipeMax tries a pipe of twice the limit.
func mayExceedPipeMax(limit int) bool {
	var fds [2]int
	if limit <= 0 || unix.Pipe2(fds[:], unix.O_CLOEXEC) != nil {
		return false
	}
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	_, err := unix.FcntlInt(uintptr(fds[1]), unix.F_SETPIPE_SZ, 2*limit)
	return err == nil
}

// storage names the file system under dir, its device's readahead, and the most
// that one request of the device moves, both in bytes
// (Documentation/ABI/stable/sysfs-block, max_sectors_kb).
func storage(dir string) (filesystem string, readahead, request int64) {
	var st unix.Stat_t
	if unix.Stat(dir, &st) != nil {
		return "", 0, 0
	}
	device := fmt.Sprintf("%d:%d", unix.Major(uint64(st.Dev)), unix.Minor(uint64(st.Dev)))
	kib := readNumber("/sys/class/bdi/" + device + "/read_ahead_kb")
	if kib == 0 {
		kib = readNumber("/sys/dev/block/" + device + "/queue/read_ahead_kb")
	}
	queue := "/sys/dev/block/" + device + "/queue"
	if _, err := os.Stat(queue); err != nil { // a partition, whose disk has it
		queue = "/sys/dev/block/" + device + "/../queue"
	}
	return mountedType(dir, device), kib << 10, readNumber(queue+"/max_sectors_kb") << 10
}

// mountedType is the file system's name, from /proc/self/mountinfo.
func mountedType(dir, device string) string {
	mounts, err := procfs.GetMounts()
	if err != nil {
		return ""
	}
	path, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	best, name := -1, ""
	for _, m := range mounts {
		if m.MajorMinorVer == device {
			return m.FSType
		}
		// btrfs gives each subvolume a device of its own that mountinfo does
		// not list; the longest mount point above dir is the one.
		if covers(m.MountPoint, path) && len(m.MountPoint) > best {
			best, name = len(m.MountPoint), m.FSType
		}
	}
	return name
}

func covers(mountPoint, path string) bool {
	return mountPoint == "/" || path == mountPoint || strings.HasPrefix(path, mountPoint+"/")
}
