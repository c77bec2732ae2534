// Package copyprofile makes the copy profile of processes: the bytes that they copy, their
// copies, their calls, and the bytes that they hand over by reference, by the call stacks of
// their own code, as a pprof file and as a tree for a flame graph.
//
// The calls and what they returned are measured, by the kernel's tracepoints. What they
// copied follows by rule (rule_linux.go): a read(2) that returned n bytes copied n bytes
// to user memory, a sendfile(2) to a socket lent them.
package copyprofile
