package sim

import (
	"slices"
	"syscall"

	"copyscope/internal/transfer"
	"copyscope/sim/pagecache"
)

// Alloc implements [transfer.Kernel].
func (k *Kernel) Alloc(n int) (transfer.Mem, error) {
	if n <= 0 {
		return transfer.Mem{}, syscall.EINVAL
	}
	k.nextHandle++
	k.memory[k.nextHandle] = &buffer{bytes: n}
	return transfer.Mem{Handle: k.nextHandle, Len: n}, nil
}

// Free implements [transfer.Kernel].
func (k *Kernel) Free(m transfer.Mem) { delete(k.memory, m.Handle) }

// Mmap implements [transfer.Kernel].
func (k *Kernel) Mmap(l transfer.Label, in transfer.FD, off int64, n int) (transfer.Mem, error) {
	_, err := k.call("mmap", l, span, func() (int64, error) {
		if k.file(in) == nil {
			return 0, syscall.EBADF
		}
		if off%PageBytes != 0 || n <= 0 {
			return 0, syscall.EINVAL
		}
		mp := &mapping{end: k.file(in), off: off, n: int64(n), mapped: pagecache.New(pagecache.Options{})}
		k.m.mappings = append(k.m.mappings, mp)
		k.nextHandle++
		k.memory[k.nextHandle] = mp
		k.system.mapped(mp)
		return 0, nil
	})
	if err != nil {
		return transfer.Mem{}, err
	}
	return transfer.Mem{Handle: k.nextHandle, Len: n}, nil
}

// Munmap implements [transfer.Kernel].
func (k *Kernel) Munmap(l transfer.Label, m transfer.Mem) error {
	_, err := k.call("munmap", l, span, func() (int64, error) {
		mp, ok := k.memory[m.Handle].(*mapping)
		if !ok {
			return 0, syscall.EINVAL
		}
		k.m.mappings = slices.DeleteFunc(k.m.mappings, func(other *mapping) bool { return other == mp })
		delete(k.memory, m.Handle)
		k.system.unmapped(mp)
		return 0, nil
	})
	return err
}

// reachable is how many bytes of a mapped range still have a file behind them;
// the file's last page is whole.
func (k *Kernel) reachable(mp *mapping, src transfer.Mem) int64 {
	end := pages(0, mp.end.size) * PageBytes
	return max(min(int64(src.Len), end-(mp.off+int64(src.Off))), 0)
}

// Touch implements [transfer.Kernel].
func (k *Kernel) Touch(l transfer.Label, mem transfer.Mem) error {
	m, f, at := k.m, touchBuffer, int64(0)
	k.t.line = string(l)
	defer func() { k.t.line = "" }()
	if mp, ok := k.memory[mem.Handle].(*mapping); ok {
		f, at = touchMapping, mp.off+int64(mem.Off)
		n := k.reachable(mp, mem)
		if n > 0 {
			k.system.touched(mp, at, n, true)
		}
		if n < int64(mem.Len) {
			return syscall.EFAULT
		}
		m.of(mp.end.id)
	}
	m.spend(f, m.copyTime(int64(mem.Len)), int64(mem.Len), 0, at)
	return nil
}

// OpenDirect implements [transfer.Kernel].
func (k *Kernel) OpenDirect(l transfer.Label, in transfer.FD) (transfer.FD, error) {
	fd, err := k.call("openat", l, span, func() (int64, error) {
		if k.file(in) == nil {
			return 0, syscall.EBADF
		}
		end := open(k.file(in).file)
		end.direct = true
		return int64(k.add(end)), nil
	})
	return transfer.FD(fd), err
}

// readDirect lets the disk put n bytes of the file from at on into a buffer:
// the thread sleeps until it is done (iomap_dio_rw, fs/iomap/direct-io.c). All must lie on the disk's blocks.
func (k *Kernel) readDirect(end *fileEnd, buf *buffer, dst transfer.Mem, at, n int64) (int64, error) {
	const block = transfer.DirectAlign
	if at%block != 0 || dst.Off%block != 0 || dst.Len%block != 0 {
		return 0, syscall.EINVAL
	}
	if n == 0 {
		return 0, nil
	}
	whole := n
	if k.m.cfg.Model == Linux {
		whole = pages(0, n) * PageBytes
	}
	k.m.diskReads(end.file, at, whole, true, true)
	buf.put(int64(dst.Off), Extent{File: end.id, Off: at, Len: n, Taken: end.version()})
	return n, nil
}
