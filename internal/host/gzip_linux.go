package host

import (
	"bufio"
	"io"

	"github.com/klauspost/compress/gzip"
)

// squeezer makes gzip members. Level 1 is what web servers use on the way
// (nginx, gzip_comp_level).
type squeezer struct {
	z   *gzip.Writer
	out span
}

// span is memory that a writer fills.
type span struct {
	b []byte
	n int
}

func (s *span) Write(p []byte) (int, error) {
	n := copy(s.b[s.n:], p)
	s.n += n
	if n < len(p) {
		return n, io.ErrShortWrite
	}
	return n, nil
}

func newSqueezer() *squeezer {
	s := &squeezer{}
	s.z, _ = gzip.NewWriterLevel(&s.out, gzip.BestSpeed) // the level exists
	return s
}

// squeeze makes a member of src in dst and returns its length.
func (s *squeezer) squeeze(dst, src []byte) (int, error) {
	s.out = span{b: dst}
	s.z.Reset(&s.out)
	if _, err := s.z.Write(src); err != nil {
		return 0, err
	}
	err := s.z.Close()
	return s.out.n, err
}

// unsqueezer reads what the members of a stream hold.
type unsqueezer struct {
	r *bufio.Reader
	z *gzip.Reader
}

func newUnsqueezer(r io.Reader) *unsqueezer {
	return &unsqueezer{r: bufio.NewReaderSize(r, readerBuffer)}
}

func (u *unsqueezer) Read(b []byte) (n int, err error) {
	if u.z == nil {
		if u.z, err = gzip.NewReader(u.r); err != nil {
			return 0, err
		}
	}
	return u.z.Read(b)
}
