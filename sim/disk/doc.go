// Package disk says how long a disk takes: a hard disk with a head that seeks
// and platters that turn, and flash behind SATA or NVMe with channels that work
// side by side. A disk here holds no bytes and knows no clock: it is told when a
// command comes and answers when its data moves. The same commands get the same
// answers, on every machine: all arithmetic is on integers.
//
// Not modelled: reordering of a hard disk's queue, bad sectors, garbage
// collection and full write caches of flash.
package disk

import "copyscope/internal/trace"

// Drive is a disk at a moment.
type Drive interface {
	// Start gives the disk a command at the time `at`, which is not before the
	// last command's: n bytes from a byte address on. The data moves between
	// begin and end. A command of no bytes is a flush (FLUSH CACHE of ATA, Flush
	// of NVMe): it ends when all before it have.
	Start(at trace.Ns, offset, n int64, write bool) (begin, end trace.Ns)
	// Clone is a copy that goes its own way.
	Clone() Drive
}

// span is how long n bytes take at a rate in bytes per second.
func span(n, rate int64) trace.Ns {
	return trace.Ns(n/rate*1e9 + n%rate*1e9/rate) // in two steps: terabytes must not overflow
}
