//go:build linux

package main

import "copyscope/broker/vfs"

// bug is one that the broker gets on purpose, by what is around it: the checker must
// find it.
type bug struct {
	// rewrite changes the requests of clients, see [proxy.Proxy.Rewrite].
	rewrite func(frame []byte) []byte
	// files breaks the broker's files.
	files func(vfs.FS) vfs.FS
}

var bugs = map[string]bug{}
