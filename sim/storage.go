package sim

import (
	"syscall"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim/pagecache"
)

// The calls of programs that write files. No transfer program makes them: they
// move bytes out of files only.

// Append is write(2) at the end of a file: user memory is copied into the page
// cache, whose pages are dirty then.
func (k *Kernel) Append(l transfer.Label, fd transfer.FD, src transfer.Mem) (int, error) {
	m := k.m
	n, err := k.call("write", l, spanAppend, func() (int64, error) {
		f := k.file(fd)
		if f == nil {
			return 0, syscall.EBADF
		}
		if _, ok := k.memory[src.Handle].(*buffer); !ok {
			return 0, syscall.EFAULT
		}
		n := min(int64(src.Len), k.system.callBytes())
		f.lock(m)
		defer f.unlock(m)
		at := f.size
		from, to := at/PageBytes, pages(0, at+n)
		m.fetchTail(f.file, at)
		m.insert(f.file, from, to)
		m.of(f.id).spend(copyToCache, m.copyTime(n)+m.costs.LookupTime*trace.Ns(to-from), n, 0, at)
		f.size += n
		f.end = f.size
		m.wake(&f.grown)
		m.dirtied(f.file, from, to)
		return n, nil
	})
	return int(n), err
}

// fetchTail reads the page that a write begins within, if the file's bytes before
// it are not in memory (__block_write_begin, fs/buffer.c; a major fault where the
// page is mapped).
func (m *Machine) fetchTail(f *file, at int64) {
	p := at / PageBytes
	if at%PageBytes == 0 || p*PageBytes >= f.end || m.missing(f, p, p+1) == 0 {
		return
	}
	m.spend(cacheMiss, m.insertion(1), 0, 1, p*PageBytes)
	m.readDisk(f, p, p+1, true)
}

// Grown waits until more than size bytes of a file are written, and says how many
// are; what a mapping's writer has only allocated ([Kernel.MmapShared]) is not,
// though the file is as long. It is no syscall: a broker parks the request of a consumer that has read everything
// until somebody appends.
func (k *Kernel) Grown(l transfer.Label, fd transfer.FD, size int64) (int64, error) {
	f := k.file(fd)
	if f == nil {
		return 0, syscall.EBADF
	}
	k.t.line = string(l)
	defer func() { k.t.line = "" }()
	if !k.m.sleep(waitAppend, &f.grown, func() bool { return f.end > size }) {
		return 0, syscall.EDEADLK
	}
	return f.end, nil
}

// lock takes the inode's lock (i_rwsem), under which one program appends at a
// time (generic_file_write_iter, mm/filemap.c).
func (f *file) lock(m *Machine) {
	m.sleep(waitLock, &f.writers, func() bool { return !f.writing })
	f.writing = true
}

func (f *file) unlock(m *Machine) {
	f.writing = false
	m.wake(&f.writers)
}

// Fsync is fdatasync(2): it returns when what is dirty of the file is on the
// disk. EBADF.
func (k *Kernel) Fsync(l transfer.Label, fd transfer.FD) error {
	_, err := k.call("fdatasync", l, span, func() (int64, error) {
		f := k.file(fd)
		if f == nil {
			return 0, syscall.EBADF
		}
		k.m.sync(f.file, 0, pages(0, f.size))
		return 0, nil
	})
	return err
}

// MmapShared is fallocate(2), so that the file is as long as what will be
// stored, and mmap(2), PROT_READ|PROT_WRITE, MAP_SHARED.
func (k *Kernel) MmapShared(l transfer.Label, fd transfer.FD, off int64, n int) (transfer.Mem, error) {
	_, err := k.call("fallocate", l, span, func() (int64, error) {
		f := k.file(fd)
		if f == nil {
			return 0, syscall.EBADF
		}
		f.size = max(f.size, off+int64(n))
		return 0, nil
	})
	if err != nil {
		return transfer.Mem{}, err
	}
	mem, err := k.Mmap(l, fd, off, n)
	if mp, ok := k.memory[mem.Handle].(*mapping); ok {
		mp.writable = true
	}
	return mem, err
}

// Store is user code that stores into a writable mapping: a fault for each page
// that is stored to for the first time since it was clean (page_mkwrite,
// mm/memory.c, do_shared_fault), one copy, no syscall. EFAULT.
func (k *Kernel) Store(l transfer.Label, dst transfer.Mem) error {
	m := k.m
	mp, ok := k.memory[dst.Handle].(*mapping)
	if !ok || !mp.writable {
		return syscall.EFAULT
	}
	f := mp.end.file
	k.t.line = string(l)
	defer func() { k.t.line = "" }()
	at := mp.off + int64(dst.Off)
	from, to := at/PageBytes, pages(0, at+int64(dst.Len))
	var faults int64
	for p := from; p < to; p++ {
		if !m.cache.IsDirty(pagecache.File(f.id), p) {
			faults++
		}
	}
	if faults > 0 {
		m.spend(faultMinorUser, m.costs.FaultTime*trace.Ns(faults), 0, faults, from*PageBytes)
	}
	m.fetchTail(f, at)
	m.insert(f, from, to) // blocks that were only allocated read as zeros: no disk
	k.system.entered(mp, from, to)
	f.end = max(f.end, at+int64(dst.Len))
	m.wake(&f.grown)
	m.of(f.id).spend(copyToMapping, m.copyTime(int64(dst.Len)), int64(dst.Len), 0, at)
	m.dirtied(f, from, to)
	return nil
}

// Msync is msync(2), MS_SYNC. EINVAL.
func (k *Kernel) Msync(l transfer.Label, mem transfer.Mem) error {
	_, err := k.call("msync", l, span, func() (int64, error) {
		mp, ok := k.memory[mem.Handle].(*mapping)
		if !ok {
			return 0, syscall.EINVAL
		}
		at := mp.off + int64(mem.Off)
		k.m.sync(mp.end.file, at/PageBytes, pages(0, at+int64(mem.Len)))
		return 0, nil
	})
	return err
}

// Sleep is clock_nanosleep(2).
func (k *Kernel) Sleep(l transfer.Label, d trace.Ns) error {
	m := k.m
	_, err := k.call("clock_nanosleep", l, span, func() (int64, error) {
		if d < 0 {
			return 0, syscall.EINVAL
		}
		var w waiters
		over := false
		m.complete(completion{timed: timed{at: m.now + d}, interrupt: none, do: func() { over = true; m.wake(&w) }})
		m.sleep(waitTimer, &w, func() bool { return over })
		return 0, nil
	})
	return err
}

// Now is the time of the machine.
func (k *Kernel) Now() trace.Ns { return k.m.now }

// NewSocketTo is a socket as [Kernel.NewSocket] makes, whose receiver reads so
// fast; 0 is as fast as it can.
func (k *Kernel) NewSocketTo(rate Rate) transfer.FD {
	s := k.m.socket()
	s.rate = rate
	return k.add(&socketEnd{s})
}
