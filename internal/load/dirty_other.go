//go:build !linux

package load

import "context"

func settle(context.Context) string { return "dirty pages are not known on this system" }
