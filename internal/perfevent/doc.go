// Package perfevent reads samples of the kernel's perf events: the clock of a thread's
// processor time, and static tracepoints with their raw data, with call chains of
// kernel and user code (perf_event_open(2)). What found no room is counted.
//
// It looks at chosen threads, and at those that they begin. For every hit on all
// processors internal/tracepoint is the better reader, as perf events miss what happens
// in the softirq of an idle processor (docs/decisions/0004-tracing-instances.md); call
// chains perf events alone have.
package perfevent
