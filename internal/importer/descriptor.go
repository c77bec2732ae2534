package importer

import (
	"bytes"
	"strings"
)

// FD is what a file descriptor stands for, as far as the trace tells.
type FD uint8

const (
	NoFD      FD = iota // the call has none in this place
	UnknownFD           // the trace does not tell
	FileFD              // a file in the page cache
	SocketFD
	PipeFD
	OtherFD // devices, /proc, event descriptors: what they give or take is no payload
	// DirectFD is a file that was opened with O_DIRECT: the disk moves the bytes, past
	// the page cache.
	DirectFD
)

// FDOf sorts what strace -y or -yy prints between the angle brackets after
// a descriptor, for example /etc/hosts or TCP:[127.0.0.1:80->127.0.0.1:5000]
// (print_fd's formats in strace's util.c and socketutils.c).
func FDOf(text []byte) FD {
	if len(text) == 0 {
		return UnknownFD
	}
	if text[0] == '/' {
		return fileOf(text)
	}
	kind, _, ok := bytes.Cut(text, []byte(":["))
	switch {
	case !ok:
		return OtherFD
	case string(kind) == "pipe":
		return PipeFD
	case string(kind) == "socket":
		return SocketFD
	case bytes.HasPrefix(kind, []byte("NETLINK")):
		return OtherFD
	case len(kind) > 0 && kind[0] >= 'A' && kind[0] <= 'Z': // TCP, TCPv6, UDP, UNIX-STREAM, …
		return SocketFD
	}
	return OtherFD // anon_inode:[eventpoll], net:[…]
}

// NoPayload says whether the file of a path holds nothing that anybody serves: the
// kernel makes up what is read of /proc and /sys (which has the cgroups), and takes
// settings there.
func NoPayload(path string) bool {
	return strings.HasPrefix(path, "/proc/") || strings.HasPrefix(path, "/sys/")
}

// fileOf sorts paths: those of devices and of file systems without a page cache
// are no payload.
func fileOf(path []byte) FD {
	if NoPayload(string(path)) {
		return OtherFD
	}
	if bytes.HasPrefix(path, []byte("/dev/")) && !bytes.HasPrefix(path, []byte("/dev/shm/")) {
		return OtherFD
	}
	if bytes.HasSuffix(path, []byte(">")) && (bytes.Contains(path, []byte("<char ")) || bytes.Contains(path, []byte("<block "))) {
		return OtherFD
	}
	return FileFD
}
