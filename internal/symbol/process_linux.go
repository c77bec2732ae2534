package symbol

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/procfs"
)

// process names the code addresses of one process.
type process struct {
	pid  int
	maps []*procfs.ProcMap // of code, by address
	// objects are shared by all [Processes]: nil where one could not
	// be read.
	objects map[file]*object

	compiled *Compiled
	perfMap  string // path from here
	mapSize  int64  // of it when it was read
	looked   time.Time

	names map[uint64]Frame
}

// file is a mapped file's identity.
type file struct{ device, inode uint64 }

// Processes names the code addresses of processes while they live. It is not safe for
// concurrent use.
type Processes struct {
	objects map[file]*object
	all     map[int]*process
}

// NewProcesses knows of no process yet.
func NewProcesses() *Processes {
	return &Processes{objects: map[file]*object{}, all: map[int]*process{}}
}

// Frame names an address of a process. One that is gone, or whose maps this user may
// not read, has no names.
func (p *Processes) Frame(pid int, address uint64) Frame {
	one := p.all[pid]
	if one == nil {
		one = &process{pid: pid, objects: p.objects, names: map[uint64]Frame{}}
		p.all[pid] = one
	}
	return one.frame(address)
}

// Forget is to be called when a process begins another program.
func (p *Processes) Forget(pid int) { delete(p.all, pid) }

// lookAgain is how often at the most a process's maps are read again for addresses
// that have no name.
const lookAgain = time.Second

// maxPerfMap bounds what is read of another process's making, in bytes; a JVM's map
// has some 10 MB.
const maxPerfMap = 256 << 20

// frame names an address.
func (p *process) frame(address uint64) Frame {
	f, ok := p.names[address]
	if ok && f.Known {
		return f
	}
	if due := time.Since(p.looked) >= lookAgain; !ok || due {
		if due {
			p.look()
		}
		f = p.find(address)
		p.names[address] = f
	}
	return f
}

// look reads what is mapped, and the compiler's map if it has grown.
func (p *process) look() {
	p.looked = time.Now()
	proc, err := procfs.NewProc(p.pid)
	if err != nil {
		return // what was known of it is still so
	}
	if maps, err := proc.ProcMaps(); err == nil {
		p.maps = p.maps[:0]
		for _, m := range maps {
			if m.Perms != nil && m.Perms.Execute {
				p.maps = append(p.maps, m)
			}
		}
	}
	if status, err := proc.NewStatus(); err == nil && len(status.NSpids) > 0 {
		// In the mount and pid namespaces of the process.
		inside := status.NSpids[len(status.NSpids)-1]
		p.perfMap = filepath.Join(fmt.Sprintf("/proc/%d/root", p.pid), "tmp", fmt.Sprintf("perf-%d.map", inside))
	}
	st, err := os.Stat(p.perfMap)
	if err != nil || !st.Mode().IsRegular() || st.Size() == p.mapSize || st.Size() > maxPerfMap {
		return
	}
	f, err := os.Open(p.perfMap)
	if err != nil {
		return
	}
	defer f.Close()
	if c, err := ParsePerfMap(f); err == nil {
		p.compiled, p.mapSize = c, st.Size()
	}
}

func (p *process) find(address uint64) Frame {
	if p.compiled != nil {
		if name, ok := p.compiled.Function(address); ok {
			return Frame{Function: name, Object: p.perfMap, Known: true}
		}
	}
	for _, m := range p.maps {
		if address < uint64(m.StartAddr) || address >= uint64(m.EndAddr) {
			continue
		}
		name := m.Pathname
		if name == "" {
			name = "code without a file"
		}
		f := Frame{Function: "[" + filepath.Base(name) + "]", Object: m.Pathname}
		if m.Pathname == "[vdso]" {
			f.Function = m.Pathname
		}
		if o := p.object(m); o != nil {
			if g, ok := o.frame(address - uint64(m.StartAddr) + uint64(m.Offset)); ok {
				g.Object = m.Pathname
				return g
			}
		}
		return f
	}
	return Frame{Function: Unmapped}
}

// object reads the file that is mapped, once; nil if it is none, or no ELF file.
func (p *process) object(m *procfs.ProcMap) *object {
	id := file{m.Dev, m.Inode}
	vdso := m.Pathname == "[vdso]"
	if m.Inode == 0 && !vdso {
		return nil
	}
	if o, ok := p.objects[id]; ok {
		return o
	}
	o, err := p.read(m, vdso)
	if err != nil {
		o = nil
	}
	p.objects[id] = o
	return o
}

func (p *process) read(m *procfs.ProcMap, vdso bool) (*object, error) {
	if vdso { // the kernel's own, the same in every process; inode 0
		memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", p.pid))
		if err != nil {
			return nil, err
		}
		defer memory.Close()
		image := make([]byte, m.EndAddr-m.StartAddr)
		if _, err := memory.ReadAt(image, int64(m.StartAddr)); err != nil {
			return nil, err
		}
		return readObject(bytes.NewReader(image))
	}
	// map_files has the file even if it was replaced or removed, but is root's
	// (proc_pid_map_files(5)).
	f, err := os.Open(fmt.Sprintf("/proc/%d/map_files/%x-%x", p.pid, m.StartAddr, m.EndAddr))
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
		f, err = os.Open(filepath.Join(fmt.Sprintf("/proc/%d/root", p.pid), m.Pathname))
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readObject(f)
}
