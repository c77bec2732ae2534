// Package perfscript reads what perf script prints of tracepoints:
//
//	relay 26209 [000] 37935.613563:  syscalls:sys_enter_read: fd: 0x00000005, buf: 0x7f4f10267ec0, count: 0x00010000
//	relay 26209 [000] 37935.613586:  sched:sched_switch: prev_comm=relay prev_pid=26209 prev_prio=120 prev_state=S ==> …
//	relay 28089/28134 [000] 37982.394569:  raw_syscalls:sys_exit: NR 28 = 0
//
// Calls are put together from their two events (syscalls:* or raw_syscalls:*).
// The tracepoints do not say what a descriptor stands for: it is followed from the call
// that made it (openat: a file, socket and accept: a socket, dup: what it is a copy
// of), and unknown if that was before the trace, or told in memory as pipe2 does.
// Threads share the descriptors of their process, which -F …,pid,tid tells;
// without it a clone's flags do.
//
// What perf trace prints of calls is read too.
//
// The format is that of perf 6.1 (perf_sample__fprintf_start and process_event in
// tools/perf/builtin-script.c); call chains below an event are passed over.
package perfscript
