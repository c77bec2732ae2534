//go:build !linux

package host

import "copyscope/internal/transfer"

// tryPath says that real runs need Linux.
func tryPath(transfer.Program) (why string) { return ErrNeedsLinux.Error() }
