//go:build linux

package disk

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

// pageBytes is what reaches the disk as a whole, unless it is torn; sectorBytes is
// what does even then.
const (
	pageBytes   = 4096
	sectorBytes = 512
)

// lockName is not a file of the layer's.
const lockName = ".lock"

// Cut cuts the power under a process that is gone: the data directory has what the
// seed lets reach the disk, and all of it is on the disk.
func Cut(data, disk string, seed uint64) error {
	dice := rand.New(rand.NewPCG(seed, 3))
	l, err := New(data, disk)
	if err != nil {
		return err
	}
	if err := l.catchUp(); err != nil {
		return errors.Join(err, l.names.Close())
	}
	all, err := readNames(disk)
	if err := errors.Join(err, l.names.Close()); err != nil {
		return err
	}
	files := map[string][]byte{}
	dirs := []string{}
	if err := l.left(treeOf(all).restored(dice), data, dice, files, &dirs); err != nil {
		return err
	}
	return l.remake(files, dirs)
}

// catchUp notes what a process did right before it was killed, and could not note.
func (l *Layer) catchUp() error {
	all, err := readNames(l.disk)
	if err != nil {
		return err
	}
	root := treeOf(all)
	var gone []string
	root.each("", func(path string, n *node) {
		if _, err := os.Lstat(filepath.Join(l.data, path)); errors.Is(err, fs.ErrNotExist) {
			gone = append(gone, path)
		}
	})
	slices.Sort(gone)
	slices.Reverse(gone) // what is in a directory before it
	for _, path := range gone {
		if err := l.note(naming{Gone: path}); err != nil {
			return err
		}
	}
	return filepath.WalkDir(l.data, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == l.data || d.Name() == lockName {
			return err
		}
		path := l.below(name)
		known := root.find(path)
		if d.IsDir() {
			if known == nil {
				return l.note(naming{Make: path})
			}
			return nil
		}
		n, err := inodeOf(name)
		if err != nil || known != nil && known.inode == n {
			return err
		}
		if err := os.Link(name, l.inode(n)); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return l.note(naming{Make: path, Inode: n})
	})
}

func (n *node) each(path string, visit func(path string, n *node)) {
	for name, below := range n.names {
		at := filepath.Join(path, name)
		visit(at, below)
		below.each(at, visit)
	}
}

// left collects what the tree's files have after the cut.
func (l *Layer) left(n *node, path string, dice *rand.Rand, files map[string][]byte, dirs *[]string) error {
	if n.names == nil {
		content, err := l.content(n.inode, dice)
		files[path] = content
		return err
	}
	*dirs = append(*dirs, path)
	var names []string
	for name := range n.names {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := l.left(n.names[name], filepath.Join(path, name), dice, files, dirs); err != nil {
			return err
		}
	}
	return nil
}

// content is what a file has after the cut: what is on the disk, and some of the
// pages that are not.
func (l *Layer) content(inode uint64, dice *rand.Rand) ([]byte, error) {
	now, err := os.ReadFile(l.inode(inode))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	safe, err := os.ReadFile(l.safe(inode))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if bytes.Equal(now, safe) {
		return safe, nil
	}
	size := []int{len(safe), len(now)}[dice.IntN(2)]
	left := slices.Grow(safe, max(len(now), size))[:max(len(safe), len(now))]
	clear(left[len(safe):])
	for _, page := range reached((len(now)+pageBytes-1)/pageBytes, dice) {
		from := page * pageBytes
		to := min(from+pageBytes, len(now))
		if dice.IntN(4) == 0 { // torn
			to = min(to, from+sectorBytes*dice.IntN(pageBytes/sectorBytes))
		}
		copy(left[from:to], now[from:to])
	}
	return left[:size], nil
}

// remake makes the data directory anew.
func (l *Layer) remake(files map[string][]byte, dirs []string) error {
	entries, err := os.ReadDir(l.data)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != lockName {
			err = errors.Join(err, os.RemoveAll(filepath.Join(l.data, e.Name())))
		}
	}
	if err := errors.Join(err, os.RemoveAll(l.disk)); err != nil {
		return err
	}
	again, err := New(l.data, l.disk)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		err = errors.Join(err, again.MkdirAll(dir))
	}
	for name, content := range files {
		err = errors.Join(err, again.restore(name, content))
	}
	for _, dir := range dirs {
		err = errors.Join(err, again.SyncDir(dir))
	}
	return errors.Join(err, again.names.Close())
}

func (l *Layer) restore(name string, content []byte) error {
	f, err := l.Open(name, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(content, 0)
	return errors.Join(err, f.Sync(), f.Close())
}
