// Package tracepoint reads the kernel's static tracepoints: every hit of the chosen
// ones, on all processors, with its time and its raw data, through a tracing
// instance of its own (docs/decisions/0004-tracing-instances.md). What did not fit
// into its rings is counted.
//
// Where the data of a tracepoint lies, tracefs tells
// (Documentation/trace/events.rst); a field that a kernel lacks is an error that
// names it.
package tracepoint
