//go:build !linux

package load

import "context"

// Settle needs Linux.
func Settle(context.Context) string { return "dirty pages are not known on this system" }
