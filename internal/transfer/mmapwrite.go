package transfer

import "os"

// mmap-write: the page cache is mapped into user space, so that write(2) reads
// from it directly. One copy less than read-write; page faults instead.
var mmapWrite = Program{
	Path:   "mmap-write",
	Group:  OneFile,
	Beside: "read-write",
	Listing: []Line{
		{"mmap", "p = mmap(0, len, PROT_READ, MAP_SHARED, file, 0);"},
		{"write", "write(sock, p + done, chunk);"},
	},
	UserMemory: true,
	Sinks:      1,
	Serves:     true,
	send: func(k Kernel, j Job) (sent int64, err error) {
		page := int64(os.Getpagesize())
		lead := j.Offset % page // a mapping begins on a page
		m, err := mapFile(k, j.In, j.Offset-lead, int(lead+j.Bytes))
		if err != nil {
			return 0, err
		}
		defer k.Munmap("munmap", m)
		for sent < j.Bytes {
			src := m.Slice(int(lead+sent), j.piece(j.Bytes-sent))
			if err := j.touched(k, src); err != nil {
				return sent, err
			}
			if err := writeAll(k, "write", j.Out, src, &sent); err != nil {
				return sent, err
			}
		}
		return sent, nil
	},
}

func mapFile(k Kernel, in FD, off int64, n int) (m Mem, err error) {
	_, err = complete(k, "mmap", in, Readable, func() (int, error) {
		m, err = k.Mmap("mmap", in, off, n)
		return 0, err
	})
	return m, err
}
