// Package copyprofile makes the copy profile of a process: the bytes that it copies, its
// copies, its calls, and the bytes that it hands over by reference, by the call stacks of
// its own code, as a pprof file and as a tree for a flame graph.
//
// The calls and what they returned are measured, by the kernel's tracepoints. What they
// copied follows by rule (rule_linux.go): a read(2) that returned n bytes copied n bytes
// to user memory, a sendfile(2) to a socket lent them.
package copyprofile
