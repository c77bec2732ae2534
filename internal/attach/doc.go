// Package attach watches a running process and says how its bytes travel: which file
// or socket fed which socket or file, by what technique, and how often the CPU copied
// each byte on the way.
//
// What moves bytes are a few syscalls. A tracing instance of the kernel
// (internal/tracepoint) tells each of them, with its arguments and what it returned;
// a [Ledger] keeps, for each process, what its descriptors stand for and which source
// lies at which address, and books every byte that leaves from a source to a sink. A
// [Report] is what came of it: a table of paths, each with its counts, and a sentence.
//
// Bytes and calls are measured: they are what calls returned. Copies are derived from
// them: a read(2) that returned n bytes copied n bytes. What the pairs of a read and
// a write have to do with each other is found by the address that both name, and
// where a call names none (writev(2), sendmsg(2)), by the order of the calls.
package attach
