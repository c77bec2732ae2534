package attach

import (
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
)

// subject is a watched process. A number alone does not name one: when it ends,
// another may get it, so its start time goes with it.
type subject struct {
	process Process
	started uint64 // ticks since boot (proc_pid_stat(5), field 22)
	ended   bool
}

// kernelThread is PF_KTHREAD, include/linux/sched.h.
const kernelThread = 0x00200000

// newSubject finds a process and says what it is, or why it cannot be watched.
func newSubject(pid int, asked Options) (*subject, error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return nil, fmt.Errorf("process %d: there is none; ps -e lists those that are", pid)
	}
	stat, err := p.Stat()
	if err != nil {
		return nil, fmt.Errorf("process %d: it ended just now", pid)
	}
	switch group := leader(pid); {
	case pid == os.Getpid():
		return nil, fmt.Errorf("process %d: that is this very copyscope", pid)
	case group != 0 && group != pid:
		return nil, fmt.Errorf("process %d: it is a thread of process %d; write --pid %d", pid, group, group)
	case stat.State == "Z" || stat.State == "X":
		return nil, fmt.Errorf("process %d (%s): it has ended, and its parent %d has not asked how", pid, stat.Comm, stat.PPID)
	case stat.Flags&kernelThread != 0:
		return nil, fmt.Errorf("process %d (%s): a thread of the kernel makes no syscalls", pid, stat.Comm)
	}
	if _, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid)); errors.Is(err, os.ErrPermission) {
		return nil, fmt.Errorf("process %d (%s): it belongs to another user, and user %d may not look into it; run it as root: sudo copyscope attach %s", pid, stat.Comm, os.Geteuid(), asked.target(pid))
	}
	if other, err := foreign(pid); err == nil && other != "" {
		return nil, fmt.Errorf("process %d (%s): it is a program of %s, whose syscalls have other numbers; only those of this machine's own kind can be read", pid, stat.Comm, other)
	}
	s := &subject{process: Process{PID: pid, Name: stat.Comm}, started: stat.Starttime}
	s.look(p)
	return s, nil
}

// foreign says of what kind a program is, if its syscalls are not numbered as this
// program's are.
func foreign(pid int) (string, error) {
	f, err := elf.Open(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		return "", err
	}
	defer f.Close()
	if f.Class == elf.ELFCLASS32 && strconv.IntSize == 64 {
		return "32 bits", nil
	}
	return "", nil
}

// look finds out what the process is made of.
func (s *subject) look(p procfs.Proc) {
	now := Process{PID: p.PID, Name: s.process.Name, Threads: len(threadsOf(p.PID))}
	if name, err := p.Comm(); err == nil {
		now.Name = name
	}
	now.Exe, _ = p.Executable()
	var files []string
	for _, m := range mappingsOf(p.PID) {
		if m.Inode != 0 && m.Perms.Execute {
			files = append(files, filepath.Base(m.Pathname))
		}
		if m.Inode != 0 && m.Perms.Shared && strings.HasPrefix(m.Pathname, "/") {
			now.MappedFiles = append(now.MappedFiles, m.Pathname)
		}
	}
	slices.Sort(now.MappedFiles)
	now.MappedFiles = slices.Compact(now.MappedFiles)
	now.Libraries = transforming(files)
	goProgram := false
	if s.process.Exe == now.Exe && s.process.Runtime == goLang {
		goProgram, now.Libraries = true, s.process.Libraries
	} else if info, err := buildinfo.ReadFile(fmt.Sprintf("/proc/%d/exe", p.PID)); err == nil {
		if goProgram = info.GoVersion != ""; goProgram {
			now.Libraries = append(now.Libraries, goCompressors(p.PID)...)
		}
	}
	now.Runtime = runtimeOf(now.Name, now.Exe, files, goProgram)
	s.process = now
}

// check notes whether the process has ended, or another has its number by now.
func (s *subject) check() {
	if s.ended {
		return
	}
	p, err := procfs.NewProc(s.process.PID)
	if err == nil {
		var stat procfs.ProcStat
		stat, err = p.Stat()
		s.ended = err == nil && (stat.Starttime != s.started || stat.State == "Z" || stat.State == "X")
	}
	s.ended = s.ended || err != nil
}

// describe says what the process is now, or was when it was last looked at.
func (s *subject) describe() Process {
	if s.check(); !s.ended {
		if p, err := procfs.NewProc(s.process.PID); err == nil {
			s.look(p)
		}
	}
	out := s.process
	out.Ended = s.ended
	return out
}

// known is what describe said when it was last asked.
func (s *subject) known() Process {
	out := s.process
	out.Ended = s.ended
	return out
}

// threadsOf are the numbers of a process's threads.
func threadsOf(pid int) (out []int) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// leader is the process that a thread belongs to; 0 if there is no such thread.
func leader(thread int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", thread))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "\nTgid:")
	line, _, _ := strings.Cut(rest, "\n")
	n, _ := strconv.Atoi(strings.TrimSpace(line))
	return n
}

// transforming are the libraries among mapped files that encrypt or compress.
func transforming(files []string) (out []string) {
	for _, f := range files {
		for _, prefix := range []string{"libssl", "libgnutls", "libmbedtls", "libwolfssl", "libz.", "libz-", "libzstd", "libbrotlienc"} {
			if strings.HasPrefix(f, prefix) && !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	slices.Sort(out)
	return out
}
