// Package memdev knows the memory devices (null(4), zero(4), full(4)) whose reads or writes
// move no bytes between a process and the kernel, though their results count them.
package memdev
