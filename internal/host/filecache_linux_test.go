package host_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"copyscope/internal/host"
)

// What was just written is in the page cache; a hole behind it that nobody read is
// not, and takes no room on the disk.
func TestLookAtFile(t *testing.T) {
	page := int64(os.Getpagesize())
	name := filepath.Join(t.TempDir(), "segment")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(make([]byte, 64*page)); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(128*page - 100); err != nil {
		t.Fatal(err)
	}
	p, err := host.LookAtFile(name, 8)
	if err != nil {
		t.Fatal(err)
	}
	if p.Tool == "" {
		t.Fatalf("the page cache was not asked: %s", p.Reason)
	}
	if p.Size != 128*page-100 || p.Pages != 128 || len(p.Cells) != 8 || p.Page != page {
		t.Errorf("size %d, %d pages in %d cells", p.Size, p.Pages, len(p.Cells))
	}
	var sum host.CachedCell
	for i, c := range p.Cells {
		if c.Pages != 16 {
			t.Errorf("cell %d has %d pages, want 16", i, c.Pages)
		}
		if i < 4 && c.Cached != 16 || i > 4 && c.Cached != 0 {
			t.Errorf("cell %d: %d pages are cached", i, c.Cached)
		}
		sum.Cached += c.Cached
		sum.Dirty += c.Dirty
	}
	if sum.Cached != p.Cached || p.Tool == "cachestat" && sum.Dirty != p.Dirty {
		t.Errorf("the cells' sum is %+v, the file's %d and %d", sum, p.Cached, p.Dirty)
	}
	byMincore, err := host.MincoreCells(name, 8)
	if err != nil || len(byMincore) != len(p.Cells) {
		t.Fatalf("mincore: %d cells, %v", len(byMincore), err)
	}
	for i, c := range byMincore {
		if c.Pages != p.Cells[i].Pages || c.Cached != p.Cells[i].Cached {
			t.Errorf("cell %d: mincore tells %+v, %s %+v", i, c, p.Tool, p.Cells[i])
		}
	}
	if p.Allocated >= p.Size {
		t.Errorf("%d bytes on the disk of a file of %d that is half a hole", p.Allocated, p.Size)
	}
	if p, err := host.LookAtFile(name, 1000); err != nil || int64(len(p.Cells)) != p.Pages {
		t.Errorf("%d cells for %d pages, %v; a cell is a page at least", len(p.Cells), p.Pages, err)
	}
}

// The page cache is the kernel's: what a process wrote stays there when the process is
// killed.
func TestThePageCacheOutlivesItsWriter(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	writer := exec.Command("sh", "-c", `head -c 1048576 /dev/zero > "$0"; kill -9 $$`, name)
	if err := writer.Run(); err == nil {
		t.Fatal("the writer was not killed")
	}
	p, err := host.LookAtFile(name, 8)
	if err != nil || p.Tool == "" {
		t.Fatalf("%v: the page cache was not asked: %s", err, p.Reason)
	}
	if p.Size != 1<<20 || p.Cached != p.Pages {
		t.Errorf("%d of %d pages of %d bytes are cached, want all that was written", p.Cached, p.Pages, p.Size)
	}
}

func TestLookAtFileThatIsEmptyOrGone(t *testing.T) {
	name := filepath.Join(t.TempDir(), "segment")
	if _, err := host.LookAtFile(name, 8); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := host.LookAtFile(name, 8); err != nil || p.Pages != 0 || len(p.Cells) != 0 || p.Reason != "" {
		t.Errorf("an empty file: %+v, %v", p, err)
	}
}
