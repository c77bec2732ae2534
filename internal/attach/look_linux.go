package attach

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"copyscope/internal/memdev"
	"copyscope/internal/tracepoint"
)

// procDescriptors looks descriptors up in /proc/PID/fd.
type procDescriptors struct{}

var _ Descriptors = procDescriptors{}

// Look reads the link of a descriptor (proc_pid_fd(5)): a path, or type:[inode].
func (procDescriptors) Look(process, fd int) (Looked, bool) {
	at := tracepoint.Monotonic()
	name := fmt.Sprintf("/proc/%d/fd/%d", process, fd)
	link, err := os.Readlink(name)
	if err != nil {
		return Looked{}, false
	}
	found := Looked{At: at, End: End{Kind: Other, Name: link}}
	kind, inode, _ := strings.Cut(strings.TrimSuffix(link, "]"), ":[")
	n, err := strconv.ParseUint(inode, 10, 64)
	switch {
	case err == nil && kind == "socket":
		found.End, found.Inode = End{Kind: Socket}, n
		return found, true
	case err == nil && kind == "pipe":
		found.End, found.Inode = End{Kind: Pipe, Name: "a pipe"}, n
		return found, true
	}
	var st unix.Stat_t
	if !strings.HasPrefix(link, "/") || unix.Stat(name, &st) != nil {
		return found, true // anon_inode:[eventpoll], …
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		found.End.Kind, found.End.SizeBytes = File, st.Size
		found.Direct = directIO(process, fd)
	case unix.S_IFCHR, unix.S_IFBLK:
		found.End = device(link, &st)
	case unix.S_IFIFO:
		found.End.Kind, found.Inode = Pipe, st.Ino
	}
	return found, true
}

// device is what a device's name and stat(2) tell.
func device(name string, st *unix.Stat_t) End {
	does := memdev.Of(st)
	return End{Kind: Device, Name: name, discards: does.Discards, zeroes: does.Zeroes}
}

// directIO says whether a file was opened with O_DIRECT (proc_pid_fdinfo(5)).
func directIO(process, fd int) bool {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", process, fd))
	_, rest, _ := strings.Cut(string(text), "flags:")
	word, _, _ := strings.Cut(strings.TrimSpace(rest), "\n")
	flags, _ := strconv.ParseUint(word, 8, 64)
	return flags&unix.O_DIRECT != 0
}

// Mappings reads /proc/PID/maps (proc_pid_maps(5)).
func (procDescriptors) Mappings(process int) (out []Mapping) {
	all := mappingsOf(process)
	code := map[string]bool{}
	for _, m := range all {
		code[m.Pathname] = code[m.Pathname] || m.Perms.Execute
	}
	for _, m := range all {
		if m.Inode == 0 || code[m.Pathname] || m.Perms.Private && m.Perms.Write {
			continue
		}
		end := End{Kind: File, Name: m.Pathname}
		if at, err := os.Stat(fmt.Sprintf("/proc/%d/map_files/%x-%x", process, m.StartAddr, m.EndAddr)); err == nil {
			end.SizeBytes = at.Size()
		}
		out = append(out, Mapping{From: uint64(m.StartAddr), To: uint64(m.EndAddr), File: end})
	}
	return out
}

// mappingsOf are all mappings; none of a process that is no more.
func mappingsOf(process int) []*procfs.ProcMap {
	p, err := procfs.NewProc(process)
	if err != nil {
		return nil
	}
	all, err := p.ProcMaps()
	if err != nil {
		return nil
	}
	return all
}
