package host

import "os"

// MincoreCells is what LookAtFile tells where the kernel has no cachestat(2).
func MincoreCells(path string, cells int) ([]CachedCell, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	p := FilePages{Size: info.Size(), Page: int64(os.Getpagesize()), Pages: pagesIn(0, info.Size())}
	err = p.fill(cells, byMincore(f))
	return p.Cells, err
}
