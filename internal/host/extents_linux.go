package host

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// placement is where a file lies on its disk.
type placement struct {
	// device is the whole disk's number as the kernel has it in tracepoints: major
	// shifted by 20 bits, and minor (MKDEV, include/linux/kdev_t.h).
	device  uint32
	extents []diskExtent // by sector
	// interrupts are the numbers of its controller's, none if nobody knows.
	interrupts []int
}

// diskExtent is a range of a file, of n bytes, that lies in one piece from a
// sector of the whole disk on.
type diskExtent struct{ sector, off, n int64 }

// offset is where in the file a sector is, or -1 if it is not the file's.
func (p *placement) offset(sector int64) int64 {
	i := sort.Search(len(p.extents), func(i int) bool { return p.extents[i].sector > sector }) - 1
	if i < 0 {
		return -1
	}
	e := p.extents[i]
	if in := (sector - e.sector) * sectorBytes; in < e.n {
		return e.off + in
	}
	return -1
}

// fiemap is struct fiemap with room for extents (include/uapi/linux/fiemap.h).
type fiemap struct {
	start, length               uint64
	flags, mapped, count, spare uint32
	extents                     [fiemapRoom]struct {
		logical, physical, length uint64
		_                         [2]uint64
		flags                     uint32
		_                         [3]uint32
	}
}

const (
	fiemapRoom = 128
	fiemapSync = 1          // FIEMAP_FLAG_SYNC: first write what has no place yet
	fiemapLast = 1          // FIEMAP_EXTENT_LAST
	fsFiemap   = 0xc020660b // FS_IOC_FIEMAP, include/uapi/linux/fs.h
	// elsewhere are flags of extents whose place is not one on the disk: UNKNOWN,
	// DELALLOC, ENCODED, NOT_ALIGNED, DATA_INLINE.
	elsewhere = 0x2 | 0x4 | 0x8 | 0x100 | 0x200
)

// place finds where a file lies. File systems that are on no single disk, or do
// not tell, are errors that say so.
func place(f *os.File) (*placement, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, err
	}
	major, minor := unix.Major(st.Dev), unix.Minor(st.Dev)
	sys := fmt.Sprintf("/sys/dev/block/%d:%d", major, minor)
	begin := int64(0)
	if text, err := os.ReadFile(sys + "/start"); err == nil { // a partition
		begin, _ = strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		disk, err := os.ReadFile(filepath.Join(sys, "..", "dev"))
		if err != nil {
			return nil, fmt.Errorf("the disk of partition %d:%d: %w", major, minor, err)
		}
		fmt.Sscanf(string(disk), "%d:%d", &major, &minor)
	} else if _, err := os.Stat(sys); err != nil {
		return nil, fmt.Errorf("the file system's device %d:%d is no disk", major, minor)
	}
	p := &placement{device: major<<20 | minor, interrupts: interruptsOf(major, minor)}
	return p, p.ask(f, begin)
}

func (p *placement) ask(f *os.File, begin int64) error {
	m := fiemap{length: ^uint64(0), flags: fiemapSync, count: fiemapRoom}
	for last := false; !last; {
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), fsFiemap, uintptr(unsafe.Pointer(&m))); errno != 0 {
			return fmt.Errorf("where the file lies on its disk (FIEMAP): %w", errno)
		}
		last = m.mapped == 0
		for _, e := range m.extents[:m.mapped] {
			if e.flags&elsewhere != 0 {
				return fmt.Errorf("where the file lies on its disk: an extent has none (flags %#x)", e.flags)
			}
			p.extents = append(p.extents, diskExtent{begin + int64(e.physical)/sectorBytes, int64(e.logical), int64(e.length)})
			m.start = e.logical + e.length
			last = last || e.flags&fiemapLast != 0
		}
	}
	sort.Slice(p.extents, func(i, k int) bool { return p.extents[i].sector < p.extents[k].sector })
	return nil
}

// placeIn is where a file in dir lies on its disk, or why that cannot be known.
func placeIn(dir string) (*placement, error) {
	if dir == "" {
		dir = os.TempDir()
	}
	f, err := nameless(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if _, err := f.Write([]byte{1}); err != nil {
		return nil, err
	}
	return place(f)
}
