//go:build linux

package disk

import (
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
)

// node is a file or directory, with what of its names is on the disk.
type node struct {
	inode  uint64           // of a file
	names  map[string]*node // of a directory, now
	safely map[string]*node // and on the disk
	named  []change         // what is not, in order
}

// change is one of a directory's names, done whole or not at all.
type change struct {
	gone, made string
	node       *node
}

func (c change) apply(to map[string]*node) {
	if c.gone != "" {
		delete(to, c.gone)
	}
	if c.made != "" {
		to[c.made] = c.node
	}
}

func newDir() *node { return &node{names: map[string]*node{}, safely: map[string]*node{}} }

// treeOf is the tree after the changes.
func treeOf(all []naming) *node {
	root := newDir()
	for _, c := range all {
		switch {
		case c.Synced != "":
			if dir := root.find(c.Synced); dir != nil && dir.names != nil {
				dir.safely, dir.named = maps.Clone(dir.names), nil
			}
		case c.Make != "" && c.Gone != "":
			root.dirOf(c.Make).put(change{gone: filepath.Base(c.Gone), made: filepath.Base(c.Make), node: root.find(c.Gone)})
		case c.Make != "" && c.Inode == 0:
			root.makeDirs(c.Make)
		case c.Make != "":
			root.dirOf(c.Make).put(change{made: filepath.Base(c.Make), node: &node{inode: c.Inode}})
		case c.Gone != "":
			root.dirOf(c.Gone).put(change{gone: filepath.Base(c.Gone)})
		}
	}
	return root
}

func parts(path string) []string {
	if path == "." || path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// find is the node of a path, nil if there is none.
func (n *node) find(path string) *node {
	for _, part := range parts(path) {
		if n == nil || n.names == nil {
			return nil
		}
		n = n.names[part]
	}
	return n
}

// dirOf is the directory of a path, which is made if it is missing: a process that
// was killed may have missed to note it.
func (n *node) dirOf(path string) *node { return n.makeDirs(filepath.Dir(path)) }

func (n *node) makeDirs(path string) *node {
	for _, part := range parts(path) {
		if n.names[part] == nil {
			n.put(change{made: part, node: newDir()})
		}
		n = n.names[part]
	}
	return n
}

func (n *node) put(c change) {
	c.apply(n.names)
	n.named = append(n.named, c)
}

// restored is the tree that a cut leaves: of the changes of names that were not on
// the disk none, the first ones, or any reached it.
func (n *node) restored(dice *rand.Rand) *node {
	if n.names == nil {
		return n
	}
	names := maps.Clone(n.safely)
	for _, i := range reached(len(n.named), dice) {
		n.named[i].apply(names)
	}
	left := newDir()
	for _, name := range slices.Sorted(maps.Keys(names)) { // the dice fall in the same order each time
		left.names[name] = names[name].restored(dice)
	}
	return left
}

// reached draws which of so many changes reached the disk.
func reached(n int, dice *rand.Rand) (some []int) {
	switch dice.IntN(3) {
	case 1:
		for i := range dice.IntN(n + 1) {
			some = append(some, i)
		}
	case 2:
		for i := range n {
			if dice.IntN(2) == 0 {
				some = append(some, i)
			}
		}
	}
	return some
}
