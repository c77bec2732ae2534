package host

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"github.com/cespare/xxhash/v2"
	"github.com/dustin/go-humanize"
	"golang.org/x/sys/unix"

	"copyscope/internal/transfer"
)

// Source is a file to send, with known content. It has no name, so nothing of
// it is left behind whatever ends the process. Several runs, one after the
// other, may use it.
type Source struct {
	dir   string
	place string // what names another directory: --dir if it named this one, else TMPDIR
	file  *os.File
	size  int64
	hash  uint64
	fill  func(b []byte, off int64)
}

// NewSource makes a file of size bytes in dir; empty means the temporary
// directory.
func NewSource(ctx context.Context, dir string, size int64) (*Source, error) {
	return newSource(ctx, dir, size, fill)
}

// newSourceFor makes the file that suits a program: text, if it compresses.
func newSourceFor(ctx context.Context, p transfer.Program, dir string, size int64) (*Source, error) {
	if p.Path == "compress" {
		return newSource(ctx, dir, size, fillText)
	}
	return NewSource(ctx, dir, size)
}

func newSource(ctx context.Context, dir string, size int64, fill func(b []byte, off int64)) (*Source, error) {
	place := "--dir"
	if dir == "" {
		dir, place = os.TempDir(), "TMPDIR"
	}
	if size <= 0 {
		return nil, fmt.Errorf("source file of %d bytes: the size must be above 0", size)
	}
	s := &Source{dir: dir, place: place, size: size, fill: fill}
	if err := s.make(ctx); err != nil {
		s.Close()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, s.explain(err)
	}
	return s, nil
}

// explain says what to do about a file that cannot be made.
func (s *Source) explain(err error) error {
	remedy := "name a directory that can be written, for example with " + s.place
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT), errors.Is(err, unix.EFBIG):
		remedy = "choose a smaller size or a directory with more room, for example with " + s.place
	case errors.Is(err, unix.EIO):
		remedy = "the disk reported an error"
	}
	return fmt.Errorf("source file of %s in %s: %w; %s", humanize.IBytes(uint64(s.size)), s.dir, err, remedy)
}

// writePiece is how much of the source is written at a time, in bytes. A file
// system with large folios makes the page cache's folios as large as the
// writes, and a fault maps a whole folio: a 64 MiB mapping took 1024 faults
// here when written by 64 KiB or less, 79 by 1 MiB, 32 by 8 MiB. With 64 KiB,
// the size of fault-around (fault_around_bytes, mm/memory.c), the faults are
// the same whether or not the file system has large folios.
const writePiece = 64 << 10

func (s *Source) make(ctx context.Context) (err error) {
	if s.file, err = nameless(s.dir); err != nil {
		return err
	}
	if err := s.reserve(); err != nil {
		return err
	}
	hash := xxhash.New()
	piece := make([]byte, min(writePiece, (s.size+31)&^31))
	for off := int64(0); off < s.size; off += int64(len(piece)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.fill(piece, off)
		part := piece[:min(int64(len(piece)), s.size-off)]
		if _, err := s.file.WriteAt(part, off); err != nil {
			return err
		}
		hash.Write(part)
	}
	s.hash = hash.Sum64()
	return nil
}

// nameless opens a file that is in no directory.
func nameless(dir string) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err == nil {
		return os.NewFile(uintptr(fd), dir+"/(source)"), nil
	}
	// A file system without O_TMPFILE: with a name for a moment.
	f, err := os.CreateTemp(dir, "copyscope-source-*")
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}

// reserve finds out early that the disk is too small, and reserves the room
// where the file system can.
func (s *Source) reserve() error {
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(s.file.Fd()), &st); err != nil {
		return os.NewSyscallError("fstatfs", err)
	}
	if free := int64(st.Bavail) * st.Bsize; st.Blocks > 0 && s.size > free {
		return fmt.Errorf("only %s are free: %w", humanize.IBytes(uint64(free)), unix.ENOSPC)
	}
	err := unix.Fallocate(int(s.file.Fd()), 0, 0, s.size)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return nil
	}
	return err
}

// open gives the source as a program gets a file: position 0, and no trace of
// earlier reads in its readahead state.
func (s *Source) open() (*os.File, error) {
	st, err := s.file.Stat()
	if err != nil {
		return nil, err
	}
	if st.Size() != s.size {
		return nil, fmt.Errorf("the source file has %d bytes instead of %d: it was truncated by an earlier run", st.Size(), s.size)
	}
	f, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", s.file.Fd()))
	if err != nil {
		return nil, fmt.Errorf("open the source file again, which needs /proc: %w", err)
	}
	return f, nil
}

// Size is the file's size in bytes, Hash its XXH64.
func (s *Source) Size() int64  { return s.size }
func (s *Source) Hash() uint64 { return s.hash }

// Truncate makes the file shorter, to see what becomes of a running transfer.
// The source cannot be used for another run.
func (s *Source) Truncate(size int64) error { return s.file.Truncate(size) }

// Close removes the file.
func (s *Source) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// textLine is a line of a source of text: the offset's number of fill, in
// hexadecimal digits, among words that are the same in every line, as in a log.
const textLine = "record ................ is here\n"

// fillText writes lines of text into b. No two places look alike, and gzip makes
// less than half of it. The offset and b's length are multiples of 32.
func fillText(b []byte, off int64) {
	var number [8]byte
	for ; len(b) > 0; b, off = b[len(textLine):], off+int64(len(textLine)) {
		fill(number[:], off/4)
		copy(b, textLine)
		hex.Encode(b[len("record "):], number[:])
	}
}

// fill writes the source's content from file offset off on, a multiple of 8,
// into b, whose length is one too. Every eight bytes are a number of their own,
// so that no two places of a file look alike: splitmix64 of the offset.
func fill(b []byte, off int64) {
	const gamma = 0x9e3779b97f4a7c15
	x := uint64(off/8) * gamma
	for i := 0; i+8 <= len(b); i += 8 {
		x += gamma
		z := x
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		binary.LittleEndian.PutUint64(b[i:], z^z>>31)
	}
}
