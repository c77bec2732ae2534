// Package sim is the modelled computer: CPU, memory, page cache, disk and
// network card with DMA engines, and interrupts. It runs the transfer programs
// of internal/transfer on a modelled kernel and emits events in virtual
// nanoseconds.
//
// A run is deterministic: the same configuration gives the same events, byte
// for byte. Nothing here reads a clock, the environment or the operating
// system. The payload is never held in memory: what moves are extents, ranges
// that know their file offset and the version of the file that they were taken
// from, so that a run of any size is cheap and the wire can still check that
// every byte arrives once and in order.
//
// Two operating-system models share the machine. The textbook does what the
// introductory articles teach; linux does what a current kernel does. What each
// models, and what it leaves out, is told by [Fidelity].
package sim
