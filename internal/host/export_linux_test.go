package host

import "golang.org/x/sys/unix"

// OpenTracepoint opens a tracepoint as the doctor does, user mode only, which
// leaves the tracepoint's own data as the one thing that could be refused.
func OpenTracepoint(number uint64) error {
	attr := withData(number)
	attr.Bits |= unix.PerfBitExcludeKernel
	return openPerf(attr, 0, -1)
}

// Sync writes the source to its disk.
func (s *Source) Sync() error { return s.file.Sync() }
