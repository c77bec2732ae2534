//go:build linux

package main

// bug is one that the broker gets on purpose, by what is around it: the checker must
// find it.
type bug struct {
	// rewrite changes the requests of clients, see [proxy.Proxy.Rewrite].
	rewrite func(frame []byte) []byte
}

var bugs = map[string]bug{}
